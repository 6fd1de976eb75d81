"""What the cluster is told of the configured cameras."""

from __future__ import annotations

from edge_video.config import Config
from edge_video.wiring.cluster import lease_terms


def test_a_camera_that_is_not_enabled_is_the_clusters_too_as_an_operator_may_start_it() -> None:
    config = Config.model_validate(
        {
            "cameras": [
                {"id": "cam1", "url": "rtsp://10.0.0.1/s"},
                {"id": "cam2", "url": "rtsp://10.0.0.2/s", "enabled": False},
            ],
            "amqp": {"url": "amqp://10.0.0.9"},
            "cluster": {},
        }
    )
    assert set(lease_terms(config)) == {"cam1", "cam2"}

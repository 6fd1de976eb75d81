"""What `top` says of one camera."""

from __future__ import annotations

from dataclasses import replace

from edge_video.capture.hardware import Decoding
from edge_video.status.model import CameraMode, CameraPhase
from edge_video.text.catalog import Language
from edge_video.top.camera_text import remarks_on, short_remarks_on
from tests.edge_video.report.examples import camera


def test_the_cpu_in_the_place_of_hardware_is_remarked_of_a_good_camera_and_of_a_slow_one() -> None:
    good = replace(camera(), decoding=Decoding("cuda", "software", "its trial goes on"))
    remark = "decoded by the CPU, for cuda fails: its trial goes on"
    assert remarks_on(good, Language.EN) == [remark]
    assert short_remarks_on(good, Language.PT_BR) == [
        "decodificação: CPU, pois cuda falha: o teste continua"
    ]
    slow = replace(good, received_fps=2.0)
    assert short_remarks_on(slow, Language.EN)[1:] == [remark]


def test_what_is_as_configured_is_no_remark() -> None:
    for decoding in (None, Decoding("cuda", "cuda"), Decoding("auto", "software")):
        assert remarks_on(replace(camera(), decoding=decoding), Language.EN) == []


def test_a_camera_of_still_pictures_is_told_from_one_that_streams() -> None:
    still = replace(camera(), mode=CameraMode.SNAPSHOT, interval_s=300.0, received_fps=None)
    assert remarks_on(still, Language.EN) == ["still pictures, one every 5m"]
    assert short_remarks_on(still, Language.PT_BR) == ["fotos, uma a cada 5m"]
    stopped = replace(still, phase=CameraPhase.STOPPED)
    assert remarks_on(stopped, Language.EN) == []

"""The configuration's models, and the files that load."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from loguru import logger
from pydantic import BaseModel, SecretStr, ValidationError

from edge_video.config import (
    AmqpConfig,
    AmqpSinkConfig,
    CameraConfig,
    CircuitBreakerConfig,
    Config,
    DirectorySinkConfig,
    LogConfig,
    MemoryControllerConfig,
    TlsConfig,
    load_config,
    parse_config,
)
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.frames.change_gate import ChangePolicy
from edge_video.log.settings import LogSettings
from edge_video.metrics.memory import MemoryPolicy
from edge_video.resilience.breaker import BreakerPolicy

ROOT = Path(__file__).parents[3]
CONFIGS = Path(__file__).parent / "configs"


def camera(**keys: Any) -> CameraConfig:
    return CameraConfig(**{"id": "cam1", "url": "lavfi:testsrc2"} | keys)


def config(*cameras: CameraConfig, **keys: Any) -> Config:
    return Config(cameras=cameras or (camera(),), **{"sink": "directory"} | keys)


# --- built in Python -------------------------------------------------------------------------


def test_a_camera_built_alone_is_concrete() -> None:
    alone = CameraConfig(id="cam1", url="lavfi:testsrc2")
    assert (alone.fps, alone.quality, alone.exchange, alone.routing_key) == (
        15,
        5,
        "edge-video",
        "cam1",
    )
    assert alone.enabled
    assert alone.transport == "tcp"
    assert (alone.stall_timeout, alone.first_frame_timeout) == (10.0, 20.0)


def test_cameras_take_from_above_what_they_do_not_say() -> None:
    amqp = AmqpConfig(url="amqp://h", exchange="shop", routing_key_prefix="shop.")
    plain, own = config(
        camera(id="a"),
        camera(id="b", fps=3, quality=9, exchange="mine", routing_key="my.key"),
        fps=10,
        quality=7,
        amqp=amqp,
    ).cameras
    assert (plain.fps, plain.quality, plain.exchange, plain.routing_key) == (
        10,
        7,
        "shop",
        "shop.a",
    )
    assert (own.fps, own.quality, own.exchange, own.routing_key) == (3, 9, "mine", "my.key")


def test_the_tables_of_images_are_those_above_or_the_cameras_own() -> None:
    plain, own = config(
        camera(id="a"), camera(id="b", huffman="standard"), huffman="optimal"
    ).cameras
    assert (plain.huffman, own.huffman) == ("optimal", "standard")
    assert camera().huffman == "standard"


def test_limits_of_ffmpegs_are_those_above_and_zero_lifts_them() -> None:
    plain, own, free = config(
        camera(id="a"),
        camera(id="b", ffmpeg_max_memory_mb=1024),
        camera(id="c", ffmpeg_max_memory_mb=0, ffmpeg_max_cpu_percent=0),
        ffmpeg_max_memory_mb=512,
        ffmpeg_max_cpu_percent=150,
    ).cameras
    assert (plain.ffmpeg_max_memory_mb, plain.ffmpeg_max_cpu_percent) == (512, 150)
    assert (own.ffmpeg_max_memory_mb, own.ffmpeg_max_cpu_percent) == (1024, 150)
    assert (free.ffmpeg_max_memory_mb, free.ffmpeg_max_cpu_percent) == (0, 0)
    alone = config(camera()).cameras[0]
    assert (alone.ffmpeg_max_memory_mb, alone.ffmpeg_max_cpu_percent) == (0, 0)


def test_hardware_above_is_for_the_cameras_that_are_decoded() -> None:
    plain, own, passed, drawn = config(
        camera(id="a", url="rtsp://h/s"),
        camera(id="b", url="rtsp://h/s", hwaccel="none"),
        camera(id="c", url="rtsp://h/s", mode="passthrough"),
        camera(id="d", url="lavfi:testsrc2"),
        hwaccel="cuda",
        hwaccel_device="1",
    ).cameras
    assert [each.hwaccel for each in (plain, own, passed, drawn)] == ["cuda", *3 * ["none"]]
    assert [each.hwaccel_device for each in (plain, passed)] == ["1", None]
    assert config(camera(url="rtsp://h/s")).cameras[0].hwaccel == "none"


def test_what_is_published_is_inherited_key_by_key() -> None:
    plain, own, off = config(
        camera(id="a"),
        camera(id="b", publish={"threshold": 8}),
        camera(id="c", publish={"when": "always"}),
        publish={"when": "changed", "at_least": "1m", "after": "0s"},
    ).cameras
    assert plain.publish.policy() == ChangePolicy(4.0, 60.0, 0.0)
    assert own.publish.policy() == ChangePolicy(8.0, 60.0, 0.0)
    assert off.publish.policy() is None
    assert config(camera()).cameras[0].publish.policy() is None


def test_changes_without_pillow_are_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_video.config.publish.can_decode", lambda: False)
    config(camera(publish={"when": "always"}))
    with pytest.raises(ValidationError, match=r"pip install 'edge-video\[pictures\]'"):
        config(camera(), publish={"when": "changed"})


def test_a_limit_with_which_no_ffmpeg_starts_is_noted() -> None:
    assert camera(ffmpeg_max_memory_mb=64).notes() == []
    assert camera(ffmpeg_max_memory_mb=63).notes() == [
        "the FFmpeg of camera cam1 may use 63 MB: that is too little for most cameras"
    ]


def test_an_empty_route_is_an_absent_one_as_in_go() -> None:
    one = config(camera(exchange="", routing_key=""), amqp={"routing_key_prefix": "p."}).cameras[0]
    assert (one.exchange, one.routing_key) == ("edge-video", "p.cam1")


def test_seconds_are_numbers_in_python_and_text_too() -> None:
    assert camera(stall_timeout=2).stall_timeout == 2.0
    assert camera(stall_timeout="1m30s").stall_timeout == 90.0


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config().fps = 3


def test_the_sink_has_a_short_form() -> None:
    assert config(sink="directory").sink == DirectorySinkConfig(path="frames", keep=100)
    assert config(sink="amqp", amqp=AmqpConfig(url="amqp://h")).sink == AmqpSinkConfig()
    assert config(sink={"type": "directory", "keep": 3}).sink == DirectorySinkConfig(keep=3)
    assert Config(cameras=[camera()], amqp=AmqpConfig(url="amqp://h")).sink == AmqpSinkConfig()


def test_a_program_that_takes_all_frames_itself_needs_no_broker_unless_for_events() -> None:
    assert not Config(cameras=[camera()]).has_sink
    assert not Config(cameras=[camera()], amqp=AmqpConfig()).has_sink
    assert Config(cameras=[camera()], amqp=AmqpConfig(url="amqp://h")).has_sink
    with pytest.raises(ValidationError, match=r"amqp.url"):
        Config(cameras=[camera()], events={"exchange": "events"})


def test_a_validation_error_never_shows_what_it_was_given() -> None:
    with pytest.raises(ValidationError) as error:
        Config(
            cameras=[
                {
                    "id": "a b",
                    "url": "rtsp://u:canary@h:99999",
                    "password": ["canary"],
                    "x": "canary",
                }
            ],
            amqp={"url": "amqp://u:canary@h/?canary=1"},
        )
    assert error.value.error_count() == 5
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("name", ["cam1", "1", "_x", "A.b-c_9", "x" * 64])
def test_a_camera_id_may_be_a_directory_and_a_routing_key(name: str) -> None:
    assert camera(id=name).id == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".x", "-x", "a b", "a/b", "é", "x" * 65, "a\n", "*"]
)
def test_other_camera_ids_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name of directories and of routing keys"):
        camera(id=name)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("rtsp://u:p@10.0.0.5:554/s", "10.0.0.5"),
        ("RTSPS://Cam.Example/s", "cam.example"),
        ("rtsp://recorder//Streaming/Channels/1", "recorder"),
        ("rtmp://h/live/x", "h"),
        ("rtmps://h/live/x", "h"),
        ("http://h:8080/video.mjpg?u=1", "h"),
        ("https://[::1]/x.m3u8", "::1"),
        ("file:///video/clip.mp4", None),
        ("file:clip.mp4", None),
        ("/video/a clip.mp4", None),
        ("clip.mp4", None),
        ("lavfi:testsrc2=size=640x360:rate=15", None),
        ("lavfi:color=c=red, drawtext=text='a://b'", None),
    ],
)
def test_sources_are_accepted_and_their_host_is_known(url: str, host: str | None) -> None:
    assert camera(url=url).host == host


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "udp://h:1", "concat:a|b", "pipe:0", "rtsp:h/x", "rtsp:///x", "lavfi:", "file:",
        "file:///", "10.0.0.5:554/s", "10.0.0.5", "cam.local:554", "u:p@10.0.0.5/s",
        "rtsp://h/a\nb", "rtsp://h/a\0b", "rtsp://h h/", "rtsp://h:0/", "a\ud800b",
    ],
)  # fmt: skip
def test_other_sources_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        camera(url=url)


def test_credentials_come_from_the_keys_before_the_url() -> None:
    def of(**keys: Any) -> tuple[str | None, str | None]:
        username, password = camera(**keys).credentials
        return username, None if password is None else password.get_secret_value()

    assert of(url="rtsp://h/") == (None, None)
    assert of(url="rtsp://u:p%40@h/") == ("u", "p@")
    assert of(url="rtsp://u:p@h/", password="raw%40") == ("u", "raw%40")
    assert of(url="rtsp://u:p@h/", username="me") == ("me", "p")
    assert of(url="rtsp://h/", username="me", password="") == ("me", "")
    assert of(url="lavfi:testsrc2") == (None, None)


@pytest.mark.parametrize("keys", [{"width": 15}, {"width": 14}, {"height": 8194}, {"height": 17}])
def test_sizes_are_even_and_sensible(keys: dict[str, int]) -> None:
    assert camera(width=16, height=8192).width == 16
    with pytest.raises(ValidationError):
        camera(**keys)


@pytest.mark.parametrize("key", ["a.*", "#", "a b", "a\n", "x" * 256, "é" * 128])
def test_a_routing_key_has_no_wildcards_and_fits_amqp(key: str) -> None:
    assert camera(routing_key="x" * 255).routing_key == "x" * 255
    with pytest.raises(ValidationError):
        camera(routing_key=key)
    with pytest.raises(ValidationError):
        AmqpConfig(routing_key_prefix=key)


def test_a_prefix_that_makes_a_routing_key_too_long_is_refused() -> None:
    with pytest.raises(ValidationError, match="it has 256 bytes"):
        config(amqp={"routing_key_prefix": "x" * 252})


# --- the broker ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://h", ("h", 5672, False, "/", "guest", "guest")),
        ("amqps://h", ("h", 5671, True, "/", "guest", "guest")),
        ("amqp://h/", ("h", 5672, False, "/", "guest", "guest")),
        ("amqp://u:p@h:1/v", ("h", 1, False, "v", "u", "p")),
        ("amqp://u:p%40@h/%2Fv%2f", ("h", 5672, False, "/v/", "u", "p@")),
        ("amqp://u:@h", ("h", 5672, False, "/", "u", "")),
    ],
)
def test_a_broker_url_is_parsed(url: str, shown: tuple[object, ...]) -> None:
    broker = AmqpConfig(url=url).settings()
    where = (broker.host, broker.port, broker.tls is not None, broker.vhost)
    assert (*where, broker.username, broker.password) == shown
    assert f":{broker.password}@" not in f"{broker} {broker.target}"


def test_raw_credentials_win_over_those_of_the_broker_url() -> None:
    broker = AmqpConfig(url="amqp://u:p@h", username="me", password="p%40/").settings()
    assert (broker.username, broker.password) == ("me", "p%40/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://h", "amqp://"),
        ("amqp://", "no host"),
        ("amqp://h/v?heartbeat=5", "amqp instead"),
        ("amqp://u@h", "without a password"),
        ("amqp://h/a/b", "%2F"),
        ("amqp://h:70000", "65535"),
        ("amqp://h x", "space"),
        ("", "empty"),
    ],
)
def test_a_bad_broker_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AmqpConfig(url=url)


def test_tls_needs_its_scheme_and_its_files(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.write_text("")
    good = AmqpConfig(url="amqps://h", tls={"ca": str(pem)})
    assert good.tls is not None
    assert good.tls.ca == pem
    assert good.tls.verify
    for keys, words in (
        ({"url": "amqp://h", "tls": {}}, "amqps://"),
        ({"url": "amqps://h", "tls": {"ca": str(tmp_path / "no.pem")}}, "there is no file"),
        ({"url": "amqps://h", "tls": {"key": str(pem)}}, "certificate"),
    ):
        with pytest.raises(ValidationError, match=words):
            AmqpConfig.model_validate(keys)


def test_the_settings_of_the_sink_carry_every_figure() -> None:
    amqp = AmqpConfig(
        url="amqps://me:secret@broker:5673/shop", prefetch_count=7, max_in_flight_bytes=1_000_000,
        message_ttl="2s", confirm_timeout="3s", max_delay="4s", handshake_timeout="5s",
        heartbeat="6s", mandatory=True, tls=TlsConfig(verify=False),
    )  # fmt: skip
    assert amqp.settings("shop-1") == AmqpSettings(
        host="broker", port=5673, vhost="shop", username="me", password="secret",
        tls=TlsSettings(verify=False), prefetch_count=7, max_in_flight_bytes=1_000_000,
        message_ttl_s=2.0, confirm_timeout_s=3.0, max_delay_s=4.0, handshake_timeout_s=5.0,
        heartbeat_s=6.0, mandatory=True, node="shop-1",
    )  # fmt: skip
    with pytest.raises(ValueError, match="url is not set"):
        AmqpConfig().settings()


def test_every_camera_has_its_route() -> None:
    amqp = AmqpConfig(url="amqp://h", exchange="shop", routing_key_prefix="p.")
    cameras = config(camera(id="a"), camera(id="b", exchange="x", routing_key="k"), amqp=amqp)
    assert [each.route for each in cameras.cameras] == [Route("shop", "p.a"), Route("x", "k")]


# --- policies --------------------------------------------------------------------------------


def test_the_breaker_policy_carries_every_figure() -> None:
    policy = CircuitBreakerConfig(
        enabled=False, max_failures=2, reset_timeout=3, half_open_successes=4, initial_backoff=6,
        max_backoff=7, backoff_multiplier=8, stable_after=9, productive_cap=False,
        long_session=10, jitter=0.5,
    ).policy()  # fmt: skip
    assert policy == BreakerPolicy(
        enabled=False, max_failures=2, reset_timeout_s=3, half_open_successes=4,
        initial_backoff_s=6, max_backoff_s=7, backoff_multiplier=8, stable_after_s=9,
        productive_cap=False, long_session_s=10, jitter=0.5,
    )  # fmt: skip
    assert CircuitBreakerConfig().policy() == BreakerPolicy()


def test_the_memory_policy_carries_every_figure() -> None:
    policy = MemoryControllerConfig(
        enabled=True, max_memory_mb=64, warning_percent=10, critical_percent=20,
        emergency_percent=30, check_interval=2, gc_trigger_percent=15,
    ).policy()  # fmt: skip
    assert policy == MemoryPolicy(
        enabled=True, max_memory_mb=64, warning_percent=10, critical_percent=20,
        emergency_percent=30, check_interval_s=2, gc_trigger_percent=15,
    )  # fmt: skip


def test_figures_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"1s is less than initial_backoff \(5s\)"):
        CircuitBreakerConfig(max_backoff=1)
    with pytest.raises(ValidationError, match="critical_percent: 60 is not more than warning"):
        MemoryControllerConfig(critical_percent=60)
    with pytest.raises(ValidationError, match="emergency_percent: 70 is not more than critical"):
        MemoryControllerConfig(emergency_percent=70)


def test_ids_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"Cam1 is already the id of cameras\[0\]"):
        config(camera(), camera(id="Cam1"))


@pytest.mark.parametrize(
    "rotation",
    ["10 MB", "1.5GB", "500 KiB", "1 day", "2 weeks", "00:00", "monday", "Friday at 06:30"],
)
def test_every_rotation_that_is_accepted_is_one_for_loguru(rotation: str, tmp_path: Path) -> None:
    handler = logger.add(tmp_path / "x.log", rotation=LogConfig(rotation=rotation).rotation)
    logger.remove(handler)


@pytest.mark.parametrize("rotation", ["", "10", "10 mb", "10 parsecs", "25:00", "someday", "0 MB"])
def test_other_rotations_are_refused(rotation: str) -> None:
    with pytest.raises(ValidationError, match="neither a size"):
        LogConfig(rotation=rotation)


def test_the_settings_of_the_log_carry_every_figure() -> None:
    log = LogConfig(level="warn", format="json", file="x.log", rotation="1 day", retention=3)
    assert log.settings() == LogSettings("WARNING", "json", Path("x.log"), "1 day", 3)
    assert LogConfig().settings() == LogSettings()


def test_names_are_taken_as_operators_write_them() -> None:
    assert LogConfig.model_validate({"level": "warn"}).level == "WARNING"
    assert config(language="pt_br").language == "pt-BR"


def test_cameras_that_share_a_route_are_warned_of() -> None:
    amqp = AmqpConfig(url="amqp://h")
    shared = [camera(id=name, routing_key="k") for name in "ab"]
    (warning,) = config(*shared, sink="amqp", amqp=amqp).warnings
    assert "cameras a and b share the routing key k" in warning
    assert config(*shared).warnings == ()
    assert config(camera(enabled=False)).warnings == (
        "every camera is disabled: nothing will be captured",
    )


# --- secrets ---------------------------------------------------------------------------------

SECRETIVE = Config(
    cameras=[
        {"id": "a", "url": "rtsp://u:canary%40one@h/s", "input_args": ["-x", "canary@one"]},
        {"id": "b", "url": "rtsp://h/s", "username": "u", "password": "canary two"},
        {
            "id": "c",
            "url": "http://h/s?user=u&pwd=canary-three",
            "input_args": [
                *("-headers", "X-Shop: canary-six\r\nX-Till: canary-eight\r\n"),
                *("-cookies", "sid=canary-seven; path=/", "-user_agent", "edge"),
            ],
        },
    ],
    amqp={"url": "amqp://u:canary-four@h", "password": "canary-five"},
)


def test_no_representation_shows_a_secret() -> None:
    for text in (
        repr(SECRETIVE),
        str(SECRETIVE),
        repr(SECRETIVE.amqp and SECRETIVE.amqp.settings()),
    ):
        assert "canary" not in text


def test_the_effective_configuration_is_masked_and_complete() -> None:
    masked = SECRETIVE.masked()
    text = yaml.safe_dump(masked)
    assert "canary" not in text
    assert masked["cameras"][0]["url"] == "rtsp://u:***@h/s"
    assert masked["cameras"][2]["url"] == "http://h/s?user=u&pwd=***"
    assert masked["cameras"][2]["input_args"] == [
        *("-headers", "X-Shop: ***  X-Till: ***  ", "-cookies", "***", "-user_agent", "edge")
    ]
    assert masked["cameras"][1]["password"] == "***"
    assert masked["amqp"]["url"] == "amqp://u:***@h"
    assert masked["circuit_breaker"]["max_backoff"] == "5m"
    assert masked["start_spacing"] == "100ms"
    assert masked["amqp"]["message_ttl"] is None
    assert set(masked) == set(Config.model_fields)


def test_a_masked_configuration_shows_durations_that_load_again() -> None:
    masked = config(amqp={"message_ttl": 1.5}).masked()
    assert masked["amqp"]["message_ttl"] == "1.5s"
    assert parse_config(yaml.safe_dump(masked), "x", {}).masked() == masked


def test_the_redactor_knows_every_password_in_use() -> None:
    redact = SECRETIVE.secrets()
    for secret in ("canary@one", "canary%40one", "canary two", "canary-three", "canary-five"):
        assert redact(f"x {secret} y") == "x *** y"


def test_the_preset_account_of_the_broker_is_no_secret() -> None:
    redact = config(amqp={"url": "amqp://guest:guest@h"}).secrets()
    assert redact("guest logged in") == "guest logged in"
    assert redact("amqp://guest:guest@h") == "amqp://guest:***@h"


# --- files -----------------------------------------------------------------------------------


def test_the_file_of_the_go_program_loads_unchanged() -> None:
    loaded = load_config(CONFIGS / "go.yaml", {})
    assert (loaded.fps, loaded.quality) == (15, 5)
    assert loaded.amqp is not None
    assert loaded.amqp.prefetch_count == 50
    assert loaded.amqp.settings().vhost == "vhost"
    assert loaded.circuit_breaker.policy() == BreakerPolicy()
    assert loaded.memory_controller.enabled
    assert loaded.memory_controller.max_memory_mb == 1024
    assert [(one.exchange, one.routing_key) for one in loaded.cameras] == [
        ("shop.exchange", "shop.cam1"),
        ("shop.exchange", "shop.cam2"),
    ]
    assert loaded.cameras[0].masked_url == "rtsp://user:***@10.0.0.5:554/stream"


def test_the_demo_loads_and_shows_an_open_breaker_soon() -> None:
    demo = load_config(ROOT / "config" / "demo.yaml", {})
    assert isinstance(demo.sink, DirectorySinkConfig)
    assert (demo.sink.path, demo.sink.keep) == ("demo-frames", 30)
    assert [one.id for one in demo.cameras] == ["pattern", "bars", "life", "broken"]
    assert demo.cameras[3].host == "127.0.0.1"
    breaker = demo.circuit_breaker
    assert breaker.initial_backoff + breaker.reset_timeout < 10
    assert demo.warnings == ()  # every user may read it, and it has no secret


def test_the_demo_in_config_is_the_packaged_one() -> None:
    link = ROOT / "config" / "demo.yaml"
    assert link.is_symlink()
    assert str(link.readlink()) == "../edge_video/cli/demo.yaml"


def example(tmp_path: Path) -> Config:
    (tmp_path / "entrance").write_text("from a file\n")
    environ = {"AMQP_PASSWORD": "a", "CAM1_PASSWORD": "p@ss: #1", "SECRETS_DIR": str(tmp_path)}
    return load_config(ROOT / "config" / "config.example.yaml", environ)


def test_the_example_loads_with_its_secrets_from_outside(tmp_path: Path) -> None:
    loaded = example(tmp_path)
    passwords = [one.credentials[1] for one in loaded.cameras]
    assert passwords == [SecretStr("p@ss: #1"), SecretStr("from a file"), None]


def keys_of(model: type[BaseModel]) -> set[str]:
    keys = set(model.model_fields)
    for field in model.model_fields.values():
        for each in models_in(field.annotation):
            keys |= keys_of(each)
    return keys


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) is None:
        is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return [annotation] if is_model else []
    return [each for member in get_args(annotation) for each in models_in(member)]


def test_the_example_mentions_every_key() -> None:
    text = (ROOT / "config" / "config.example.yaml").read_text()
    keys = keys_of(Config)
    assert {"keep", "verify", "fps", "gc_trigger_percent", "rotation", "period"} <= keys
    assert [key for key in sorted(keys) if f"{key}:" not in text] == []


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    loaded = example(tmp_path)
    given = {"amqp", "cameras", "node", "log"}
    assert loaded.model_dump(exclude=given) == config(
        sink="amqp", amqp={"url": "amqp://h"}
    ).model_dump(exclude=given)
    assert loaded.log == LogConfig(file="edge-video.log")
    defaults = AmqpConfig().model_dump(exclude={"url", "username", "password", "message_ttl"})
    assert loaded.amqp is not None
    assert loaded.amqp.model_dump(include=set(defaults)) == defaults

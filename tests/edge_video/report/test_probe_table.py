"""The table of `probe`: columns that line up, reasons and advice in words."""

from __future__ import annotations

from dataclasses import replace

from edge_video.capture.probe import KeyFrames, ProbeResult
from edge_video.delivery.amqp.inquiry import BrokerResult, BrokerStep, Inquiry, Verdict
from edge_video.delivery.amqp.remedies import Remedy
from edge_video.frames import CameraId
from edge_video.report.probe_json import probe_as_json
from edge_video.report.probe_table import ProbeTable, broker_advice
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import TEXTS, Language

GOOD = ProbeResult(CameraId("gate"), True, "h264", 1920, 1080, 25.0, 1.23, KeyFrames(2.04))
SPARSE = ProbeResult(CameraId("a-very-long-name"), True, "mjpeg", 640, 480, None, 0.0124)
WRONG = ProbeResult(
    CameraId("hall"), False, failure=Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
)
READY = BrokerResult(
    "amqp://broker:5672",
    (
        BrokerStep(Inquiry.TCP, Verdict.OK, "broker", "10.0.0.2:5672", 0.002),
        BrokerStep(Inquiry.EXCHANGE, Verdict.OK, "shop", "", 0.001),
        BrokerStep(Inquiry.WRITE, Verdict.OK, "shop", "shop.door", 0.001),
        BrokerStep(Inquiry.EXCHANGE, Verdict.MISSING, "shop.events", "NOT_FOUND"),
    ),
)
REFUSED = BrokerResult(
    "amqp://broker:5672",
    (BrokerStep(Inquiry.LOGIN, Verdict.FAILED, "broker", "ACCESS_REFUSED: wrong password"),),
)


def rows(*results: ProbeResult, language: Language = Language.EN) -> list[str]:
    table = ProbeTable([each.camera_id for each in results], language)
    shown = [table.header(), *map(table.row, results), table.summary(results, [])]
    return "\n".join(shown).split("\n")


def test_columns_line_up_and_the_last_line_counts() -> None:
    assert rows(GOOD, SPARSE) == [
        "CAMERA            RESULT    CODEC     SIZE       FPS    FIRST FRAME  KEY FRAMES",
        "gate              ✓ ok      h264      1920x1080  25     1.2s         every 2s",
        "a-very-long-name  ✓ ok      mjpeg     640x480    n/a    12ms         n/a",
        "2 of 2 cameras reached",
    ]


def test_a_camera_that_failed_has_its_reason_in_place_of_what_it_sends() -> None:
    lines = rows(GOOD, WRONG)
    assert lines[2] == "hall    ✗ failed  wrong password (401 Unauthorized)"
    assert lines[3].startswith("  → Check user and password in the configuration")
    assert lines[-1] == "1 of 2 cameras reached"


def test_key_frames_that_are_far_apart_are_told_with_what_it_means() -> None:
    lines = rows(replace(GOOD, key_frames=KeyFrames(15.0, at_least=True)), GOOD)
    assert lines[1].endswith("more than 15s apart")
    assert "keyframes_only" in lines[2]
    assert len(lines) == 5


def test_a_camera_of_key_frames_only_has_their_true_interval() -> None:
    assert rows(replace(GOOD, key_frames=KeyFrames(0.0334)))[1].endswith("every 33ms")


def test_a_camera_that_is_slower_than_configured_is_told() -> None:
    assert rows(replace(GOOD, fps=10.0, wanted_fps=15))[2] == (
        "  → It sends 10 frames per second, and fps is 15: 10 are taken."
    )
    assert len(rows(replace(GOOD, fps=14.99, wanted_fps=15))) == 3
    assert len(rows(replace(GOOD, fps=25.0, wanted_fps=15))) == 3


def test_the_table_speaks_the_operator_s_language() -> None:
    lines = rows(WRONG, language=Language.PT_BR)
    assert lines[0].split()[:2] == ["CÂMERA", "RESULTADO"]
    assert lines[1].startswith("hall    ✗ falhou")
    assert lines[-1] == "0 de 1 câmera alcançada"


def test_a_hostile_reason_stays_on_its_line() -> None:
    hostile = ProbeResult(CameraId("x"), False, failure=Failure(Cause.UNKNOWN, "a\nb\x1b[31m"))
    lines = rows(hostile)
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)


def test_the_broker_s_steps_are_a_line_each() -> None:
    table = ProbeTable([], Language.EN)
    assert table.broker(READY).split("\n") == [
        "BROKER amqp://broker:5672",
        "  ✓ TCP       10.0.0.2:5672 (2ms)",
        "  ✓ exchange  shop (1ms)",
        "  ✓ write     shop, shop.door (1ms)",
        (
            "  ! exchange  shop.events does not exist; it is declared at the start, if this user"
            " may do so"
        ),
    ]
    assert table.summary([GOOD], [READY]) == "1 of 1 camera reached; the broker is ready"
    assert table.summary([], [READY, REFUSED]).endswith("; ONLY 1 OF 2 BROKERS READY")


def test_a_step_that_failed_has_its_reason_and_advice() -> None:
    table = ProbeTable([], Language.EN)
    lines = table.broker(REFUSED).split("\n")
    assert lines[1] == "  ✗ login  ACCESS_REFUSED: wrong password"
    assert lines[2].startswith("  → Check amqp.username and amqp.password")
    assert table.summary([], [REFUSED]) == "0 of 0 cameras reached; THE BROKER IS NOT READY"


def test_every_step_has_a_name_and_advice() -> None:
    for inquiry in Inquiry:
        assert {f"probe.broker.{inquiry}", f"advice.broker.{inquiry}"} <= TEXTS.keys()
    assert {f"advice.broker.{remedy}" for remedy in Remedy} <= TEXTS.keys()


def test_a_login_that_failed_for_another_reason_has_another_advice() -> None:
    step = BrokerStep(Inquiry.LOGIN, Verdict.FAILED, "broker", "…", remedy=Remedy.LIMIT)
    assert "password" not in "".join(broker_advice(step, Language.EN))


def test_json_has_what_the_table_has() -> None:
    shown = probe_as_json([GOOD, WRONG], [REFUSED, READY], Language.EN)
    assert shown["ok"] is False
    good, wrong = shown["cameras"]
    assert (good["codec"], good["fps"], good["key_frame_interval_s"]) == ("h264", 25.0, 2.04)
    assert (wrong["cause"], wrong["reason"]) == (
        "wrong_password",
        "wrong password (401 Unauthorized)",
    )
    assert wrong["advice"][0].startswith("Check user and password")
    (step,) = shown["broker"]["steps"]
    assert (step["step"], step["result"]) == ("login", "failed")
    assert probe_as_json([GOOD], [], Language.EN)["ok"] is True
    assert [each["ok"] for each in shown["brokers"]] == [False, True]

"""`init` and `schema`: what they write, ask and refuse."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge_video.cli import init_config
from edge_video.cli.main import main
from edge_video.cli.questions import Questions
from edge_video.config import Config, DirectorySinkConfig, load_with_env_file, parse_config
from edge_video.config.env_file import parse_env
from edge_video.config.skeleton import Answers, Source, write_skeleton
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CAMERAS: Final = (
    *("--camera", "door=rtsp://viewer:door-pass@10.0.0.5:554/stream"),
    *("--camera", "yard-2=http://10.0.0.6/mjpg?token=yard-token"),
    *("--camera", "7=lavfi:testsrc2"),
)
BROKER: Final = ("--broker", "amqps://shop:broker-pass@broker.local/shop")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("EDGE_VIDEO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def loaded(folder: Path) -> Config:
    return load_with_env_file(folder / "config.yaml", {})


def refused(*arguments: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["init", *arguments])
    assert exit_.value.code == 2


def test_without_answers_it_writes_what_runs_with_a_test_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    config = loaded(tmp_path)
    assert [camera.id for camera in config.cameras] == ["test-picture"]
    assert config.amqp is not None
    assert config.amqp.masked_url == "amqp://127.0.0.1:5672/"
    assert config.http is None
    assert config.warnings == ()
    printed = capsys.readouterr().out
    assert "edge-video check " in printed
    assert "edge-video probe " in printed


def test_options_become_a_configuration_and_secrets_variables(tmp_path: Path) -> None:
    assert main(["init", *CAMERAS, *BROKER, "--http", "0.0.0.0:80", "--language", "pt-BR"]) == 0
    config = loaded(tmp_path)
    door, yard, seven = config.cameras
    assert (door.credentials[0], secret(door.credentials[1])) == ("viewer", "door-pass")
    assert secret(yard.url) == "http://10.0.0.6/mjpg?token=yard-token"
    assert secret(seven.url) == "lavfi:testsrc2"
    assert config.amqp is not None
    settings = config.amqp.settings()
    assert (settings.host, settings.vhost, settings.username) == ("broker.local", "shop", "shop")
    assert config.http is not None
    assert len(secret(config.http.token)) >= 16
    assert config.language == "pt-BR"
    text = (tmp_path / "config.yaml").read_text()
    assert [
        each for each in ("-pass", "yard-token", secret(config.http.token)) if each in text
    ] == []
    assert "nenhum" not in text
    assert "câmeras" in text


def secret(value: Any) -> str:
    return str(value.get_secret_value())


def test_only_this_user_may_read_the_secrets(tmp_path: Path) -> None:
    main(["init", *CAMERAS])
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "config.yaml").stat().st_mode & 0o007 == 0


def test_without_a_broker_frames_become_files(tmp_path: Path) -> None:
    assert main(["init", "--broker", "none"]) == 0
    assert isinstance(loaded(tmp_path).sink, DirectorySinkConfig)


def test_what_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("KEPT=1\n")
    refused()
    assert ".env exists already; --force" in capsys.readouterr().err
    assert not (tmp_path / "config.yaml").exists()
    assert main(["init", "--force"]) == 0
    assert (tmp_path / ".env.bak").read_text() == "KEPT=1\n"
    assert loaded(tmp_path).cameras


def test_what_was_kept_before_is_kept_when_it_is_written_a_third_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("FIRST=1\n")
    assert main(["init", "--force"]) == 0
    (tmp_path / ".env").write_text("SECOND=1\n")
    assert main(["init", "--force"]) == 0
    assert (tmp_path / ".env.bak").read_text() == "FIRST=1\n"
    assert (tmp_path / ".env.bak.2").read_text() == "SECOND=1\n"
    capsys.readouterr()
    refused()
    assert ".env.bak.3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--camera", "door=rstp://u:hunter2@h/s"], "cameras[0].url"),
        (["--camera", "rtsp://u:hunter2@h/s"], "it must be ID=URL"),
        (["--camera", "d o=rtsp://u:hunter2@h/s"], "cameras[0].id"),
        (["--camera", "a=rtsp://u:hunter2@h/s", "--camera", "a=rtsp://h/s"], "already the id"),
        (["--camera", "door=rtsp://u@h/s"], "set password"),
        (["--broker", "http://u:hunter2@h/"], "amqp.url"),
        (["--http", "somewhere"], "http.listen"),
        (["--config", "nowhere/config.yaml"], "no folder nowhere"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(*arguments)
    printed = capsys.readouterr().err
    assert message in printed
    assert "hunter2" not in printed
    assert list(tmp_path.iterdir()) == []


def test_names_of_variables_are_unlike_whatever_the_cameras_are_called() -> None:
    sources = [(name, Source("rtsp://h/s", "u", f"pw-{name}")) for name in ("a.b", "a-b", "1")]
    files = write_skeleton(Answers(Language.EN, cameras=tuple(sources)), "config.yaml")
    variables, _ = parse_env(files.env, ".env")
    assert variables == {
        "A_B_PASSWORD": "pw-a.b",
        "A_B_PASSWORD_2": "pw-a-b",
        "CAMERA_1_PASSWORD": "pw-1",
    }


VISIBLE: Final = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.text(VISIBLE, min_size=1, max_size=20), st.text(VISIBLE, min_size=1, max_size=20))
def test_any_user_and_password_arrive(username: str, password: str) -> None:
    source = Source("rtsp://10.0.0.5/s", username, password)
    files = write_skeleton(Answers(Language.PT_BR, cameras=(("door", source),)), "config.yaml")
    variables, _ = parse_env(files.env, ".env")
    (camera,) = parse_config(files.config, "config.yaml", variables).cameras
    found, found_password = camera.credentials
    assert (found, secret(found_password)) == (username, password)


@pytest.mark.parametrize("language", list(Language))
def test_the_lines_that_begin_with_a_comment_sign_become_valid_without_it(
    language: Language,
) -> None:
    text = write_skeleton(Answers(language, token="12345678"), "config.yaml").config
    keys = r"^( *)# (?=http:|  listen:|  token:|- id:|  url:|  username:|  password:)"
    uncommented = re.sub(keys, r"\1", text, flags=re.MULTILINE)
    environ = {"HTTP_TOKEN": "12345678", "ONE_MORE_PASSWORD": "x"}
    config = parse_config(uncommented, "config.yaml", environ)
    assert config.http is not None
    assert [camera.id for camera in config.cameras] == ["test-picture", "one-more"]


# --- on a terminal ---


def asked(answers: Answers, *typed: str) -> tuple[Answers, list[str]]:
    """All questions, with these lines typed; what was printed about them."""
    lines = iter(typed)
    printed: list[str] = []
    questions = Questions(
        init_config._problem_of,  # the judge of the command itself
        ask=lambda _: next(lines),
        ask_secretly=lambda _: next(lines),
        say=printed.append,
    )
    answers = questions.passwords(questions.language(answers))
    answers = questions.page(questions.cameras(questions.broker(answers)))
    assert list(lines) == []
    return answers, printed


def test_empty_answers_take_what_is_proposed() -> None:
    answers, printed = asked(Answers(Language.EN, token="12345678"), "", "", "", "", "")
    assert printed == []
    assert answers.broker == Source("amqp://127.0.0.1:5672/", None, None)
    assert answers.cameras == ()
    assert answers.listen == "127.0.0.1:8080"


def test_a_wrong_answer_is_asked_for_again() -> None:
    answers, printed = asked(
        Answers(Language.EN, token="12345678"),
        "pt",
        *("broker.local", "amqp://broker.local/", "shop", "broker-pass"),
        *("rtps://10.0.0.5/s", "door"),
        *("rtsp://10.0.0.5/s", "door", "viewer", "door-pass"),
        *("lavfi:testsrc2", ""),
        "",
        *("everywhere", "none"),
    )
    assert [text.partition(":")[0] for text in printed] == ["Assim não dá"] * 3
    assert answers.language is Language.PT_BR
    assert answers.broker == Source("amqp://broker.local/", "shop", "broker-pass")
    assert dict(answers.cameras) == {
        "door": Source("rtsp://10.0.0.5/s", "viewer", "door-pass"),
        "cam2": Source("lavfi:testsrc2"),
    }
    assert answers.listen is None


def test_a_user_named_by_an_option_is_asked_for_the_password() -> None:
    given_source = (("door", Source("rtsp://viewer@10.0.0.5/s")),)
    answers, _ = asked(Answers(Language.EN, cameras=given_source), "en", "pw", "none", "", "none")
    assert answers.cameras[0][1].in_parts() == ("rtsp://10.0.0.5/s", "viewer", "pw")


# --- what may stand in one ---


def test_the_schema_is_printed_and_accepts_what_init_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", *CAMERAS, *BROKER, "--http"])
    capsys.readouterr()
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    document = yaml.safe_load((tmp_path / "config.yaml").read_text())
    errors: Iterable[Any] = Draft202012Validator(schema).iter_errors(document)
    assert [str(error.message) for error in errors] == []


def test_the_example_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--example"]) == 0
    assert "productive_cap" in capsys.readouterr().out

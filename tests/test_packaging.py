"""What is installed: the wheel's contents, and how a program of somebody else gets on with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.runtime.version import version
from tests.support.docs_machine import Outcome, docs_machine, problem, why_no_machine
from tests.support.shell_blocks import DOCUMENTS, commands_to_run

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ("pyproject.toml", "README.pypi.md", "LICENSE", "actors", "config", "edge_video")

USER_PROGRAM: Final = """
import pykka

from edge_video import CameraConfig, Config, Frame, FramesReady, SystemStatus, start_system


class Viewer(pykka.ThreadingActor):
    def on_receive(self, message: object) -> None:
        match message:
            case FramesReady(outbox=outbox):
                for frame in outbox.deliver():
                    self.look_at(frame)

    def look_at(self, frame: Frame) -> None:
        size: int = len(frame.image)
        print(frame.camera_id, size)


viewer = Viewer.start()
config = Config(cameras=[CameraConfig(id="door", url="lavfi:testsrc2")])
system = start_system(config, frames={"door": viewer})
status: SystemStatus = system.status()
print(status.uptime_s + 1.0)
"""

MISTAKES: Final = """
import edge_video
from edge_video import start_system

edge_video.start_sytem
system = start_system("config.yaml")
size: str = system.status().uptime_s
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the source tree."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, source / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(path, source / name)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", str(out), cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel; dependencies are those of this one."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    (packages,) = venv.glob("lib/python*/site-packages")
    # Its .pth files are not followed there, so the editable edge-video is not seen.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel))
    return python


def run(*command: str, cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_has_one_package_at_the_top_and_all_of_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith((".dist-info", ".data"))} == {"edge_video"}
    for folder, prefix in (("edge_video", ""), ("actors", "edge_video/")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert prefix + str(path.relative_to(ROOT)) in names
    assert {
        "edge_video/cli/config.example.yaml",
        "edge_video/cli/edge-video.service",
        "edge_video/config/schema.json",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_host_may_have_a_package_called_actors(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "__init__.py").write_text("OWNER = 'the host'\n")
    (tmp_path / "host.py").write_text(
        "import actors, edge_video.app, edge_video.actors.camera\n"
        "camera = edge_video.actors.camera.CameraActor\n"
        "print(actors.OWNER, camera.__module__, edge_video.__file__)\n"
    )
    printed = run(str(installed), "host.py", cwd=tmp_path)
    assert printed.startswith("the host edge_video.actors.camera ")
    assert str(ROOT) not in printed, "it is the wheel that was tried"


def test_the_command_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    printed = run(str(installed.parent / "edge-video"), "--version", cwd=tmp_path)
    assert printed == f"edge-video {version()}\n"


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of the libraries; what is at another place it reads anew."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_a_program_of_a_user_is_type_checked_against_what_is_installed(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, mypy_cache: Path
) -> None:
    python = request.getfixturevalue("installed") if kind == "wheel" else Path(sys.executable)
    (tmp_path / "program.py").write_text(USER_PROGRAM)
    (tmp_path / "mistakes.py").write_text(MISTAKES)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python))
    done = subprocess.run(
        [*mypy, "--cache-dir", str(mypy_cache), "program.py", "mistakes.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [error.split(":")[:2] for error in errors] == [
        ["mistakes.py", "5"],
        ["mistakes.py", "6"],
        ["mistakes.py", "7"],
    ], done.stdout + done.stderr


def test_the_lowest_versions_that_are_tried_are_those_that_are_allowed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(
        line.split("==")
        for line in (ROOT / "requirements/lowest.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    for requirement in project["dependencies"]:
        name, lowest = requirement.split(",")[0].split(">=")
        assert parts(pinned[name.lower()]) == parts(lowest), name


def parts(version: str) -> list[str]:
    return [*version.split("."), "0", "0"][:3]


def test_without_a_configuration_the_command_names_one_that_writes_it(
    installed: Path, tmp_path: Path
) -> None:
    command = str(installed.parent / "edge-video")
    done = subprocess.run(
        [command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "edge-video init" in done.stderr
    assert '"$id"' in run(command, "schema", cwd=tmp_path)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")
def test_a_source_distribution_has_everything_of_the_repository() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    included = {name for line in manifest if line[:1] != "#" for name in line.split()[1:]}
    tracked = {path.split("/")[0] for path in run("git", "ls-files", cwd=ROOT).splitlines()}
    assert tracked - {"pyproject.toml", "MANIFEST.in"} <= included


# --- what the documents show of a terminal ---


TRANSCRIPT: Final = re.compile(
    r"^<!-- transcript -->\n```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
MARK: Final = "--- the next command ---"


def transcripts() -> list[tuple[str, str]]:
    return [
        (document.name, found["text"])
        for document in DOCUMENTS
        for found in TRANSCRIPT.finditer(document.read_text(encoding="utf-8"))
    ]


def steps(text: str) -> list[tuple[str, str]]:
    """Each command of a transcript, and what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def pattern_of(printed: str) -> str:
    """A line that is `…` stands for any lines, `…` within a line for any text."""
    lines = [
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in printed.splitlines()
    ]
    return "".join(lines)


@pytest.mark.ffmpeg
@pytest.mark.parametrize(("document", "text"), transcripts())
def test_a_transcript_is_what_a_user_sees_who_has_only_the_wheel(
    document: str, text: str, installed: Path, tmp_path: Path
) -> None:
    expected = steps(text)
    path = f"{installed.parent}:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    script = "".join(f"echo '{MARK}'\n{command}\n" for command, _ in expected)
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    outputs = done.stdout.split(f"{MARK}\n")[1:]
    for (command, printed), output in zip(expected, outputs, strict=True):
        assert re.fullmatch(pattern_of(printed), output), f"{document}: $ {command}\n{output}"


def test_there_are_transcripts_and_every_console_block_is_one() -> None:
    assert {document for document, _ in transcripts()} >= {"README.md", "install.md"}
    for document in DOCUMENTS:
        written = document.read_text(encoding="utf-8")
        assert written.count("```console") == written.count("<!-- transcript -->"), document.name


# --- the commands that the documents show ---


@pytest.fixture(scope="module")
def outcomes(
    installed: Path, rabbit: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """What became of every command, on a machine with the wheel, a broker and a running system."""
    rabbit.ensure_running()
    with docs_machine(tmp_path_factory.mktemp("machine"), installed.parent, rabbit) as machine:
        return machine.run_all(commands_to_run())


WITH_COMMANDS: Final = [each for each in DOCUMENTS if commands_to_run((each,))]


@pytest.mark.ffmpeg
@pytest.mark.rabbitmq
@pytest.mark.skipif(bool(why_no_machine()), reason=f"NOT TESTED: needs {why_no_machine()}")
@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: path.name)
def test_a_command_of_a_document_does_as_printed_what_it_says(
    document: Path, outcomes: dict[str, Outcome]
) -> None:
    wrong = [problem(each, outcomes[each]) for each in commands_to_run((document,))]
    assert "\n\n".join(filter(None, wrong)) == ""

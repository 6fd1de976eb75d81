"""Help, completion and `explain`: what the command line says of itself."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from edge_video.cli.main import main, make_parser
from edge_video.text.catalog import Language
from edge_video.text.command_help import CommandParser
from edge_video.text.help_examples import EXAMPLES
from edge_video.text.help_texts import HELP_TEXTS, help_text

ROOT: Final = Path(__file__).parents[3]
COMMANDS = [
    *("run", "demo", "init", "schema", "check", "probe", "reload", "watch", "top", "service"),
    *("doctor", "bundle", "health", "profile", "cluster", "ctl", "fleet"),
    "discover",
    *("explain", "completion", "help"),
]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")


def help_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    assert exit_.value.code == 0
    return capsys.readouterr().out


def test_the_help_has_commands_options_of_run_examples_and_exit_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = help_of("--help", capsys=capsys)
    for word in (*COMMANDS, "--config", "--seconds", "examples:", "exit codes:", "EDGE_VIDEO_LANG"):
        assert word in shown
    for code in ("0", "1", "2", "70", "74", "128"):
        assert re.search(rf"^  {code} +\S", shown, re.MULTILINE)
    assert shown == help_of("help", capsys=capsys)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_that_can_be_parsed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = help_of(command, "--help", capsys=capsys)
    assert shown == help_of("help", command, capsys=capsys)
    assert "examples:" in shown
    for line, _ in EXAMPLES[command]:
        assert line in shown
        words = re.split(r" [|>] ", line)[0].split()[1:]
        is_plain = not words or words[0].startswith("-")
        make_parser().parse_args(["run", *words] if is_plain else words)


def test_help_for_no_command_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["help", "prob"])
    assert exit_.value.code == 2
    assert "did you mean probe?" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_has_a_short_option(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.fullmatch(r"edge-video \d+\.\d+\.\d+\S*\n", help_of(option, capsys=capsys))


def test_help_and_complaints_are_portuguese_where_the_locale_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    shown = help_of("probe", "--help", capsys=capsys)
    assert shown.startswith("uso: edge-video probe")
    for word in ("argumentos:", "opções:", "exemplos:", "mostra esta ajuda"):
        assert word in shown
    for arguments, complaint in {
        "check --nope": "argumentos desconhecidos: --nope",
        "check --config": "--config precisa de um valor",
        "completion": "falta: shell",
        "wach": "você quis dizer watch?",
        "probe --timeout 0": "--timeout: 0 não é mais que 0s",
    }.items():
        with pytest.raises(SystemExit) as exit_:
            main(arguments.split())
        assert exit_.value.code == 2
        assert complaint in capsys.readouterr().err


def test_a_help_text_is_one_that_argparse_can_print_in_both_languages() -> None:
    for key in HELP_TEXTS:
        for language in Language:
            parser = CommandParser(prog="x")
            parser.add_argument("--option", help=help_text(key, language))
            assert parser.format_help()


def test_explain_tells_all_of_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "amqp.prefetch_count"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "amqp.prefetch_count",
        "  Most unconfirmed frames in flight; 0 = no limit.",
        "",
        "  type        whole number",
        "  default     50",
        "  range       0 to 65535",
        "  per camera  no",
        "",
        "  example:",
        "    amqp:",
        "      prefetch_count: 50",
    ]


def test_explain_lists_sections_and_the_keys_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    assert "  circuit_breaker: " in capsys.readouterr().out
    assert main(["explain", "state.dir"]) == 0
    meaning = capsys.readouterr().out.partition("\n\n")[0].splitlines()[1:]
    assert len(meaning) > 1, "it is a long one"
    assert all(line.startswith("  ") for line in meaning)
    assert main(["explain", "amqp.tls"]) == 0
    assert "  amqp.tls.verify  " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("amqp.prefetch", "there is no key amqp.prefetch; did you mean amqp.prefetch_count"),
        ("xyzzy\x1b[31m", "edge-video explain lists the sections"),
    ],
)
def test_explain_refuses_what_is_no_key(
    key: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["explain", key])
    assert exit_.value.code == 2
    complaint = capsys.readouterr().err
    assert answer in complaint
    assert "\x1b" not in complaint


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_options(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("probe", "no-broker", "explain"):
        assert word in script
    if shell == "bash":
        path = tmp_path / "edge-video"
        path.write_text(script)
        subprocess.run(["bash", "-n", str(path)], check=True)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse writes usages in its own way")
def test_the_manual_page_is_what_the_parser_says(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("argparse_manpage")
    for name in ("EDGE_VIDEO_LANG", "COLUMNS"):
        monkeypatch.setenv(name, "")  # the script sets them
    script = runpy.run_path(str(ROOT / "scripts/write_manpage.py"))
    assert (ROOT / "config/man/edge-video.1").read_text(encoding="utf-8") == script["render"](), (
        "run: python scripts/write_manpage.py"
    )


def test_every_text_of_the_help_is_used() -> None:
    keys = {key for lines in EXAMPLES.values() for _, key in lines}
    assert keys <= HELP_TEXTS.keys()
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "edge_video").rglob("*.py")
    )
    named = Counter(re.findall(r"""["']([a-z0-9_.]+)["']""", sources))
    unused = {key for key in HELP_TEXTS if named[key] < 2 and not key.startswith("exit.")}
    assert unused <= {f"{name}.{which}" for name in COMMANDS for which in ("help", "about")}

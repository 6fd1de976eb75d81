"""Whatever an operator reads in Portuguese is Portuguese, but for terms that have no other word."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.cli.common import EXIT_BAD_INPUT
from edge_video.cli.main import main
from edge_video.http.texts import PAGE
from edge_video.log.event_table import LogEvent
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.report.monitor_line import render_line
from edge_video.text.catalog import TEXTS, Language
from edge_video.text.help_texts import HELP_TEXTS
from edge_video.text.phrases import PHRASES, translated
from tests.edge_video.config import test_mistakes, test_url_mistakes
from tests.edge_video.report.examples import busy_system
from tests.support.languages import english_words, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.text.language import Text

ROOT: Final = Path(__file__).parent.parent
PT: Final = Language.PT_BR


def all_texts() -> Iterator[Text]:
    yield from TEXTS.values()
    yield from PAGE.values()
    yield from HELP_TEXTS.values()
    yield from PHRASES
    for event in LogEvent:
        yield from event.spec.texts


ENGLISH: Final = vocabulary(text.en for text in all_texts())


def test_no_english_word_is_left_in_any_text() -> None:
    left = {text.pt_br: english_words(text.pt_br, ENGLISH) for text in all_texts()}
    assert {text: found for text, found in left.items() if found} == {}


OTHER_WORDS: Final = {
    r"\balvos?\b": "meta",
    r"porcento": "por cento",
    r"\blivros?\b": "contas",
    r"\bmort[ao]s?\b|\bmatou\b": "encerrado à força",
    r"\bvelh[ao]s?\b": "antigo",
    r"indecodific": "corrompida",
    r"\bpedidos com\b": "requisições com",
    r"(token|senha) errad[ao]": "incorreto",
    r"\bprobes\b": "verificações",
    r"\b[Rr]eset(ad[ao])?\b": "recomeçar, liberar",
    r"[Dd]eixa(r)? a câmera em paz": "não tentar",
    r"[Mm]ant(er|ida) aberta": "pausada",
    r"CONECTADO para": "a, de",
}
"""Words that were in use, and the one that the glossary of the catalog has in their place."""


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_one_thing_has_one_word(word: str) -> None:
    found = [text.pt_br for text in all_texts() if re.search(word, text.pt_br)]
    assert found == [], f"write {OTHER_WORDS[word]}"


@pytest.mark.parametrize(
    "planted",
    [
        "Publisher sem conexão: connection refused by 10.0.0.5:5672",
        "the stream ended",
        "Memória em nível EMERGENCY",
        "Descartados: 3 (queue full)",
        "[door] Camera stopped",
    ],
)
def test_a_planted_english_sentence_is_found(planted: str) -> None:
    assert english_words(planted, ENGLISH)


def test_reports_of_a_busy_system_hold_no_english() -> None:
    status = busy_system()
    for text in (render_monitor(status, PT), render_line(status, PT), render_final(status, PT)):
        for line in text.splitlines():
            assert english_words(_facts_of(line), ENGLISH) == set(), line


@pytest.mark.parametrize("table", [test_mistakes.TABLE, test_url_mistakes.TABLE])
def test_every_mistake_in_a_configuration_is_told_in_portuguese(
    table: dict[str, tuple[str, list[str]]],
) -> None:
    for _, lines in table.values():
        for line in lines:
            shown = translated(line, PT)
            prose = re.sub(r"destes: .*|são .*|\(U\+.*?\)", " ", shown.split(": ", 2)[-1])
            assert english_words(prose, ENGLISH) == set(), shown
            assert shown != line


def test_complaints_are_in_the_language_of_the_environment_or_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    with pytest.raises(SystemExit):
        main(["run"])
    assert english_words(capsys.readouterr().err, ENGLISH) == set()
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    (tmp_path / "config.yaml").write_text("sink: directory\nlanguage: pt\nfps: 70\n")
    assert main(["run"]) == EXIT_BAD_INPUT
    shown = capsys.readouterr().err.splitlines()
    assert shown == [
        "config.yaml:1: cameras: é obrigatório: uma lista com ao menos uma câmera",
        "config.yaml:3: fps: 70 não está entre 1 e 60",
    ]


def _facts_of(line: str) -> str:
    """A line of a report without names, states and the words of FFmpeg and cameras."""
    line = re.sub(r"\[[\w.-]+\] [A-Z_]+\b", " ", line)
    return re.sub(
        r"\((?:Invalid data|Connection timed|401)[^)]*\)|publisher \d|HALF_OPEN", " ", line
    )


MAKERS: Final = (
    *("capture", "config", "delivery", "delivery/amqp", "delivery/commands", "metrics"),
    *("actors/command_execution.py", "actors/config_requests.py", "actors/reload.py"),
    *("http/acceptor.py", "http/actions.py", "http/api.py", "http/camera_probe.py"),
    *("http/onvif_streams.py", "http/page.py", "http/reload.py", "http/responses.py"),
    *("http/guard.py", "http/sessions.py", "status/answers.py", "top/asking.py"),
    *("cli/cluster.py", "cli/ctl", "cli/running_system.py", "top/fleet/server.py"),
    *("runtime/files.py", "runtime/descriptors.py", "text/urls.py", "text/duration.py"),
    *("cli/common.py", "cli/main.py", "cli/output_paths.py", "cli/probe.py", "cli/reports.py"),
    *(
        "cli/run.py",
        "top/client.py",
        "watch/command.py",
        "watch/consumer.py",
        "watch/subscription.py",
    ),
)
"""Where sentences are made that an operator reads."""

NOT_FOR_OPERATORS: Final = re.compile(
    r"""
    %[sdr]|%\.1f             # of the log's debug lines, and of our own bugs
    | \\|\(\?|\.\*           # regular expressions
    | ^module\ |Callable|dict\[|Mapping\[|Redactor
    | must\ be\ (positive|at\ least|usable|in)|must\ not\ be\ negative|at\ least\ one\ frame
    | positive\ and\ in\ rising|started\ once|cannot\ be\ written\ as\ a\ duration
    | ^edge-video:\ ⟨0⟩$
    | ^[,;]\ |^\ here;         # only ever a part of another, which is translated whole
    | ^text/\w+;\ charset | ^edge-video\ (ctl|fleet)$
    | ^(edge-video[\w\ ]*|--[\w-]+):\ ⟨0⟩(:\ ⟨1⟩)?$   # each part is translated by itself
    | !=|HTTP/1|RTSP/1|\r\n|^Accept:|not\ a\ pipe|^Bearer
    """,
    re.VERBOSE,
)
"""What those who program read."""


FOREIGN: Final = {
    "capture/binary.py": re.compile(r"^ffmpeg version$"),
    "capture/classification.py": re.compile(
        r"[|\[]|\)\?|muxer|pixel count|4XX|Invalid (data|color)|not on whitelist"
        r"|certificate|prematurely"
    ),
    "capture/frame_watch.py": re.compile(r"^no frame for ⟨0⟩ s⟨1⟩$"),
    "config/skeleton.py": re.compile(""),  # what it writes is YAML
    "config/schema.py": re.compile(""),  # descriptions, which editors show; they are in English
    "config/url_spelling.py": re.compile(r": ⟨0⟩, ⟨1⟩$"),
    "config/url_checks.py": re.compile(r"user name or password ⟨0⟩"),
    "config/validation.py": re.compile(r"is not between ⟨1⟩$|is ⟨1⟩$"),
    "delivery/commands/desk.py": re.compile("^a request could not be answered$"),  # in the log
    "actors/reload.py": re.compile("^(a reload failed|what a reload had begun)"),  # in the log
    "http/guard.py": re.compile("^a client hung up"),  # in the log
    "cli/main.py": re.compile(r"prog|^edge-video:? ⟨0⟩$|cannot print"),
    "cli/reports.py": re.compile(r"⟨\d⟩$"),
    "cli/run.py": re.compile(r"^edge-video: log: ⟨0⟩$"),
    "config/scalars.py": re.compile(r"of the ⟨0⟩ in it"),
    "delivery/amqp/exchange_opening.py": re.compile(r"^(not ours|looked for)$"),
    "config/yaml_nodes.py": re.compile(
        r"scalar|token|anchor|alias|tag|are not allowed|flow|expected|single|block"
    ),
    "delivery/amqp/errors.py": re.compile(
        r"^(EOF|not found|is down|refused for|doesn't have|inequivalent arg|certificate)"
    ),
    "delivery/amqp/refusals.py": re.compile(r"^(access to|' in exchange|internal exchange)"),
    "watch/consumer.py": re.compile(r"^no exchange '⟨0⟩'$|^edge-video watch$"),
}
"""What others say, by the module that looks for it; and what is put together of two phrases."""

PARTS: Final = frozenset(
    {
        "user name",
        "a control character",
        "not a whole number",
        "not a number",
        "neither true nor false",
        "a duration is empty; ⟨0⟩",
        "write @ as %40, : as %3A, / as %2F, # as %23 and ? as %3F",
        "or put them, as they are, into the keys username and password",
    }
)
"""Parts of sentences that are translated whole."""


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of two words and more in a module, with `⟨n⟩` where a fact stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in skipped:
            text = _template(node)
            if " " in text.strip() and len(re.findall(r"[A-Za-z]{2,}", text)) > 1:
                yield node.lineno, text


def _template(node: ast.JoinedStr | ast.Constant) -> str:
    """The text, with the same sign for the same fact."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    facts: dict[str, str] = {}
    text = ""
    for each in node.values:
        if isinstance(each, ast.Constant):
            text += str(each.value)
        elif isinstance(each, ast.FormattedValue):
            text += facts.setdefault(ast.unparse(each.value), f"⟨{len(facts)}⟩")
    return text


def modules() -> Iterator[Path]:
    for maker in MAKERS:
        path = ROOT / "edge_video" / maker
        yield from [path] if path.is_file() else sorted(path.glob("*.py"))


def is_foreign(path: Path, text: str) -> bool:
    """Whether no operator reads it, or it is looked for in what others say."""
    place = str(path.relative_to(ROOT / "edge_video"))
    others = FOREIGN.get(place)
    theirs = others is not None and others.search(text)
    return bool(text in PARTS or NOT_FOR_OPERATORS.search(text) or theirs)


SAME: Final = frozenset(
    {"virtual host '⟨0⟩'", "line feed", "exchange '⟨0⟩': ⟨1⟩", "Content-Type: ⟨0⟩"}
)
"""What is said so in both languages."""


def test_every_sentence_that_the_program_makes_has_its_phrase() -> None:
    without = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in modules()
        for line, text in sentences(path)
        if not is_foreign(path, text) and translated(text, PT) == text and text not in SAME
    ]
    assert without == []

"""What the documents say about the code is true."""

from __future__ import annotations

import importlib
import re
import runpy
from dataclasses import is_dataclass
from pathlib import Path

import pytest
import yaml

from edge_video.actors.base import ChildActor, SupervisedActor
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.text.catalog import TEXTS
from edge_video.text.cause_texts import CAUSE_TEXTS
from edge_video.text.duration import format_duration
from tests.support.docs_machine import WAYS
from tests.support.shell_blocks import DOCUMENTS as WITH_BLOCKS
from tests.support.shell_blocks import blocks_in, blocks_of, commands_to_run

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def test_the_breaker_table_is_what_the_breaker_does() -> None:
    documented = re.findall(
        r"^\| (\d+) \| (CLOSED|OPEN) \| (\S+) \| (\S+) \|$", ARCHITECTURE, re.MULTILINE
    )
    breaker = CircuitBreaker.new(BreakerPolicy(jitter=0.0))
    now, table = 0.0, []
    for number in range(1, len(documented) + 1):
        breaker, permit = breaker.permit(now)
        assert permit.granted
        assert permit.generation is not None
        breaker = breaker.failure(now, permit.generation)
        row = (breaker.state.value, *map(format_duration, (breaker.backoff_s, breaker.wait_s)))
        table.append((str(number), *row))
        now += max(breaker.retry_in_s(now) or 0.0, 1.0)
    assert len(table) == 12
    assert documented == table


MODULES = [
    importlib.import_module(f"edge_video.actors.{path.stem}")
    for path in sorted((ROOT / "actors").glob("*.py"))
    if path.stem != "__init__"
]
ACTORS = {
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, SupervisedActor)
} - {SupervisedActor, ChildActor}


def test_every_message_is_in_the_message_table() -> None:
    declared = {
        name
        for module in MODULES
        if module.__name__.endswith("messages")
        for name, value in vars(module).items()
        if is_dataclass(value) and getattr(value, "__module__", "") == module.__name__
        if not name.startswith("_")
    }
    understood = {each.__name__ for actor in ACTORS for each in actor.UNDERSTOOD}
    assert {"GrantCamera", "NodeHeard", "PublishFrame"} <= understood | declared
    table = ARCHITECTURE.partition("\n## Messages\n")[2].partition("\n## ")[0]
    assert {name for name in declared | understood if f"`{name}`" not in table} == set()


def test_every_module_of_messages_is_named_beside_their_table() -> None:
    modules = {f"../actors/{path.name}" for path in (ROOT / "actors").glob("*messages.py")}
    of_brokers = "../actors/lease_events.py"
    linked = set(re.findall(r"\]\((\.\./actors/\w+\.py)\)", ARCHITECTURE))
    assert (modules | {of_brokers}) - linked == set()


def test_every_actor_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(\w+Actor)`", ARCHITECTURE, re.MULTILINE))
    assert rows == {each.__name__ for each in ACTORS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text())
    assert [each for each in targets if not (document.parent / each).exists()] == []


def anchors_of(document: Path) -> set[str]:
    """What a site makes of the headings (Python-Markdown's toc), and what a page names itself."""
    text = document.read_text(encoding="utf-8")
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    plain = [re.sub(r"\]\([^)]*\)", "", each).strip().lower() for each in headings]
    slugs = [re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", each)) for each in plain]
    return {*slugs, *re.findall(r'id="([^"]+)"', text)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_a_heading_lead_to_one(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*\.md|)#([^)]+)\)", document.read_text())
    dead = [
        f"{name}#{anchor}"
        for name, anchor in links
        if anchor not in anchors_of(document.parent / name if name else document)
    ]
    assert dead == []


def test_every_folder_has_its_row_in_the_architecture() -> None:
    packages = {path.parent for path in (ROOT / "edge_video").rglob("__init__.py")}
    top = {
        path
        for path in packages
        if path.parent == ROOT / "edge_video" or path.parent.name == "delivery"
    }
    wanted = {f"edge_video/{path.relative_to(ROOT / 'edge_video')}/" for path in top}
    rows = set(re.findall(r"^\| `([\w/]+/)` \|", ARCHITECTURE, re.MULTILINE))
    assert rows == wanted - {"edge_video/actors/"} | {"actors/"}


def test_the_list_of_log_events_is_what_the_code_has() -> None:
    script = runpy.run_path(str(ROOT / "scripts/write_log_events.py"))
    assert (ROOT / "docs/log-events.md").read_text(encoding="utf-8") == script["render"](), (
        "run: python scripts/write_log_events.py"
    )


def test_the_page_about_reloads_is_what_the_table_has() -> None:
    script = runpy.run_path(str(ROOT / "scripts/write_reload.py"))
    assert (ROOT / "docs/reload.md").read_text(encoding="utf-8") == script["render"](), (
        "run: python scripts/write_reload.py"
    )


def test_the_configuration_reference_is_what_the_schema_has() -> None:
    script = runpy.run_path(str(ROOT / "scripts/write_configuration.py"))
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == script["render"](), (
        "run: python scripts/write_configuration.py"
    )


# --- the site ---


def in_the_nav() -> set[str]:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_load(text[text.index("nav:\n  - Start") :])
    return set(re.findall(r"[\w/-]+\.md", str(nav)))


def names_of_documents() -> set[str]:
    folder = ROOT / "docs"
    return {str(path.relative_to(folder)) for path in folder.rglob("*.md")} - {"README.md"}


def test_every_document_and_every_folder_has_its_place_on_the_site() -> None:
    documents = names_of_documents()
    assert (documents | {"documents.md"}) - in_the_nav() == set()
    folders = {path.parent.name for path in (ROOT / "edge_video").glob("*/__init__.py")}
    assert {f"api/{each}.md" for each in folders} - in_the_nav() == set()


def test_no_page_is_long_to_begin_with() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs/README.md").read_text()
    names = names_of_documents()
    assert [name for name in sorted(names) if f"({name}" not in index] == []


# --- docs/troubleshooting.md ---


def symptoms(title: str) -> set[str]:
    """What stands in code in the first column of the tables under a heading."""
    text = (ROOT / "docs/troubleshooting.md").read_text().partition(f"## {title}\n")[2]
    rows = re.findall(r"^\| ([^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    return {found for row in rows for found in re.findall(r"`([^`]+)`", row)}


def test_the_reasons_of_troubleshooting_are_those_that_are_shown() -> None:
    causes = {text.en for text in CAUSE_TEXTS.values()}
    shown = symptoms("A camera shows nothing")
    assert len(shown) > 10
    assert shown - causes == set()


def test_every_reason_why_frames_are_dropped_is_explained() -> None:
    reasons = {
        text.en.removesuffix(" {count}") for key, text in TEXTS.items() if key.startswith("drop.")
    }
    assert reasons - symptoms("Frames are missing") == set()


# --- docs/devices.md ---


def rows_of_devices() -> list[list[str]]:
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs/devices.md").read_text().splitlines()
        if line.startswith("|")
    ]
    assert table[0] == ["fault", "devices that do it", "what the program does", "since", "test"]
    return table[2:]


@pytest.mark.parametrize("row", rows_of_devices(), ids=lambda row: row[0][:40])
def test_each_fault_of_a_device_has_its_source_its_version_and_its_test(row: list[str]) -> None:
    fault, devices, reaction, since, test = row
    assert fault
    assert reaction
    assert re.search(r"\]\(https://[^)\s]+\)", devices), "no public report"
    assert re.fullmatch(r"\d+\.\d+\.\d+", since)
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", test)
    assert named, "no test"
    for name, path in named:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path} has no {name}"


# --- the shell blocks, which tests/test_packaging.py runs ---


def test_every_block_is_run_or_says_to_its_reader_why_not() -> None:
    blocks = [block for document in WITH_BLOCKS for block in blocks_of(document)]
    assert len(blocks) >= 20
    for block in blocks:
        assert block.to_run or block.reason, block
        assert all(any(each.startswith(way) for each in block.commands) for way in block.which)
        assert set(WAYS) >= set(block.to_run), "how are they run? Or say below the block why not"
    assert set(WAYS) <= set(commands_to_run()), "a way of a command that no document has"
    fences = "".join(each.read_text(encoding="utf-8") for each in WITH_BLOCKS)
    assert len(re.findall(r"^ *```(?:sh|bash|shell)\b", fences, re.MULTILINE)) == len(blocks)
    assert re.findall(r"^ *```\w*\n\$ ", fences.replace("```console", ""), re.MULTILINE) == []
    assert fences.count("Not run by the tests") == sum(bool(each.reason) for each in blocks)


def test_a_reason_excuses_the_block_above_it_or_those_commands_of_it() -> None:
    written = """
```sh
one --a \\
  --b   # why
two
```
*Not run by the tests (`two`): nobody has it.*

```sh
three
```

```sh
four
```
*Not run by the tests: five and
six.*
"""
    blocks = blocks_in("a.md", written)
    assert [each.commands for each in blocks] == [["one --a --b", "two"], ["three"], ["four"]]
    assert [each.to_run for each in blocks] == [["one --a --b"], ["three"], []]
    assert [each.reason for each in blocks] == ["nobody has it.", "", "five and\nsix."]

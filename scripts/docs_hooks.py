"""Makes a site of the documents where they lie: hooks for MkDocs, named in mkdocs.yml.

The documents link to each other and to source files as they lie in the repository, so that they
can be read there. On the site

- README.md, docs/README.md, CONTRIBUTING.md and CHANGELOG.md become pages,
- every source file that a page links to becomes a page below `source/`, every folder a list,
- each folder of the package gets a page below `api/` made of its docstrings,

and links are rewritten to lead there.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parent.parent

PAGES: Final = {
    "README.md": "index.md",
    "docs/README.md": "documents.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Documents that are not where their page is, and the page that each becomes."""

LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:)([^)#\s]+)(#[^)\s]*)?(?=\))")
"""The target of a link to another file, and its anchor."""

LANGUAGES: Final = {".py": "python", ".json": "json", ".yml": "yaml", ".yaml": "yaml"}

NOT_SEARCHED: Final = "---\nsearch:\n  exclude: true\n---\n\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/, or not under their own name."""
    readme = files.get_file_from_path("README.md")
    if readme is not None:
        files.remove(readme)  # it would be the start page
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    files.append(File.generated(config, "api/index.md", content=public_page()))
    for folder in api_folders():
        files.append(File.generated(config, f"api/{folder}.md", content=api_page(folder)))
    for path in sorted(linked_sources()):
        files.append(File.generated(config, site_path(path), content=source_page(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the arguments
    """Let the links of a document lead to pages of the site."""
    here = page.file.src_uri
    origin = repository_path(here)
    if origin is None:
        return markdown

    def rewritten(match: re.Match[str]) -> str:
        target = site_path(resolve(origin, match[1]))
        return posixpath.relpath(target, posixpath.dirname(here) or ".") + (match[2] or "")

    return LINK.sub(rewritten, markdown)


# --- where things are ---


def repository_path(page: str) -> str | None:
    """Return where the text of a page lies in the repository; None: it was made here."""
    for name, each in PAGES.items():
        if page == each:
            return name
    return None if page.startswith(("api/", "source/")) else f"docs/{page}"


def resolve(origin: str, target: str) -> str:
    """Return what a link of a document leads to, as a path in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))


def site_path(path: str) -> str:
    """Return where a file of the repository is found on the site."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path.lstrip('.')}" + ("/index.md" if (ROOT / path).is_dir() else ".md")


def linked_sources() -> set[str]:
    """Return every file and folder outside of the documents that one of them links to."""
    found: set[str] = set()
    documents = [each.relative_to(ROOT).as_posix() for each in (ROOT / "docs").rglob("*.md")]
    for document in [*PAGES, *documents]:
        for match in LINK.finditer((ROOT / document).read_text("utf-8")):
            path = resolve(document, match[1])
            if path not in PAGES and not path.startswith("docs/"):
                found.add(path)
                found.update(files_in(path))
    return found


def files_in(folder: str) -> Iterator[str]:
    """Yield the files of a folder; none where it is a file."""
    if (ROOT / folder).is_dir():
        for each in sorted((ROOT / folder).iterdir()):
            if each.is_file():
                yield f"{folder}/{each.name}"


# --- what is made ---


def source_page(path: str) -> str:
    """Return a source file as a page, or a folder as a list of its files."""
    title = f"{NOT_SEARCHED}# {path}\n\n"
    if (ROOT / path).is_dir():
        names = [posixpath.basename(each) for each in files_in(path)]
        return title + "".join(f"- [{name}]({name}.md)\n" for name in names)
    language = LANGUAGES.get(Path(path).suffix, "text")
    text = (ROOT / path).read_text("utf-8")
    return f"{title}~~~~~~ {language}\n{text}\n~~~~~~\n"


def api_folders() -> list[str]:
    """Return the folders and single modules at the top of the package."""
    entries = sorted((ROOT / "edge_video").iterdir())
    folders = [each.name for each in entries if (each / "__init__.py").is_file()]
    return [*folders, *(each.stem for each in entries if each.suffix == ".py" and is_api(each))]


def is_api(module: Path) -> bool:
    """Return whether a module at the top has a page of its own."""
    return not module.stem.startswith("_")


def public_page() -> str:
    """Return the page of what the package itself exports, in the order of its `__all__`."""
    tree = ast.parse((ROOT / "edge_video/__init__.py").read_text("utf-8"))
    names = next(
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    options = f"    options:\n      members: {names}\n      heading_level: 1\n"
    return f"::: edge_video\n{options}"


def api_page(folder: str) -> str:
    """Return the page of a folder: its docstring, then each module with its public names."""
    parts = [f"# edge_video.{folder}\n", f"::: edge_video.{folder}\n"]
    root = ROOT / "edge_video" / folder
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if not path.stem.startswith("_") and name not in NOT_FOR_THIS_PYTHON:
            parts.append(f"::: {name}\n")
    return "\n".join(parts)


NOT_FOR_THIS_PYTHON: Final = {"edge_video.testing.rtsp_server"}
"""Run by the system's Python, which has the GStreamer bindings."""

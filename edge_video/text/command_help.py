"""Builds the parsers of the command line: help, examples and complaints in the operator's language.

argparse has its words in English only, so those that an operator sees are replaced here.
"""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edge_video.text.help_examples import EXAMPLES
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAX_WIDTH: Final = 100

_HEADINGS: Final = {"positional arguments": "heading.arguments", "options": "heading.options"}
_COMPLAINTS: Final = {
    r"unrecognized arguments: (?P<value>.*)": "complaint.unknown",
    r"argument (?P<name>\S+): expected one argument": "complaint.no_value",
    r"the following arguments are required: (?P<name>.*)": "complaint.required",
    r"argument (?P<name>\S+): invalid choice: (?P<value>.*) \(choose from (?P<choices>.*)\)": (
        "complaint.choice"
    ),
    r"argument (?P<name>\S+): (?P<value>.*)": "complaint.argument",
}
"""What argparse complains of, and the texts in its place."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Formats help with translated headings; examples keep their lines."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=_width())

    def start_section(self, heading: str | None) -> None:
        """Begin a section, its heading translated where it is one of argparse's own."""
        super().start_section(help_text(_HEADINGS[heading]) if heading in _HEADINGS else heading)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Add the usage with a translated prefix."""
        own = f"{help_text('heading.usage')}: " if prefix is None else prefix
        super().add_usage(usage, actions, groups, own)


class CommandParser(argparse.ArgumentParser):
    """A parser whose help and complaints are in the operator's language."""

    def __init__(self, **options: Any) -> None:
        about = _wrapped(options.pop("description", None) or "")
        name = options.get("prog", "").rpartition(" ")[2]
        super().__init__(
            **options,
            description=about,
            epilog=examples(name) if name in EXAMPLES else None,
            add_help=False,
            formatter_class=HelpFormatter,
        )
        self.add_argument("-h", "--help", action="help", help=help_text("option.help"))

    def error(self, message: str) -> NoReturn:
        """End with exit code 2; the complaint stands below the usage."""
        text = help_text("complaint").format(prog=self.prog, message=_clearer(message))
        self.exit(2, f"{self.format_usage()}{text}\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or version at once: argparse passes over what it could not print.

        Raises:
            OSError: standard output takes nothing.
        """
        if file is not sys.stdout:
            super()._print_message(message, file)
            return
        sys.stdout.write(message)
        sys.stdout.flush()


def add_command(commands: Any, name: str) -> argparse.ArgumentParser:
    """Add a command; its texts are those of its name.

    Args:
        commands: what `add_subparsers` returned.
        name: as it is typed.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_text(f"{name}.help"),
        description=help_text(f"{name}.about"),
    )
    return parser


def examples(name: str) -> str:
    """The examples of a command, each with what it does below it."""
    lines = [f"{help_text('heading.examples')}:"]
    for line, key in EXAMPLES[name]:
        lines += [f"  {line}", textwrap.indent(_wrapped(help_text(key), 6), " " * 6)]
    return "\n".join(lines)


def definitions(heading: str, entries: Sequence[tuple[str, str]]) -> str:
    """A section of names, each beside its text.

    Args:
        heading: the key of the section's title.
        entries: each name, and the key of what it means.
    """
    indent = max(len(name) for name, _ in entries) + 4
    lines = [f"{help_text(heading)}:"]
    for name, key in entries:
        text = textwrap.indent(_wrapped(help_text(key), indent), " " * indent)
        lines.append(f"  {name}{text[len(name) + 2 :]}")
    return "\n".join(lines)


def options_section(title: str, options: Sequence[argparse.Action]) -> str:
    """A section of help about the options of another command."""
    formatter = HelpFormatter("edge-video")
    formatter.start_section(title)
    formatter.add_arguments(options)
    formatter.end_section()
    return formatter.format_help().rstrip()


def takes_file(option: argparse.Action) -> None:
    """Let the shell complete an option with the names of files."""
    # What shtab looks for; it is not imported, because it need not be installed.
    vars(option)["complete"] = {
        "bash": "_shtab_compgen_files",
        "zsh": "_files",
        "fish": "(__fish_complete_path (commandline -ct))",
    }


def _wrapped(text: str, indent: int = 0) -> str:
    return textwrap.fill(text, max(20, _width() - indent), break_on_hyphens=False)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _MAX_WIDTH) - 2


def _clearer(message: str) -> str:
    """A complaint of argparse in the operator's language, with what was probably meant."""
    for pattern, key in _COMPLAINTS.items():
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None:
            return help_text(key).format(**found.groupdict()) + _meant(**found.groupdict())
    return message


def _meant(value: str = "", choices: str = "", **_: str) -> str:
    names = re.findall(r"[\w-]+", choices)
    similar = difflib.get_close_matches(value.strip("'"), names, n=1)
    return help_text("complaint.meant").format(name=similar[0]) if similar else ""

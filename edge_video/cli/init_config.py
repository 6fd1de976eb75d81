"""Runs the commands `init` and `schema`: a first configuration, and what may stand in one."""

from __future__ import annotations

import argparse
import itertools
import os
import secrets
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from edge_video.cli.common import EXIT_FAILURE, EXIT_OK, refuse
from edge_video.cli.discover import add_search_options, find_sources
from edge_video.cli.questions import NONE, Questions
from edge_video.cli.standard_streams import print_out
from edge_video.config import ConfigError, parse_config
from edge_video.config.env_file import ENV_FILE, parse_env
from edge_video.config.skeleton import DEFAULT_LISTEN, Answers, Files, Source, write_skeleton
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.text.catalog import Language, language_from_locale, lookup
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.cli.common import Commands

_BACKUP: Final = ".bak"
_EXAMPLE: Final = "config.example.yaml"


def add_parsers(commands: Commands) -> None:
    """Add `init` and `schema` to the command line."""
    text = _texts(language_from_locale(os.environ))
    init = commands.add_parser("init", help=text("init"), description=text("about"))
    config = Path("config.yaml")
    init.add_argument("--config", type=Path, default=config, metavar="FILE", help=text("config"))
    init.add_argument("--broker", metavar="URL", help=text("broker"))
    init.add_argument(
        "--camera",
        action="append",
        default=[],
        type=_camera,
        metavar="ID=URL",
        help=text("camera"),
    )
    init.add_argument(
        "--http", nargs="?", const=DEFAULT_LISTEN, metavar="ADDRESS", help=text("http")
    )
    init.add_argument("--language", choices=list(Language), type=Language, help=text("language"))
    init.add_argument("--discover", action="store_true", help=help_text("discover.init"))
    add_search_options(init)
    for option in ("force", "yes", "example"):
        init.add_argument(f"--{option}", action="store_true", help=text(option))
    commands.add_parser("schema", help=text("schema"))


def _texts(language: Language) -> Callable[[str], str]:
    """The texts of the help by their keys."""
    return lambda key: lookup(f"init.help.{key}", language).format(listen=DEFAULT_LISTEN)


def init(args: argparse.Namespace) -> int:
    """Write a first configuration; returns the exit code."""
    if args.example:
        example = resources.files("edge_video.cli") / _EXAMPLE
        print_out(example.read_text(encoding="utf-8").rstrip("\n"))
        return EXIT_OK
    answers = _from_options(args)
    folder = args.config.parent
    if not folder.is_dir():
        _refuse(answers.language, "no_folder", folder=str(folder))
    _refuse_existing(args, answers.language)
    if args.discover:
        taken = {camera_id for camera_id, _ in answers.cameras}
        found = find_sources(args, answers.language, taken)
        if found is None:
            return EXIT_FAILURE
        answers = replace(answers, cameras=(*answers.cameras, *found))
    if sys.stdin.isatty() and sys.stdout.isatty() and not args.yes:
        answers = _asked(args, answers)
    problem = _problem_of(answers)
    if problem is not None:
        refuse(f"edge-video init: {problem}")
    try:
        _write(args.config, write_skeleton(answers, args.config.name))
    except OSError as error:
        reason = error.strerror or str(error)
        _refuse(answers.language, "not_written", file=str(args.config), reason=reason)
    print_out(_what_comes_next(args.config, answers))
    return EXIT_OK


def schema(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes its arguments
    """Print the JSON schema of a configuration; returns the exit code."""
    text = (resources.files("edge_video.config") / "schema.json").read_text(encoding="utf-8")
    print_out(text.rstrip("\n"))
    return EXIT_OK


def _camera(text: str) -> tuple[str, Source]:
    """`ID=URL` in parts; the message quotes nothing, for it may hold a password."""
    camera_id, equals, url = text.partition("=")
    if not equals or "/" in camera_id or not url:
        language = language_from_locale(os.environ)
        raise argparse.ArgumentTypeError(lookup("init.no_camera", language))
    return camera_id, Source(url)


def _from_options(args: argparse.Namespace) -> Answers:
    answers = Answers(
        args.language or language_from_locale(os.environ),
        cameras=tuple(args.camera),
        listen=args.http,
        token=secrets.token_urlsafe(16),
    )
    if args.broker is not None:
        broker = None if args.broker == NONE else Source(args.broker)
        answers = replace(answers, broker=broker)
    return answers


def _asked(args: argparse.Namespace, answers: Answers) -> Answers:
    """The answers, completed by those of whoever sits at the terminal."""
    questions = Questions(_problem_of)
    try:
        if args.language is None:
            answers = questions.language(answers)
        answers = questions.passwords(answers)
        problem = _problem_of(answers)
        if problem is not None:
            refuse(f"edge-video init: {problem}")
        if args.broker is None:
            answers = questions.broker(answers)
        if not answers.cameras:
            answers = questions.cameras(answers)
        if args.http is None:
            answers = questions.page(answers)
    except (EOFError, KeyboardInterrupt):
        _refuse(answers.language, "abandoned")
    return answers


def _problem_of(answers: Answers) -> str | None:
    """What is wrong with the first configuration; None when it is valid."""
    files = write_skeleton(answers, "")
    variables, _ = parse_env(files.env, ENV_FILE)
    try:
        parse_config(files.config, "", {**os.environ, **variables})
    except ConfigError as error:
        return "; ".join(f"{each.key}: {each.message}" for each in error.problems)
    return None


def _refuse_existing(args: argparse.Namespace, language: Language) -> None:
    existing = [str(path) for path in _paths(args.config) if os.path.lexists(path)]
    if existing and not args.force:
        key = "exists" if len(existing) > 1 else "exists_one"
        backup = ", ".join(str(_backup_of(Path(each))) for each in existing)
        _refuse(language, key, files=", ".join(existing), backup=backup)


def _refuse(language: Language, key: str, **facts: str) -> NoReturn:
    refuse(f"edge-video init: {lookup(f'init.{key}', language).format(**facts)}")


def _paths(config: Path) -> tuple[Path, Path]:
    return config, config.with_name(ENV_FILE)


def _backup_of(path: Path) -> Path:
    """What is there is kept under this name: one that no file has, so that none is lost."""
    name = f"{path.name}{_BACKUP}"
    names = itertools.chain([name], (f"{name}.{number}" for number in itertools.count(2)))
    return next(found for each in names if not os.path.lexists(found := path.with_name(each)))


def _write(config: Path, files: Files) -> None:
    """Write both files, the one with the secrets for this user alone; what is there is kept."""
    for path in _paths(config):
        if os.path.lexists(path):
            path.rename(_backup_of(path))
    with open_directory(config.parent) as directory:
        replace_at(directory, ENV_FILE, files.env.encode(), mode=0o600)
        replace_at(directory, config.name, files.config.encode(), mode=0o640)


def _what_comes_next(config: Path, answers: Answers) -> str:
    language = answers.language
    option = "" if config == Path("config.yaml") else f" --config {config}"
    commands = [
        (f"edge-video {command}{option}".replace(" run", ""), lookup(f"init.{command}", language))
        for command in ("check", "probe", "run")
    ]
    width = max(len(command) for command, _ in commands)
    written = lookup("init.written", language)
    env = str(config.with_name(ENV_FILE))
    lines = [
        written.format(config=config, env=env),
        lookup("init.next", language),
        *(f"  {command:<{width}}  {text}" for command, text in commands),
    ]
    if answers.listen is not None:
        page = lookup("init.page", language)
        lines.append(page.format(url=f"http://{answers.listen}/", env=env))
    return "\n".join(lines)

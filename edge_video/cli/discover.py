"""Runs the command `discover`: which ONVIF cameras are there, and which streams have they?"""

from __future__ import annotations

import argparse
import getpass
import itertools
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edge_video.capture.onvif.choice import Wish, propose
from edge_video.capture.onvif.interfaces import ipv4_addresses
from edge_video.capture.onvif.model import Login, named_device
from edge_video.cli.common import EXIT_FAILURE, EXIT_OK, add_config_options, refuse
from edge_video.cli.standard_streams import print_out
from edge_video.config.skeleton import Source
from edge_video.report.discover_table import devices_as_json, render_devices
from edge_video.text.catalog import Language, language_from_locale, lookup
from edge_video.text.command_help import add_command, takes_file
from edge_video.text.discover_texts import PASSWORD_VARIABLE
from edge_video.text.duration import format_duration
from edge_video.text.formatting import shorten
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from edge_video.capture.onvif.model import Answer, Device
    from edge_video.cli.common import Commands

_MAX_PASSWORD: Final = 1024
_WAIT_S: Final = 4.0
_TIMEOUT_S: Final = 15.0
_WIDTH: Final = 1280
_FPS: Final = 15


def add_parsers(commands: Commands) -> None:
    """Add `discover` to the command line."""
    parser = add_command(commands, "discover")
    lists: dict[str, Any] = {"action": "append", "default": []}
    text = help_text("discover.address")
    parser.add_argument("--address", type=_address, metavar="HOST", help=text, **lists)
    add_search_options(parser)
    duration: dict[str, Any] = {"type": seconds_between(0.1, 300.0), "metavar": "DURATION"}
    parser.add_argument(
        "--timeout", default=_TIMEOUT_S, help=help_text("discover.timeout"), **duration
    )
    parser.add_argument(
        "--width", type=_number_to(65535), default=_WIDTH, help=help_text("discover.width")
    )
    parser.add_argument(
        "--fps", type=_number_to(60), default=_FPS, help=help_text("discover.fps.help")
    )
    parser.add_argument("--json", action="store_true", help=help_text("option.json"))
    parser.add_argument("--match", action="store_true", help=help_text("discover.match"))
    parser.add_argument("--write", action="store_true", help=help_text("discover.write"))
    add_config_options(parser)


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where cameras are looked for, and who asks them."""
    text = help_text("discover.interface")
    parser.add_argument("--interface", action="append", default=[], metavar="NAME", help=text)
    wait, text = seconds_between(0.1, 300.0), help_text("discover.wait")
    parser.add_argument("--wait", default=_WAIT_S, type=wait, metavar="DURATION", help=text)
    parser.add_argument("--username", metavar="NAME", help=help_text("discover.username"))
    file = parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help=help_text("discover.password_file")
    )
    takes_file(file)


def discover(args: argparse.Namespace) -> int:
    """Find cameras and print their streams; returns the exit code, 1 when there is no camera."""
    language = language_from_locale(os.environ)
    if args.match:
        from edge_video.cli.match import match  # noqa: PLC0415 - only this option needs it

        return match(args, partial(_asked, args))
    if args.config is not None or args.config_dir is not None or args.write:
        refuse(f"edge-video discover: {lookup('match.config_alone', language)}")
    devices = _asked(args, language, lambda answers: answers)
    wish = Wish(args.width, args.fps)
    if args.json:
        shown = devices_as_json(devices, wish, language)
        print_out(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        print_out(render_devices(devices, wish, language))
    is_found = any(each.service is not None or each.answer.announced for each in devices)
    return EXIT_OK if is_found else EXIT_FAILURE


def _asked(
    args: argparse.Namespace, language: Language, more: Callable[[list[Answer]], list[Answer]]
) -> list[Device]:
    """Ask who answers the search, or was named by the options, and what else there is to ask."""
    ask = _asker(language)
    login = login_of(args, language)
    if args.address:
        answers = list(dict.fromkeys(args.address))
    else:
        answers = _found(args.interface, args.wait, language, quiet=args.json)
    return ask(more(answers), login, args.timeout)


def find_sources(
    args: argparse.Namespace, language: Language, taken: Container[str] = ()
) -> tuple[tuple[str, Source], ...] | None:
    """The proposed stream of each camera that is found, with an id; None when there is no camera.

    What is found is printed. Ids are `cam1`, `cam2`, … in the order of addresses, without those
    that are taken.
    """
    from edge_video.capture.onvif.matching import identity_of  # noqa: PLC0415 - as below
    from edge_video.capture.onvif.neighbours import neighbours  # noqa: PLC0415 - as below

    ask = _asker(language)
    login = login_of(args, language)
    answers = _found(args.interface, args.wait, language)
    wish = Wish(_WIDTH, _FPS)
    devices = ask(answers, login, _TIMEOUT_S)
    print_out(render_devices(devices, wish, language))
    username, password = (login.username, login.password) if login else (None, None)
    seen = neighbours()
    sources = []
    for device in devices:
        stream, identity = propose(device.streams, wish), identity_of(device, seen)
        if stream is not None:
            known = (identity.endpoint, identity.mac)
            sources.append(Source(stream.url, username, password, *known))
    ids = (each for n in itertools.count(1) if (each := f"cam{n}") not in taken)
    return tuple(zip(ids, sources, strict=False)) or None


def _asker(language: Language) -> Callable[[list[Answer], Login | None, float], list[Device]]:
    """What asks devices; refuses where its package is not installed."""
    try:
        from edge_video.capture.onvif.inquiry import ask_devices  # noqa: PLC0415 - optional
    except ImportError:
        _refuse(language, "no_package")
    return ask_devices


def login_of(args: argparse.Namespace, language: Language) -> Login | None:
    """Who asks, with the password from a file, the environment or the terminal; None: nobody.

    Raises:
        SystemExit: there is no password, or its file cannot be read.
    """
    if args.username is None:
        if args.password_file is not None:
            _refuse(language, "password_alone")
        return None
    if args.password_file is not None:
        return Login(args.username, _password_in(args.password_file, language))
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None and not sys.stdin.isatty():
        _refuse(language, "no_password", variable=PASSWORD_VARIABLE)
    if password is None:
        question = lookup("discover.ask_password", language).format(username=args.username)
        password = getpass.getpass(f"{question}: ")
    return Login(args.username, password)


def _password_in(path: Path, language: Language) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_PASSWORD + 2)
    except OSError as error:
        _refuse(language, "bad_password_file", reason=error.strerror or str(error))
    try:
        password = raw.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        password = ""
    if not password or len(password.encode()) > _MAX_PASSWORD or "\n" in password:
        reason = lookup("discover.password_file_lines", language).format(most=_MAX_PASSWORD)
        _refuse(language, "bad_password_file", reason=reason)
    return password


def _found(
    interfaces: Sequence[str], wait_s: float, language: Language, *, quiet: bool = False
) -> list[Answer]:
    """Who answers the multicast question."""
    from edge_video.capture.onvif.discovery import find_devices  # noqa: PLC0415 - as above

    addresses = _addresses(interfaces, language)
    if not quiet:
        facts = {"addresses": ", ".join(addresses), "wait": format_duration(wait_s)}
        print_out(lookup("discover.begin", language).format(**facts))
    try:
        return find_devices(addresses, wait_s)
    except OSError as error:
        _refuse(language, "not_sent", reason=error.strerror or str(error))


def _addresses(interfaces: Sequence[str], language: Language) -> list[str]:
    """The addresses of the chosen interfaces, or of all that lead somewhere."""
    known = ipv4_addresses()
    if not interfaces:
        found = [each for each in known if not each.is_loopback]
        if not found:
            _refuse(language, "no_network")
        return [each.address for each in found]
    chosen = []
    for name in interfaces:
        found = [each for each in known if name in (each.interface, each.address)]
        if not found:
            names = ", ".join(dict.fromkeys(each.interface for each in known))
            _refuse(language, "no_interface", name=shorten(name, 40), known=names)
        chosen += [each.address for each in found]
    return list(dict.fromkeys(chosen))


def _address(text: str) -> Answer:
    """The device at `HOST` or `HOST:PORT`."""
    try:
        return named_device(text)
    except ValueError:
        raise _bad("discover.bad_address", text) from None


def _number_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004 - digits enough
            raise _bad("discover.bad_number", text, most=most)
        return int(text)

    return number


def _bad(key: str, value: str, **facts: object) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(help_text(key).format(value=shorten(value, 40), **facts))


def _refuse(language: Language, key: str, **facts: object) -> NoReturn:
    refuse(f"edge-video discover: {lookup(f'discover.{key}', language).format(**facts)}")

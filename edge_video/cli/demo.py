"""Runs the command `demo`: synthetic cameras into a directory, and a page to see them on."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from edge_video.cli.common import EXIT_OK
from edge_video.cli.run import run_system
from edge_video.cli.standard_streams import print_out
from edge_video.config import Config, DirectorySinkConfig, load_config
from edge_video.log.setup import log_is_stuck
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse

    from edge_video.config.http import HttpConfig, ListenAddress

_OTHER_PORTS: Final = (*range(8081, 8100), 0)
"""Tried in turn where another program has the port; 0 is any free one."""


def demo(args: argparse.Namespace) -> int:
    """Run the demo's own configuration until a signal or the time limit; returns the exit code."""
    with resources.as_file(resources.files("edge_video.cli") / "demo.yaml") as path:
        config = load_config(path, os.environ)
    language = configured_language(config)
    _print_text("demo.cameras", language)
    if args.seconds is None:
        _print_text("demo.until", language)
    else:
        _print_text("demo.for", language, duration=format_duration(args.seconds))
    config = _with_page(config, language)
    code = run_system(config, args, source=lookup("demo.source", language))
    if code == EXIT_OK and isinstance(config.sink, DirectorySinkConfig):
        pictures = sorted(Path(config.sink.path).glob("*/latest.jpg"))
        _print_text("demo.pictures", language, files=", ".join(map(str, pictures)) or "–")
    return code


def _print_text(key: str, language: Language, **facts: object) -> None:
    """Print a text to standard output, if that takes anything; the demo runs without as well."""
    if not log_is_stuck():
        with contextlib.suppress(OSError):
            print_out(lookup(key, language).format(**facts))


def _with_page(config: Config, language: Language) -> Config:
    """The configuration with a free port and a fresh token, in a link that is printed here only."""
    if config.http is None:
        return config
    http = _with_free_port(config.http, language)
    token = secrets.token_urlsafe(9)
    _print_text("demo.page", language, url=f"http://{http.listen}/#token={token}")
    http = http.model_copy(update={"token": SecretStr(token)})
    return config.model_copy(update={"http": http})


def _with_free_port(http: HttpConfig, language: Language) -> HttpConfig:
    """The section with another port where the one it has is taken, which is said."""
    wanted = http.address
    if _free_port(wanted.host, wanted.port) is not None:
        return http
    ports = (_free_port(wanted.host, port) for port in _OTHER_PORTS)
    other = next((port for port in ports if port is not None), None)
    if other is None:
        return http  # the server says what is wrong, and goes on trying
    _print_text("demo.busy", language, port=wanted.port, other=other)
    return http.model_copy(update={"listen": _listen(wanted, other)})


def _free_port(host: str, port: int) -> int | None:
    """A port at which a server can listen now; None while another program has it."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((host, port))
        except OSError as error:
            return None if error.errno == errno.EADDRINUSE else port
        found: int = server.getsockname()[1]
        return found


def _listen(address: ListenAddress, port: int) -> str:
    return f"{address.host}:{port}"

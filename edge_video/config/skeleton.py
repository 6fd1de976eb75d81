"""Writes the first configuration of a machine, and its `.env`, from a few answers. Pure.

No secret stands in the configuration: passwords and tokens, and URLs that hold some, become
variables of `.env`. What it writes is a valid configuration when the answers are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.config.env_file import ENV_FILE, env_line
from edge_video.text.catalog import lookup
from edge_video.text.redact import secrets_in_url
from edge_video.text.urls import AMQP_PORTS, NETWORK_SCHEMES, SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.text.language import Language

DEFAULT_BROKER: Final = "amqp://127.0.0.1:5672/"
DEFAULT_LISTEN: Final = "127.0.0.1:8080"
TEST_PICTURE: Final = "lavfi:testsrc2=size=640x360:rate=15"
_COMMENT_COLUMN: Final = 40


@dataclass(frozen=True, slots=True)
class Source:
    """Says where something is, and who may use it.

    Attributes:
        url: as it was given; it may hold credentials.
        username: None: the URL's, if it has one.
        password: None: the URL's, if it has one.
        endpoint: what the device calls itself in ONVIF; empty where that is unknown.
        mac: its hardware address; empty where that is unknown.
    """

    url: str = field(repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    endpoint: str = ""
    mac: str = ""

    @property
    def is_network(self) -> bool:
        """Whether it is behind a network, so that it may ask who comes."""
        return self.url.partition("://")[0].lower() in (*NETWORK_SCHEMES, *AMQP_PORTS)

    @property
    def known_username(self) -> str | None:
        """The user, wherever it is named."""
        split = self._split
        return self.username or (split.username if split else None)

    @property
    def has_password(self) -> bool:
        """Whether a password is named; an empty one is one."""
        split = self._split
        in_url = split is not None and split.password is not None
        return in_url or self.password is not None

    @property
    def _split(self) -> SplitUrl | None:
        try:
            return split_url(self.url)
        except ValueError:
            return None  # a file, a test source, or a mistake that the validation reports

    def in_parts(self) -> tuple[str, str | None, str | None]:
        """The URL without credentials, the user and the password."""
        split = self._split
        if split is None or split.username is split.password is None:
            return self.url, self.username, self.password
        password = split.password if self.password is None else self.password
        return split.without_credentials, self.username or split.username, password


@dataclass(frozen=True, slots=True)
class Answers:
    """Holds what the files are made of.

    Attributes:
        language: of the comments, the log and the reports.
        broker: None: frames become files.
        cameras: ids and sources, in their order.
        listen: where the page is served; None: there is none.
        token: opens the page; of use with `listen` only.
    """

    language: Language
    broker: Source | None = field(default_factory=lambda: Source(DEFAULT_BROKER))
    cameras: tuple[tuple[str, Source], ...] = ()
    listen: str | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Files:
    """Holds the text of both files."""

    config: str
    env: str = field(repr=False)


def write_skeleton(answers: Answers, config_name: str) -> Files:
    """Return both files; `config_name` is how the comments call the first."""
    variables = _Variables()
    comment = _Comments(answers.language)
    lines = [
        *_head(comment),
        "",
        comment.behind(f"language: {answers.language.value}", "language"),
        "",
        comment.behind("fps: 15", "fps"),
        comment.behind("quality: 5", "quality"),
        "",
        *_destination(answers.broker, variables, comment),
        "",
        *_page(answers, variables, comment),
        "",
        comment.heading("cameras"),
        "cameras:",
        *_cameras(answers.cameras, variables, comment),
    ]
    return Files("\n".join(lines) + "\n", _env(variables, comment, config_name))


def _head(comment: _Comments) -> Iterator[str]:
    yield comment.line("title")
    yield "#"
    for command, key in (
        ("edge-video check", "check"),
        ("edge-video probe", "probe"),
        ("edge-video", "run"),
    ):
        yield f"#   {command:<18}{comment.text(key)}"
    yield "#"
    yield comment.line("variables", env=ENV_FILE)
    yield from (comment.line(key) for key in ("durations", "every_key", "editor"))


def _destination(broker: Source | None, variables: _Variables, comment: _Comments) -> Iterator[str]:
    if broker is None:
        yield comment.heading("to_files")
        yield "sink:"
        yield "  type: directory"
        yield comment.behind("  path: frames", "path")
        yield comment.behind("  keep: 100", "keep")
        yield f'# amqp: {{url: "{DEFAULT_BROKER}"}}'
        return
    yield comment.heading("to_broker")
    yield "amqp:"
    url, *credentials = _source(broker, "BROKER", variables)
    yield comment.behind(f"  {url}", "tls")
    yield from (f"  {line}" for line in credentials)
    yield comment.behind('  exchange: "edge-video"', "exchange")
    yield comment.behind('  routing_key_prefix: ""', "prefix")


def _page(answers: Answers, variables: _Variables, comment: _Comments) -> Iterator[str]:
    off = "" if answers.listen else "# "
    yield comment.heading("http")
    yield f"{off}http:"
    listen = answers.listen or DEFAULT_LISTEN
    yield comment.behind(f"{off}  listen: {_quoted(listen)}", "listen")
    token = variables.name("HTTP_TOKEN", answers.token, comment="env_http", off=bool(off))
    yield f'{off}  token: "${{{token}}}"'


def _cameras(
    cameras: tuple[tuple[str, Source], ...], variables: _Variables, comment: _Comments
) -> Iterator[str]:
    for number, (camera_id, source) in enumerate(cameras or (("test-picture", None),)):
        line = f"  - id: {_quoted(camera_id)}"
        yield line if number else comment.behind(line, "id")
        if source is None:
            yield f"    {comment.line('test_picture')}"
            yield f"    url: {_quoted(TEST_PICTURE)}"
            continue
        for each in _source(source, variables.prefix(camera_id), variables):
            yield f"    {each}"
        known = {"endpoint": source.endpoint, "mac": source.mac}
        device = ", ".join(f"{key}: {_quoted(each)}" for key, each in known.items() if each)
        if device:
            yield f"    device: {{{device}}}"
    yield f"  # {comment.text('another')}"
    yield '  # - id: "one-more"'
    yield '  #   url: "rtsp://10.0.0.6:554/stream"'
    yield '  #   username: "viewer"'
    yield f'  #   password: "${{{variables.name("ONE_MORE_PASSWORD", "", off=True)}}}"'


def _source(source: Source, prefix: str, variables: _Variables) -> Iterator[str]:
    """The keys url, username and password; what is secret in them becomes a variable."""
    url, username, password = source.in_parts()
    if any(secrets_in_url(url)):
        yield f'url: "${{{variables.name(f"{prefix}_URL", url)}}}"'
    else:
        yield f"url: {_quoted(url)}"
    if username is not None:
        yield f"username: {_quoted(username)}"
    if password:
        yield f'password: "${{{variables.name(f"{prefix}_PASSWORD", password)}}}"'
    elif password is not None:
        yield 'password: ""'


def _env(variables: _Variables, comment: _Comments, config_name: str) -> str:
    lines = [comment.line("env_title", config=config_name), comment.line("env_quotes"), ""]
    for name, variable in variables.known.items():
        if variable.comment:
            lines.append(comment.line(variable.comment))
        line = env_line(name, variable.value) if variable.value else f"{name}="
        lines.append(f"# {line}" if variable.off else line)
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A YAML text in double quotes, in which nothing is taken for a variable."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${")


@dataclass(frozen=True, slots=True)
class _Variable:
    value: str = field(repr=False)
    comment: str = ""
    off: bool = False


class _Variables:
    """Gives names to what is secret, each once."""

    def __init__(self) -> None:
        self.known: dict[str, _Variable] = {}

    def prefix(self, camera_id: str) -> str:
        """The beginning of a camera's names; no name of a variable begins with a digit."""
        letters = re.sub(r"[^A-Za-z0-9]", "_", camera_id).upper()
        return letters if letters[:1].isalpha() else f"CAMERA_{letters}"

    def name(self, wanted: str, value: str, *, comment: str = "", off: bool = False) -> str:
        """Take down a value and return its name: the one that is wanted, if it is free."""
        name, number = wanted, 2
        while name in self.known:
            name, number = f"{wanted}_{number}", number + 1
        self.known[name] = _Variable(value, comment, off)
        return name


@dataclass(frozen=True, slots=True)
class _Comments:
    """Puts texts behind and between the lines, in one language."""

    language: Language

    def text(self, key: str, **facts: str) -> str:
        return lookup(f"init.{key}", self.language).format(**facts)

    def line(self, key: str, **facts: str) -> str:
        return f"# {self.text(key, **facts)}"

    def heading(self, key: str) -> str:
        return f"# ---- {self.text(key)} ----"

    def behind(self, line: str, key: str) -> str:
        return f"{line:<{_COMMENT_COLUMN}} # {self.text(key)}"

"""The `http` section: what it amounts to, and what an operator reads when it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.config import ConfigError, parse_config

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.config import HttpConfig

BASE = "sink: directory\ncameras:\n  - {id: cam1, url: lavfi:testsrc2}\n"
CANARY = "canary-7391"


def load(section: str, environ: dict[str, str] | None = None) -> HttpConfig:
    config = parse_config(f"{BASE}http:\n{section}", "c.yaml", environ or {})
    assert config.http is not None
    return config.http


def problems(section: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(section, environ)
    return str(error.value).splitlines()


def test_nothing_is_served_without_the_section() -> None:
    assert parse_config(BASE, "c.yaml", {}).http is None


def test_a_token_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{CANARY}\n")
    for written in ("${TOKEN}", f"file:{secret}", CANARY):
        http = load(f'  listen: "0.0.0.0:8080"\n  token: "{written}"\n', {"TOKEN": CANARY})
        assert http.token is not None
        assert http.token.get_secret_value() == CANARY
        assert CANARY not in repr(http)


def test_the_token_is_masked_wherever_the_configuration_is_shown() -> None:
    config = parse_config(f"{BASE}http: {{token: {CANARY}}}\n", "c.yaml", {})
    assert config.masked()["http"]["token"] == "***"
    assert CANARY not in config.secrets()(f"the token is {CANARY}")


@pytest.mark.parametrize(
    ("listen", "host", "port", "is_loopback"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.1.2.3:1", "127.1.2.3", 1, True),
        ("[::1]:8080", "::1", 8080, True),
        ("localhost:0", "localhost", 0, True),
        ("0.0.0.0:8080", "0.0.0.0", 8080, False),
        ("[::]:8080", "::", 8080, False),
        ("10.0.0.5:80", "10.0.0.5", 80, False),
        ("edge.shop.example:80", "edge.shop.example", 80, False),
    ],
)
def test_who_reaches_an_address_decides_whether_it_needs_a_token(
    listen: str, host: str, port: int, *, is_loopback: bool
) -> None:
    with_token = load(f'  listen: "{listen}"\n  token: {CANARY}\n').address
    assert (with_token.host, with_token.port) == (host, port)
    assert with_token.is_loopback is is_loopback
    if is_loopback:
        assert load(f'  listen: "{listen}"\n').token is None
    else:
        [problem] = problems(f'  listen: "{listen}"\n')
        assert problem.startswith("c.yaml:4: http.token: it is required")


LISTEN = "it must be an address and a port, like 127.0.0.1:8080 or [::1]:8080"


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("  listen: 8080\n", [f"c.yaml:5: http.listen: {LISTEN}"]),
        ("  listen: 127.0.0.1\n", [f"c.yaml:5: http.listen: {LISTEN}"]),
        ("  listen: 127.0.0.1:65536\n", [f"c.yaml:5: http.listen: {LISTEN}"]),
        ("  listen: http://127.0.0.1:80\n", [f"c.yaml:5: http.listen: {LISTEN}"]),
        (
            '  listen: "[::g]:80"\n',
            ["c.yaml:5: http.listen: what stands between [ and ] is no IPv6 address"],
        ),
        ("  token: short\n", ["c.yaml:5: http.token: a token has 8 to 200 characters"]),
        (
            "  token: a token with spaces\n",
            [
                (
                    "c.yaml:5: http.token: a token is made of ASCII letters, digits and signs,"
                    " without spaces"
                )
            ],
        ),
        (
            "  tokn: abcdefgh\n",
            ['c.yaml:5: http.tokn: there is no such key; did you mean "token"?'],
        ),
        (
            "  hosts: ['https://cameras.example']\n",
            [
                "c.yaml:5: http.hosts[0]: it must be a host name, without scheme, port or path",
            ],
        ),
        (
            "  ready: {publisher: maybe, cameras: -1}\n",
            [
                "c.yaml:5: http.ready.publisher: maybe is neither true nor false",
                "c.yaml:5: http.ready.cameras: -1 is not between 0 and 10000",
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key(section: str, wrong: list[str]) -> None:
    assert problems(section) == wrong


def test_a_wrong_token_is_not_quoted() -> None:
    [problem] = problems("  token: ${TOKEN}\n", {"TOKEN": f"{CANARY} é"})
    assert CANARY not in problem


def test_misplaced_cameras_are_not_sent_to_the_probes() -> None:
    with pytest.raises(ConfigError) as error:
        parse_config("amqp:\n  cameras: []\n", "c.yaml", {})
    assert "http.ready" not in str(error.value)

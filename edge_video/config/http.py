"""Declares the section of the operator's view over HTTP: where it listens, who may use it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from edge_video.config.schema_rules import HOST_NAME, LISTEN
from edge_video.config.section import (
    Accepts,
    Keys,
    Section,
    default,
    invalid,
    made_by,
    raise_conflicts,
)
from edge_video.config.types import Flag, InSchema, Secret, Text, Whole
from edge_video.text.urls import MAX_PORT

if TYPE_CHECKING:
    from edge_video.text.redact import Redactor

_HOST_AND_PORT: Final = re.compile(
    r"(\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]/@\s]+)):(?P<port>[0-9]{1,5})"
)
_SHORTEST_TOKEN: Final = 8
_MAX_TOKEN: Final = 200
# One that names a file, or a variable, is as long as the name.
_IN_SCHEMA: Final = InSchema(pattern=rf"^(?:[!-~]{{{_SHORTEST_TOKEN},{_MAX_TOKEN}}}|file:.+)$")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address at which HTTP is served."""

    host: str
    port: int
    """0: any free one."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _split_listen(text: str) -> ListenAddress:
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or int(match["port"]) > MAX_PORT:
        raise invalid("it must be an address and a port, like 127.0.0.1:8080 or [::1]:8080")
    host = match["v6"] or match["host"].lower()
    if match["v6"]:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise invalid("what stands between [ and ] is no IPv6 address") from None
    return ListenAddress(host, int(match["port"]))


def _listen(text: str) -> str:
    _split_listen(text)
    return text


def _token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value()
    if not _SHORTEST_TOKEN <= len(token) <= _MAX_TOKEN:
        raise invalid(f"a token has {_SHORTEST_TOKEN} to {_MAX_TOKEN} characters")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise invalid("a token is made of ASCII letters, digits and signs, without spaces")
    return secret


def _host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text):
        raise invalid("it must be a host name, without scheme, port or path")
    return text.lower()


class ReadyConfig(Section):
    """What `/ready` asks for."""

    publisher: Flag = True
    """The broker is connected."""
    cameras: Annotated[Whole, Field(ge=0, le=10_000)] = 1
    """So many cameras stream, at least."""


class HttpConfig(Section):
    """The operator's page, probes, metrics and API; off unless this section is there."""

    listen: Annotated[Text, AfterValidator(_listen), InSchema(pattern=LISTEN)] = "127.0.0.1:8080"
    """Address and port. Anything but the machine itself needs a token."""
    token: Accepts[
        Annotated[Secret, AfterValidator(_token), _IN_SCHEMA] | None, SecretStr | str | None
    ] = default(None)
    """Opens actions; on an address that others reach, reading too. Absent: no actions."""
    hosts: Accepts[
        tuple[Annotated[str, AfterValidator(_host_name), InSchema(pattern=HOST_NAME)], ...],
        list[str] | tuple[str, ...],
    ] = default(())
    """Names besides IP addresses under which browsers may ask: a DNS name, a proxy's name."""
    ready: Accepts[ReadyConfig, ReadyConfig | Keys] = made_by(ReadyConfig)
    """What `/ready` asks for before it answers 200."""

    @property
    def address(self) -> ListenAddress:
        """`listen` in parts."""
        return _split_listen(self.listen)

    def add_secrets(self, redactor: Redactor) -> None:
        """Let `redactor` mask the token."""
        if self.token is not None:
            redactor.add_secret(self.token.get_secret_value())

    @model_validator(mode="after")
    def _public_address_needs_token(self) -> Self:
        if self.token is None and not self.address.is_loopback:
            message = (
                "it is required, because listen is an address that other machines reach;"
                " set one (${NAME} or file:/run/secrets/...), or listen on 127.0.0.1"
            )
            raise_conflicts([("token", ("token", "listen"), message)])
        return self

"""Checks the options of the page, by the same rules as the configuration's `http` section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from edge_video.config import HttpConfig
from edge_video.http.settings import HttpSettings
from edge_video.text.catalog import Language, lookup
from edge_video.text.phrases import translated
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.watch.subscription import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_CONNECTIONS: Final = 128
_OPTIONS: Final = {"listen": "--http", "token": "--token", "hosts": "--host"}


def page_settings(
    listen: str, token: str | None, hosts: Sequence[str], language: Language
) -> HttpSettings:
    """The settings of the server.

    Args:
        listen: address and port.
        token: opens the page; None: there is none, and only this machine is served.
        hosts: further names under which browsers may ask.
        language: of browsers that ask for none that we have.

    Raises:
        BadInput: an option is wrong; the token is not quoted.
    """
    try:
        http = HttpConfig.model_validate({"listen": listen, "token": token, "hosts": list(hosts)})
    except ValidationError as error:
        raise BadInput(_complaint(error, listen, language)) from None
    address = http.address
    return HttpSettings(
        host=address.host,
        port=address.port,
        token=token,
        only_this_machine=address.is_loopback,
        names=http.hosts,
        max_connections=_MAX_CONNECTIONS,
        language=language,
    )


def _complaint(error: ValidationError, listen: str, language: Language) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    if not first["loc"]:  # the rule about two keys: an address of others without a token
        return lookup("fleet.needs_token", language).format(address=listen, variable=TOKEN_VARIABLE)
    option = _OPTIONS.get(str(first["loc"][0]), "--http")
    return f"{option}: {translated(first['msg'], language)}"

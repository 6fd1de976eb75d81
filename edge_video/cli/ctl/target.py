"""Finds whom `ctl` asks: the broker of a URL or a configuration, or one node's HTTP address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from edge_video.cli.common import existing_default_config
from edge_video.cli.ctl.options import KEY_VARIABLE, PASSWORD_VARIABLE
from edge_video.cli.ctl.over_http import HttpAsker
from edge_video.cli.ctl.request import BadInput
from edge_video.config import (
    AmqpConfig,
    CommandsConfig,
    load_commands_exchange_with_env_file,
)
from edge_video.delivery.commands.client import CommandClient, Key
from edge_video.delivery.commands.tokens import SHORTEST_KEY
from edge_video.runtime.files import read_regular
from edge_video.text.catalog import lookup
from edge_video.text.urls import split_url
from edge_video.top.options import TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse

    from edge_video.config import Config
    from edge_video.text.catalog import Language

_HTTP: Final = ("http://", "https://")
_MAX_KEY_FILE: Final = 4096
_DEFAULT_EXCHANGE: Final = CommandsConfig.model_fields["exchange"].default


def asker_of(
    args: argparse.Namespace, config: Config | None, language: Language
) -> CommandClient | HttpAsker:
    """Whom the options name, or the configuration where there is no `--url`.

    Raises:
        BadInput: they name nobody, or no key.
        edge_video.config.ConfigError: the configuration is not valid.
    """
    if args.url is not None and args.url.lower().startswith(_HTTP):
        if args.exchange or args.key_name or args.key_file:
            raise BadInput(lookup("ctl.only_broker", language))
        try:
            return HttpAsker(args.url, args.token or os.environ.get(TOKEN_VARIABLE) or None)
        except ValueError as error:
            raise BadInput(str(error)) from None
    key = _key(args, language)
    amqp = _broker(args.url, config, language)
    exchange = args.exchange or _exchange(args) or _DEFAULT_EXCHANGE
    return CommandClient(amqp.settings_of_each(), exchange, key)


def _broker(url: str | None, config: Config | None, language: Language) -> AmqpConfig:
    if url is not None:
        return _broker_of_url(url)
    amqp = None if config is None else config.amqp
    if amqp is None or not amqp.addresses:
        raise BadInput(lookup("ctl.no_broker", language))
    return amqp


def _broker_of_url(url: str) -> AmqpConfig:
    password = os.environ.get(PASSWORD_VARIABLE)
    try:
        split = split_url(url)
        if password and split.username is not None and split.password is None:
            return AmqpConfig.model_validate({"url": url, "password": password})
        return AmqpConfig(url=url)
    except ValidationError as error:
        raise BadInput(f"--url: {error.errors()[0]['msg']}") from None
    except ValueError as error:
        raise BadInput(f"--url: {error}") from None


def _exchange(args: argparse.Namespace) -> str | None:
    path = args.config or (existing_default_config() if args.url is None else None)
    return None if path is None else load_commands_exchange_with_env_file(path, os.environ)


def _key(args: argparse.Namespace, language: Language) -> Key | None:
    """What requests are signed with; None: the broker's user stands for them."""
    if args.key_name is None:
        if args.key_file is not None:
            raise BadInput(lookup("ctl.no_key_name", language))
        return None
    if args.key_file is None:
        key = os.environ.get(KEY_VARIABLE, "").encode()
    else:
        try:
            key = read_regular(args.key_file, _MAX_KEY_FILE).strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadInput(f"--key-file: {args.key_file}: {reason}") from None
    if len(key) < SHORTEST_KEY:
        raise BadInput(lookup("ctl.no_key", language))
    return Key(args.key_name, key)

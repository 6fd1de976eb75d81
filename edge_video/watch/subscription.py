"""Decides where `watch` listens, from its options and a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge_video.config import AmqpConfig
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.watch.consumer import Binding, Subscription

if TYPE_CHECKING:
    import argparse
    import ssl

    from edge_video.config import Config
    from edge_video.delivery.amqp.settings import AmqpSettings


class BadInput(Exception):  # noqa: N818 - it is what the exit code is called
    """The options do not make sense; the message says which, and why."""


def subscription_of(args: argparse.Namespace, config: Config | None) -> Subscription:
    """The broker and the bindings that the options and the configuration name.

    Raises:
        BadInput: there is no broker to listen to, or no such camera.
    """
    amqp = broker_of(args.url, config)
    (broker, tls), *others = each_broker(amqp)
    likely = [AmqpConfig().exchange, amqp.exchange]
    if config is not None and args.url is None:
        likely += [each.exchange for each in config.cameras]
    return Subscription(broker, _bindings(args, config), tls, tuple(dict.fromkeys(likely)), others)


def broker_of(url: str | None, config: Config | None) -> AmqpConfig:
    """The broker of a URL, or else of a configuration.

    Raises:
        BadInput: neither names one, or the URL is none.
    """
    amqp = config.amqp if config is not None else None
    if url is not None:
        try:
            amqp = AmqpConfig(url=url)
        except ValidationError as error:
            raise BadInput(f"--url: {error.errors()[0]['msg']}") from None
    if amqp is None or not amqp.addresses:
        raise BadInput("no broker: name one with --url amqp://… or with --config FILE")
    return amqp


def each_broker(amqp: AmqpConfig) -> list[tuple[AmqpSettings, ssl.SSLContext | None]]:
    """Every node of the broker, with its TLS; the first is tried first."""
    return [
        (each, None if each.tls is None else make_tls_context(each.tls))
        for each in amqp.settings_of_each()
    ]


def _bindings(args: argparse.Namespace, config: Config | None) -> list[Binding]:
    if args.url is not None or config is None:
        return [Binding(args.exchange or AmqpConfig().exchange)]
    if args.exchange is not None:
        return [Binding(args.exchange)]
    cameras = {camera.id: camera for camera in config.cameras}
    unknown = [each for each in args.camera if each not in cameras]
    if unknown:
        raise BadInput(f"no camera {', '.join(unknown)}; there are {', '.join(cameras)}")
    if not args.camera:
        return [Binding(each) for each in dict.fromkeys(c.exchange for c in config.cameras)]
    return [Binding(cameras[each].exchange, cameras[each].routing_key) for each in args.camera]

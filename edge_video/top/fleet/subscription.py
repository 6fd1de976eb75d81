"""Decides where `fleet` listens, from its options and a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster.names import ANNOUNCEMENTS
from edge_video.watch.consumer import Binding, Subscription
from edge_video.watch.subscription import BadInput, broker_of, each_broker

if TYPE_CHECKING:
    import argparse

    from edge_video.config import Config

EVENTS_EXCHANGE: Final = "edge-video.events"
"""Where events are looked for unless the options or the configuration say otherwise."""
_QUEUE_MESSAGES: Final = 5000
"""What two hundred nodes send in half a minute when all of them begin at once, and more."""

__all__ = ["ANNOUNCEMENTS", "EVENTS_EXCHANGE", "BadInput", "fleet_subscription"]


def fleet_subscription(args: argparse.Namespace, config: Config | None) -> Subscription:
    """The broker, and the exchanges of events and announcements.

    Raises:
        BadInput: there is no broker to listen to.
    """
    (broker, tls), *others = each_broker(broker_of(args.url, config))
    return Subscription(
        broker,
        [
            *(Binding(each) for each in _event_exchanges(args, config)),
            Binding(ANNOUNCEMENTS, may_be_missing=True),
        ],
        tls,
        (EVENTS_EXCHANGE,),
        others,
        name="edge-video fleet",
        queue_messages=_QUEUE_MESSAGES,
    )


def _event_exchanges(args: argparse.Namespace, config: Config | None) -> list[str]:
    named = [each for each in dict.fromkeys(args.exchange) if each != ANNOUNCEMENTS]
    if not named and config is not None and args.url is None and config.events is not None:
        return [config.events.exchange]
    return named or [EVENTS_EXCHANGE]

"""Runs the `watch` command: puts its parts together."""

from __future__ import annotations

import contextlib
import io
import time
from typing import TYPE_CHECKING

from edge_video.runtime.signals import ShutdownSignals
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.watch.consumer import Consumer, NoExchangeError
from edge_video.watch.picture import structural_defect
from edge_video.watch.save import Saver
from edge_video.watch.screens import make_screen
from edge_video.watch.session import WatchSession
from edge_video.watch.subscription import BadInput, subscription_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from edge_video.config import Config
    from edge_video.watch.consumer import Subscription
    from edge_video.watch.pages import PictureServer

__all__ = ["BadInput", "decoder", "run"]


def decoder() -> Callable[[bytes], str | None]:
    """Decodes a whole picture with Pillow; the function answers what is wrong with it.

    Raises:
        BadInput: Pillow is not installed.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - optional
    except ImportError:
        raise BadInput("--decode needs Pillow: pip install Pillow") from None

    def defect(image: bytes) -> str | None:
        try:
            with Image.open(io.BytesIO(image), formats=("JPEG",)) as picture:
                picture.load()
        except Exception as error:  # noqa: BLE001 - what a decoder makes of foreign bytes
            return str(error) or type(error).__name__
        return None

    return defect


def run(args: argparse.Namespace, config: Config | None, language: Language) -> bool:
    """Watch until a signal or `--seconds`; False when `--seconds` passed without a frame.

    Raises:
        BadInput: the options do not make sense.
    """
    subscription = subscription_of(args, config)
    session = WatchSession(
        camera_ids=frozenset(args.camera),
        defect=decoder() if args.decode else structural_defect,
        saver=_saver(args),
        language=language,
        screen=make_screen(language, as_json=args.json),
        ends_at_s=None if args.seconds is None else time.monotonic() + args.seconds,
    )
    session.screen.header = _header(subscription, language, decodes=args.decode)
    consumer = Consumer(subscription, session.listener())
    session.stop = consumer.stop
    with contextlib.ExitStack() as stack:
        server = None if args.http is None else _picture_server(args.http, session)
        if server is not None:
            stack.callback(server.stop)
        stack.enter_context(_stopped_by_signals(consumer))
        stack.enter_context(session.screen)
        if server is not None:
            server.start()
            text = lookup("watch.pictures", language).format(url=server.url)
            session.screen.show("pictures", text, url=server.url)
        try:
            consumer.run()
        except NoExchangeError as error:
            raise BadInput(_no_exchange(error, subscription, language)) from None
        session.screen.finish(session.tally)
    return args.seconds is None or bool(session.tally.views(time.monotonic()))


def _header(subscription: Subscription, language: Language, *, decodes: bool) -> str:
    return lookup("watch.header", language).format(
        broker=subscription.target,
        exchanges=", ".join(dict.fromkeys(each.exchange for each in subscription.bindings)),
        check=lookup("watch.by_pillow" if decodes else "watch.by_structure", language),
    )


def _no_exchange(error: NoExchangeError, subscription: Subscription, language: Language) -> str:
    has = ""
    if error.likely:
        likely = ", ".join(map(one_line, error.likely))
        has = lookup("watch.has_exchange", language).format(exchanges=likely)
    return lookup("watch.no_exchange", language).format(
        exchange=one_line(error.exchange), broker=subscription.target, has=has
    )


def _picture_server(address: tuple[str, int], session: WatchSession) -> PictureServer:
    from edge_video.watch.pages import Pictures, PictureServer  # noqa: PLC0415 - for --http

    session.pictures = Pictures()
    try:
        return PictureServer(address, session.pictures, session.language)
    except OSError as error:
        raise BadInput(f"--http: {error.strerror or error}") from None


def _saver(args: argparse.Namespace) -> Saver | None:
    if args.save is None:
        return None
    try:
        return Saver(args.save, args.limit)
    except OSError as error:
        raise BadInput(f"--save: {error.strerror or error}") from None


def _stopped_by_signals(consumer: Consumer) -> ShutdownSignals:
    """The first signal ends in order; a second one, should the broker hang, at once."""

    def stop(_: object) -> None:
        if consumer.is_stopping:
            raise KeyboardInterrupt
        consumer.stop()

    return ShutdownSignals(stop)

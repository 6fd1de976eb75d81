"""The `watch` command: who to listen to, what to show, when to end."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import ValidationError
from rich.console import Console
from rich.live import Live

from edge_video.config import AmqpConfig
from edge_video.delivery.amqp.settings import TlsSettings
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.runtime.signals import ShutdownSignals
from edge_video.text.catalog import Language, lookup
from edge_video.text.formatting import format_rounded_duration
from edge_video.watch import view
from edge_video.watch.consumer import Binding, Consumer, Listener, Subscription
from edge_video.watch.picture import structural_defect
from edge_video.watch.save import Saver
from edge_video.watch.tally import Tally, read_arrival

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from edge_video.config import Config
    from edge_video.watch.pages import Pictures, PictureServer

_TABLE_S: Final = 0.5
_LINES_S: Final = 5.0
_JSON_S: Final = 1.0


class BadInput(Exception):  # noqa: N818 - it is what the exit code is called
    """The options do not make sense, in words."""


def subscription_of(args: argparse.Namespace, config: Config | None) -> Subscription:
    """Where to listen.

    Raises:
        BadInput: there is no broker to listen to, or no such camera.
    """
    amqp = config.amqp if config is not None else None
    if args.url is not None:
        try:
            amqp = AmqpConfig(url=args.url)
        except ValidationError as wrong:
            raise BadInput(f"--url: {wrong.errors()[0]['msg']}") from None
    if amqp is None or amqp.url is None:
        raise BadInput("no broker: name one with --url amqp://… or with --config FILE")
    tls = None
    if amqp.broker.tls:
        files = amqp.tls
        settings = TlsSettings()
        if files is not None:
            settings = TlsSettings(files.ca, files.cert, files.key, files.verify)
        tls = make_tls_context(settings)
    return Subscription(amqp.broker, _bindings(args, config), tls)


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
    watching = _WatchSession(
        camera_ids=frozenset(args.camera),
        defect=decoder() if args.decode else structural_defect,
        saver=_saver(args),
        language=language,
        screen=_screen(args, language),
        ends_at_s=None if args.seconds is None else time.monotonic() + args.seconds,
    )
    watching.screen.header = lookup("watch.header", language).format(
        broker=subscription.broker,
        exchanges=", ".join(dict.fromkeys(each.exchange for each in subscription.bindings)),
        check=lookup("watch.by_pillow" if args.decode else "watch.by_structure", language),
    )
    consumer = Consumer(subscription, watching.listener())
    watching.stop = consumer.stop
    with contextlib.ExitStack() as stack:
        server = None if args.http is None else _picture_server(args.http, watching)
        if server is not None:
            stack.callback(server.stop)
        stack.enter_context(_stopped_by_signals(consumer))
        stack.enter_context(watching.screen)
        if server is not None:
            server.start()
            words = lookup("watch.pictures", language).format(url=server.url)
            watching.screen.say("pictures", words, url=server.url)
        consumer.run()
        watching.screen.finish(watching.tally)
    return args.seconds is None or bool(watching.tally.views(time.monotonic()))


def _picture_server(address: tuple[str, int], watching: _WatchSession) -> PictureServer:
    from edge_video.watch.pages import Pictures, PictureServer  # noqa: PLC0415 - for --http

    watching.pictures = Pictures()
    try:
        return PictureServer(address, watching.pictures)
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


@dataclass(slots=True)
class _WatchSession:
    """What happens to a frame. Everything runs in the consumer's thread, the main one."""

    camera_ids: frozenset[str]
    defect: Callable[[bytes], str | None]
    saver: Saver | None
    language: Language
    screen: _Screen
    ends_at_s: float | None
    tally: Tally = field(default_factory=Tally)
    pictures: Pictures | None = None
    stop: Callable[[], None] = lambda: None

    def listener(self) -> Listener:
        return Listener(self.frame, self.connected, self.lost, self.tick)

    def frame(self, headers: Mapping[str, Any], image: bytes) -> None:
        arrival = read_arrival(headers, len(image), time.monotonic(), time.time_ns())
        if arrival is None:
            self.tally.unrecognised += 1
            return
        if self.camera_ids and arrival.camera_id not in self.camera_ids:
            return
        arrival = replace(arrival, defect=self.defect(image))
        self.tally.take(arrival)
        if self.pictures is not None:
            self.pictures.take(arrival.camera_id, arrival.seq, arrival.at_s, image)
        if self.saver is not None:
            try:
                self.saver.save(arrival, image)
            except OSError as error:
                self.saver = None
                words = lookup("watch.save_failed", self.language)
                self.screen.say("save", words.format(reason=error.strerror or error))

    def connected(self) -> None:
        self.tally.interrupted()
        self.screen.say("connected", lookup("watch.connected", self.language))

    def lost(self, reason: str, retry_in_s: float) -> None:
        words = lookup("watch.lost", self.language)
        self.screen.say(
            "lost",
            words.format(reason=reason, retry_in=format_rounded_duration(retry_in_s)),
            reason=reason,
        )

    def tick(self) -> None:
        now_s = time.monotonic()
        for silence in self.tally.silences(now_s):
            self.screen.say(
                "silent" if silence.silent else "back",
                view.silence_words(silence, self.language),
                camera_id=silence.camera_id,
            )
        self.screen.refresh(self.tally, now_s)
        if self.ends_at_s is not None and now_s >= self.ends_at_s:
            self.stop()


class _Screen:
    """Lines on standard output: the form for pipes and files."""

    period_s = _LINES_S

    def __init__(self, language: Language) -> None:
        self.header = ""
        self._language = language
        self._shown_at_s = 0.0

    def __enter__(self) -> Self:
        print(self.header, flush=True)
        self._shown_at_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, kind: str, words: str, **facts: object) -> None:  # noqa: ARG002 - for JSON
        print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)

    def refresh(self, tally: Tally, now_s: float) -> None:
        if now_s - self._shown_at_s >= self.period_s:
            self._shown_at_s = now_s
            self._show(tally, now_s)

    def finish(self, tally: Tally) -> None:
        print(lookup("watch.summary", self._language))
        self._show(tally, time.monotonic())
        if tally.unrecognised:
            print(self._foreign(tally))

    def _foreign(self, tally: Tally) -> str:
        return lookup("watch.strangers", self._language).format(count=tally.unrecognised)

    def _show(self, tally: Tally, now_s: float) -> None:
        views = tally.views(now_s)
        for each in views:
            print(view.line(each, self._language))
        if not views:
            print(lookup("watch.nothing", self._language))
        sys.stdout.flush()


class _JsonScreen(_Screen):
    period_s = _JSON_S

    def __enter__(self) -> Self:
        self.say("watching", self.header)
        return self

    def say(self, kind: str, words: str, **facts: object) -> None:
        print(view.json_line(kind, (), words=words, **facts), flush=True)

    def finish(self, tally: Tally) -> None:
        views = tally.views(time.monotonic())
        print(view.json_line("summary", views, strangers=tally.unrecognised), flush=True)

    def _show(self, tally: Tally, now_s: float) -> None:
        line = view.json_line("interval", tally.views(now_s), strangers=tally.unrecognised)
        print(line, flush=True)


class _LiveScreen(_Screen):
    """A table that changes in place, below what was said."""

    period_s = _TABLE_S

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self._live = Live(console=Console(), auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, kind: str, words: str, **facts: object) -> None:  # noqa: ARG002 - as above
        self._live.console.print(f"{time.strftime('%H:%M:%S')} {words}", markup=False)

    def finish(self, tally: Tally) -> None:
        self._show(tally, time.monotonic())
        if tally.unrecognised:
            self._live.console.print(self._foreign(tally), markup=False)

    def _show(self, tally: Tally, now_s: float) -> None:
        shown = view.table(tally.views(now_s), self.header, self._language)
        self._live.update(shown, refresh=True)


def _screen(args: argparse.Namespace, language: Language) -> _Screen:
    if args.json:
        return _JsonScreen(language)
    return _LiveScreen(language) if sys.stdout.isatty() else _Screen(language)

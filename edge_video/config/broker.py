"""Declares the sections about where frames and events go: sinks, broker, TLS, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeAlias
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from edge_video.config.schema_rules import BROKER_URL
from edge_video.config.section import (
    Accepts,
    Conflict,
    Keys,
    Section,
    check_text,
    default,
    raise_conflicts,
)
from edge_video.config.types import (
    USER_ALONE,
    ExchangeName,
    FilePath,
    Flag,
    Formerly,
    Heartbeat,
    InSchema,
    Lifetime,
    Mark,
    NodeStatusPeriod,
    OptionalSecret,
    Period,
    RoutingKey,
    Text,
    Username,
    Whole,
)
from edge_video.config.url_checks import check_broker_url
from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings
from edge_video.text.duration import format_duration
from edge_video.text.redact import mask_url, secrets_in_url
from edge_video.text.urls import AMQP_PORTS, SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.text.redact import Redactor


class AmqpSinkConfig(Section):
    """Frames go to the broker of `amqp`."""

    type: Literal["amqp"] = "amqp"
    """Which sink it is."""


class DirectorySinkConfig(Section):
    """Frames go to files, one directory per camera; for trials without a broker."""

    type: Literal["directory"] = "directory"
    """Which sink it is."""
    path: Text = "frames"
    """Where the directories are made."""
    keep: Annotated[Whole, Field(ge=1, le=1_000_000)] = 100
    """Files kept per camera; older ones are deleted."""


def _short_form(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


Sink: TypeAlias = Annotated[
    Accepts[
        Annotated[AmqpSinkConfig | DirectorySinkConfig, Field(discriminator="type")],
        AmqpSinkConfig | DirectorySinkConfig | Literal["amqp", "directory"] | Keys,
    ],
    BeforeValidator(_short_form),
]
"""Where frames go; a word stands for a sink with its defaults."""


class TlsConfig(Section):
    """How the broker is trusted, and how this program proves itself to it."""

    ca: FilePath = default(None)
    """PEM file of the authority that signed the broker's certificate; else the system's."""
    cert: FilePath = default(None)
    """PEM file of our own certificate, if the broker asks for one."""
    key: FilePath = default(None)
    """PEM file of our own key, if it is not in `cert`."""
    verify: Flag = True
    """false accepts any certificate of any broker: for tests only."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.key is not None and self.cert is None:
            raise_conflicts(
                [("key", ("key", "cert"), "a key needs its certificate: set cert as well")]
            )
        return self

    def settings(self) -> TlsSettings:
        """Return the same figures as settings of the connection."""
        return TlsSettings(ca=self.ca, cert=self.cert, key=self.key, verify=self.verify)

    def notes(self) -> list[str]:
        """Return what is allowed and probably not meant."""
        if self.verify:
            return []
        return ["amqp.tls.verify is false: any broker's certificate is accepted"]


_GUEST: Final = "guest"  # RabbitMQ's preset account, for connections from its own machine


def _broker_url(secret: SecretStr) -> SecretStr:
    check_text(check_broker_url, secret.get_secret_value())
    return secret


BrokerUrl: TypeAlias = Annotated[
    SecretStr, AfterValidator(_broker_url), InSchema(pattern=BROKER_URL), Mark.URL
]
"""The address of one broker."""
MAX_BROKERS: Final = 16
"""A RabbitMQ cluster has three nodes, five, at most seven."""


class AmqpConfig(Section):
    """The broker, and what is sent to it."""

    url: Accepts[BrokerUrl | None, SecretStr | str | None] = default(None)
    """`amqp://user:password@host:5672/vhost`, or `amqps://` for TLS."""
    urls: Accepts[
        Annotated[tuple[BrokerUrl, ...], Field(max_length=MAX_BROKERS)],
        Sequence[SecretStr | str],
    ] = default(())
    """In place of `url`: the nodes of one cluster, tried in turn from any of them on."""
    username: Username | None = None
    """As it is, nothing percent-encoded; wins over the URL's."""
    password: OptionalSecret = default(None)
    """As it is, nothing percent-encoded; wins over the URL's."""
    exchange: ExchangeName = "edge-video"
    """Topic exchange, durable; declared if it does not exist."""
    routing_key_prefix: RoutingKey = ""
    """A camera without a routing key of its own gets this followed by its id."""
    prefetch_count: Annotated[Whole, Field(ge=0, le=65_535)] = 50
    """Most unconfirmed frames in flight; 0 = no limit."""
    max_in_flight_bytes: Annotated[Whole, Field(ge=65_536, le=2**31 - 1)] = 8 * 2**20
    """Most bytes of unconfirmed frames in flight."""
    message_ttl: Lifetime = default(None)
    """How long a frame may wait in a queue; absent: for ever."""
    confirm_timeout: Period = default(5.0)
    """With frames in flight and nothing confirmed for so long, the connection is given up."""
    max_delay: Period = default(0.25)
    """How long what is handed to the network may queue there; the rest waits here, newest first."""
    handshake_timeout: Period = default(10.0)
    """Limit of TCP, TLS and AMQP together; doubled after each time that it ran out, up to 1m."""
    heartbeat: Heartbeat = default(10.0)
    """AMQP heartbeat."""
    mandatory: Flag = False
    """Ask the broker to return frames that reach no queue; costs CPU when many do."""
    tls: Accepts[TlsConfig | None, TlsConfig | Keys | None] = default(None)
    """Only with an `amqps://` URL."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The URLs of all brokers, as they are; none where no broker is named."""
        given = self.urls if self.url is None else (self.url,)
        return tuple(each.get_secret_value() for each in given)

    @property
    def masked_url(self) -> str:
        """The URL with its secrets masked, of a list the first; empty without one."""
        return mask_url(self.addresses[0]) if self.addresses else ""

    @property
    def has_password_alone(self) -> bool:
        """Whether there is a password that has no user name."""
        if self.username:
            return False
        split = [split_url(each) for each in self.addresses]
        if not split:
            return bool(self.password)
        return any((self.password or each.password) and not each.username for each in split)

    def settings(self, node: str = "") -> AmqpSettings:
        """Return the same figures as settings of the sink, the address in parts and decoded.

        Args:
            node: names this machine in the headers of messages.

        Raises:
            ValueError: there is no URL; a `Config` whose sink is the broker always has one.
        """
        return self.settings_of_each(node)[0]

    def settings_of_each(self, node: str = "") -> tuple[AmqpSettings, ...]:
        """Return the settings of each broker of the list, in its order; see `settings`."""
        if not self.addresses:
            raise ValueError("amqp.url is not set")
        return tuple(self._settings(split_url(each), node) for each in self.addresses)

    def _settings(self, split: SplitUrl, node: str) -> AmqpSettings:
        username, password = self._credentials(split)
        tls = self.tls or TlsConfig()
        return AmqpSettings(
            host=split.host,
            port=split.port or AMQP_PORTS[split.scheme],
            vhost=unquote(split.rest[1:]) or "/",
            username=username,
            password=password,
            tls=tls.settings() if split.scheme == "amqps" else None,
            prefetch_count=self.prefetch_count,
            max_in_flight_bytes=self.max_in_flight_bytes,
            message_ttl_s=self.message_ttl,
            confirm_timeout_s=self.confirm_timeout,
            max_delay_s=self.max_delay,
            handshake_timeout_s=self.handshake_timeout,
            heartbeat_s=self.heartbeat,
            mandatory=self.mandatory,
            is_one_of_several=len(self.addresses) > 1,
            node=node,
        )

    def _credentials(self, split: SplitUrl) -> tuple[str, str]:
        username = self.username or split.username
        password = self.password.get_secret_value() if self.password else split.password
        if username is None:
            return _GUEST, _GUEST if password is None else password
        return username, password or ""

    def notes(self) -> list[str]:
        """Return what is allowed and probably not meant."""
        if self.has_password_alone:
            return ["amqp has a password without a username: guest is tried with it"]
        return []

    def add_secrets(self, redactor: Redactor) -> None:
        """Let `redactor` mask the password, and what else is secret in the URLs."""
        if not self.addresses and self.password is not None:
            redactor.add_credentials(self.username or "", self.password.get_secret_value())
        for url in self.addresses:
            for secret in secrets_in_url(url):
                if secret != _GUEST:
                    redactor.add_secret(secret)
            username, password = self._credentials(split_url(url))
            # guest is RabbitMQ's preset, known to all: masking it would only blur user names.
            if password != _GUEST:
                redactor.add_credentials(username, password)

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        conflicts: list[Conflict] = []
        if self.url is not None and self.urls:
            message = "amqp.url names one broker and amqp.urls names them all: keep one of the two"
            conflicts.append(("urls", ("url", "urls"), message))
        conflicts += self._users_alone()
        conflicts += self._repeated()
        is_plain = all(split_url(each).scheme != "amqps" for each in self.addresses)
        if self.tls is not None and self.addresses and is_plain:
            message = "it takes effect only with a URL that begins with amqps://"
            conflicts.append(("tls", ("tls", "url", "urls"), message))
        raise_conflicts(conflicts)
        return self

    def _users_alone(self) -> Iterator[Conflict]:
        """Yield each user name that has no password."""
        for number, url in enumerate(self.addresses):
            split = split_url(url)
            has_user = self.username or split.username
            if has_user and self.password is None and split.password is None:
                place = "url" if self.url is not None else f"urls.{number}"
                key = "username" if self.username else place
                yield key, ("username", "password", place), USER_ALONE
                if self.username:
                    return

    def _repeated(self) -> Iterator[Conflict]:
        first: dict[tuple[str, int, str], int] = {}
        for number, settings in enumerate(self.settings_of_each() if self.urls else ()):
            where = settings.host.casefold(), settings.port, settings.vhost
            earlier = first.setdefault(where, number)
            if earlier != number:
                key, other = f"urls.{number}", f"urls.{earlier}"
                yield key, (key, other), f"it is the broker of amqp.urls[{earlier}] again"


class EventsConfig(Section):
    """Events about cameras, breakers, publisher and memory, published on the broker as JSON."""

    exchange: ExchangeName
    """Topic exchange, durable; declared if it does not exist. None that carries frames."""
    routing_key_prefix: RoutingKey = ""
    """Before `camera.offline.<id>` and the like."""
    stable_for: Annotated[Period, Formerly("settle")] = default(5.0)
    """A state is published once it has held for so long."""
    flap_changes: Annotated[Whole, Field(ge=3, le=1000)] = 6
    """So many changes within `flap_window` are published once, as flapping."""
    flap_window: Period = default(60.0)
    """And what flapped is published again once it has held for so long."""
    queue: Annotated[Whole, Field(ge=1, le=100_000)] = 1000
    """Most events that wait while the broker is away; the oldest makes room."""
    node_status: NodeStatusPeriod | None = default(None)
    """The node publishes its own status, the event `node_status`, so often and soon after something
    changed, for `edge-video fleet`. Absent: it does not."""

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        if self.flap_window < self.stable_for:
            window, stable = format_duration(self.flap_window), format_duration(self.stable_for)
            message = f"{window} is less than stable_for ({stable})"
            raise_conflicts([("flap_window", ("flap_window", "stable_for"), message)])
        return self

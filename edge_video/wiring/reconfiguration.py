"""Prepares and takes over another configuration, for the supervisor of a running system."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from edge_video.actors.pictures import LIVENESS
from edge_video.actors.system_spec import NotReadyError, Prepared
from edge_video.config.effects import Part
from edge_video.delivery.amqp.tls import make_tls_context
from edge_video.frames import CameraId
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.wiring.settings import limits_of, liveness_policies, sink_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pykka

    from edge_video.actors.publisher import SinkFactory
    from edge_video.config import Config, HttpConfig
    from edge_video.config.diff import ReloadPlan
    from edge_video.text.catalog import Language
    from edge_video.wiring.parts import Parts

_CHILDREN: Final = {
    Part.PUBLISHER: "publisher",
    Part.NOTIFIER: "notifier",
    Part.METRICS: "metrics",
    Part.REPORTER: "reporter",
    Part.HTTP: "http",
    Part.COMMANDS: "commands",
}
_MAX_REMOVED: Final = 1000
"""Cameras that may be removed while the program runs: what is counted of each is kept."""


@dataclass(slots=True)
class PartsReconfiguration:
    """A `Reconfiguration` of the parts that `edge_video.wiring.parts` makes.

    Attributes:
        parts: those of the configuration that runs.
        language: of the reports; None: the configuration's.
        print_block: where reports go.
        sink: instead of the configured one.
    """

    parts: Parts
    language: Language | None
    print_block: Callable[[str], None] | None
    sink: SinkFactory | None

    def prepare(
        self,
        config: Config,
        plan: ReloadPlan,
        receivers: Mapping[CameraId, pykka.ActorRef[Any]],
    ) -> Prepared:
        """See `Reconfiguration.prepare`."""
        _require(config, plan, self.parts, receivers)
        publisher = PublisherStatus(PublisherState.CONNECTING, sink_target(config))
        parts = replace(self.parts, config=config, publisher=publisher)
        names = {name for part, name in _CHILDREN.items() if part in plan.parts}
        if not liveness_policies(self.parts.config):
            names.add(LIVENESS)  # one that runs takes the news from what all share
        try:
            starters = parts.child_starters(self.language, self.print_block, self.sink)
        except (OSError, ValueError) as error:
            raise NotReadyError(str(error)) from None
        return Prepared(
            policy=config.circuit_breaker.policy(),
            limits=limits_of(config),
            adopt=lambda: self._adopt(parts, plan, receivers),
            children={name: starters[name] for name in starters if name in names},
        )

    def _adopt(
        self, parts: Parts, plan: ReloadPlan, receivers: Mapping[CameraId, pykka.ActorRef[Any]]
    ) -> None:
        config, shared = parts.config, parts.shared
        shared.redact.learn(config.secrets())
        shared.use(config)
        shared.places.use(config, receivers)
        parts.ledger.removed.update(map(CameraId, plan.removed))
        if Part.PUBLISHER in plan.parts and shared.control is not None and config.amqp is not None:
            shared.control.use(config.amqp.settings_of_each(config.node))
        if Part.OUTBOXES in plan.parts:
            for outbox in parts.ledger.outboxes:
                outbox.limits.configure(config.buffer, config.max_age, config.max_buffered_bytes)
        self.parts = parts


def _require(
    config: Config,
    plan: ReloadPlan,
    parts: Parts,
    receivers: Mapping[CameraId, pykka.ActorRef[Any]],
) -> None:
    """Look for what a new configuration needs before anything is changed.

    Raises:
        NotReadyError: something is not there.
    """
    try:
        parts.shared.places.require(config, receivers)
    except ValueError as error:
        raise NotReadyError(str(error)) from None
    if len(parts.ledger.removed.union(plan.removed)) > _MAX_REMOVED:
        raise NotReadyError(
            f"more than {_MAX_REMOVED} cameras were removed since the start; start the program anew"
        )
    if Part.PUBLISHER in plan.parts:
        _require_certificates(config)
    if any(change.key == "http.listen" for change in plan.changes):
        assert config.http is not None
        assert parts.config.http is not None
        _require_address(config.http, parts.config.http)


def _require_certificates(config: Config) -> None:
    amqp = config.amqp
    if amqp is None or not amqp.addresses:
        return
    tls = next((each.tls for each in amqp.settings_of_each() if each.tls is not None), None)
    if tls is None:
        return
    try:
        make_tls_context(tls)
    except (OSError, ValueError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise NotReadyError(f"amqp.tls: {reason}") from None


def _require_address(http: HttpConfig, before: HttpConfig) -> None:
    """Whether somebody else has the address; with the port that is ours, nobody can tell."""
    address = http.address
    if address.port in (0, before.address.port):
        return
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise NotReadyError(f"http.listen: {error.strerror}: {http.listen}") from None

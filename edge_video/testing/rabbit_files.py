"""Writes the configuration of a private RabbitMQ node: its ports, files and users."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_video.testing.certificates import Certificates

ODD_PASSWORD: Final = "p@ss:w/ö%rd ü&?#"
"""Breaks every program that pastes a password into a URL."""

_EVERYTHING: Final = (".*", ".*", ".*")
_USERS: Final = {
    "guest": ("guest", _EVERYTHING),
    "odd": (ODD_PASSWORD, _EVERYTHING),
    "limited": ("limited", ("^open\\.", "^open\\.", ".*")),
    "writer": ("writer", ("", ".*", "")),
}
"""Password, and what each may configure, write and read."""
_VHOSTS: Final = ("/", "a/b")
_JOIN_AT_ONCE: Final = (
    "cluster_formation.randomized_startup_delay_range.min = 0",
    "cluster_formation.randomized_startup_delay_range.max = 1",
)
"""RabbitMQ 4 waits for no one, and does not start with a setting that it has not."""


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """The folder of one node and what is written there before it starts.

    Attributes:
        root: its folder.
        host: the address that it listens on.
        port: of the plain listener.
        tls_port: of the TLS listener, if there are certificates.
        epmd_port: of its own port mapper.
        dist_port: for Erlang's distribution, which `rabbitmqctl` needs.
        certificates: None: no TLS listener.
        settings: further lines of its rabbitmq.conf.
        plugins: what is enabled beside what RabbitMQ itself is.
        cookie: what nodes of one cluster have in common.
    """

    root: Path
    host: str
    port: int
    tls_port: int
    epmd_port: int
    dist_port: int
    certificates: Certificates | None = None
    settings: Sequence[str] = ()
    plugins: Sequence[str] = ()
    cookie: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False)

    @property
    def name(self) -> str:
        """The name of the node in Erlang."""
        return f"edge{self.port}@localhost"

    def beside(self, other: NodeFiles, version: str) -> NodeFiles:
        """Return those of a node that joins another one's cluster when it first starts.

        Args:
            other: of the node that runs.
            version: of RabbitMQ, as in `BrokerPrograms`.
        """
        return replace(
            self,
            epmd_port=other.epmd_port,
            cookie=other.cookie,
            settings=(
                *self.settings,
                "cluster_formation.peer_discovery_backend = classic_config",
                f"cluster_formation.classic_config.nodes.1 = {other.name}",
                f"cluster_formation.classic_config.nodes.2 = {self.name}",
                *(_JOIN_AT_ONCE if version == "installed" else ()),
            ),
        )

    def environment(self) -> dict[str, str]:
        """Everything that the node's programs are given."""
        root = self.root
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {
            "HOME": str(root / "home"),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": self.host,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_MNESIA_BASE": str(root / "mnesia"),
            "RABBITMQ_LOG_BASE": str(root / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(root / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(root / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(root / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(root / "rabbitmq-env.conf"),
            "RABBITMQ_PID_FILE": str(root / "rabbit.pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(root / "generated"),
            # One scheduler that sleeps when idle: the node shares the machine with the tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none",
        }

    def write(self) -> None:
        """Write every file, the Erlang cookie included."""
        (self.root / "rabbitmq.conf").write_text("\n".join(self._conf_lines()) + "\n")
        (self.root / "advanced.config").write_text("[].\n")
        (self.root / "rabbitmq-env.conf").write_text("")
        (self.root / "enabled_plugins").write_text(f"[{','.join(self.plugins)}].\n")
        cookie = self.root / "home" / ".erlang.cookie"
        cookie.write_text(self.cookie)
        cookie.chmod(0o400)
        (self.root / "definitions.json").write_text(json.dumps(_definitions()))

    def _conf_lines(self) -> list[str]:
        lines = [
            f"listeners.tcp.default = {self.host}:{self.port}",
            "log.console.level = error",
            "log.file.level = warning",
            f"load_definitions = {self.root / 'definitions.json'}",
            f"loopback_users.guest = {'true' if self.host == '127.0.0.1' else 'false'}",
            "disk_free_limit.absolute = 1MB",
            "vm_memory_high_watermark.relative = 0.9",
            "channel_max = 128",
        ]
        if self.certificates is not None:
            lines += [
                f"listeners.ssl.default = {self.host}:{self.tls_port}",
                f"ssl_options.cacertfile = {self.certificates.ca}",
                f"ssl_options.certfile = {self.certificates.server}",
                f"ssl_options.keyfile = {self.certificates.server_key}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
            ]
        return [*lines, *self.settings]


def _definitions() -> dict[str, object]:
    """Users, virtual hosts and permissions, as RabbitMQ loads them."""
    return {
        "vhosts": [{"name": vhost} for vhost in _VHOSTS],
        "users": [
            {"name": name, "password": password, "tags": ""}
            for name, (password, _) in _USERS.items()
        ],
        "permissions": [
            {"user": name, "vhost": vhost, "configure": conf, "write": write, "read": read}
            for name, (_, (conf, write, read)) in _USERS.items()
            for vhost in _VHOSTS
        ],
    }

"""Runs a private RabbitMQ node with its own ports, directories, cookie and epmd."""

from __future__ import annotations

import contextlib
import errno
import random
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pika

from edge_video.testing.certificates import make_certificates
from edge_video.testing.matrix import chosen_broker
from edge_video.testing.rabbit_files import NodeFiles
from edge_video.testing.rabbit_processes import NodeProcesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge_video.testing.certificates import Certificates
    from edge_video.testing.matrix import BrokerPrograms

BOOT_TIMEOUT_S = 150.0
"""Less than a test may take: so its log is told, and not where each thread of the test stood."""
_STOP_TIMEOUT_S = 30.0
_PORTS = (15_000, 32_000)
_MAX_PORTS_TRIED = 1000
_ERL_CALL = "erl_call"
_CHANCE = random.SystemRandom()
"""Of its own: tests that seed the common one would all ask for the same ports."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on right now.

    It is none of those that systems give to outgoing connections (Linux from 32768 on, others from
    49152 on): a node takes seconds until it listens, and starts again at the same one.

    Raises:
        OSError: none of many is free.
    """
    for _ in range(_MAX_PORTS_TRIED):
        port = _CHANCE.randrange(*_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(errno.EADDRINUSE, "no free port on the loopback interface")


def _speaks_amqp(host: str, port: int) -> bool:
    """Whether somebody there answers AMQP's greeting."""
    try:
        with socket.create_connection((host, port), timeout=10) as probe:
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(probe.recv(1))
    except OSError:
        return False


class RabbitNode:
    """One RabbitMQ node, started and ended by the test that owns it.

    Users: `guest`/`guest` (everything), `odd`/`ODD_PASSWORD` (everything), `limited`/`limited`
    (may configure and write only names beginning with `open.`), `writer`/`writer` (may write
    everything and configure nothing). Virtual hosts: `/` and `a/b`.

    Its processes are its own by process id; nothing else on the machine is touched.

    Args:
        root: its folder; it is removed by `close`.
        tls: with a TLS listener, which asks for a client certificate.
        programs: which RabbitMQ; None for what the environment chooses (`chosen_broker`).
        settings: further lines of its rabbitmq.conf: `max_message_size = 60000`.
        host: the address to listen on; any but the loopback interface's lets `guest` in, too.
        plugins: RabbitMQ's own that are enabled: `rabbitmq_mqtt`. Their listeners need `settings`.
        beside: a node that runs when this one starts for the first time: it joins its cluster.
    """

    def __init__(
        self,
        root: Path,
        *,
        tls: bool = True,
        programs: BrokerPrograms | None = None,
        host: str = "127.0.0.1",
        settings: Sequence[str] = (),
        plugins: Sequence[str] = (),
        beside: RabbitNode | None = None,
    ) -> None:
        self.root = root
        self.programs = programs or chosen_broker()
        for name in ("home", "mnesia", "log", "tls"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self._files = NodeFiles(
            root,
            host,
            port=free_port(),
            tls_port=free_port(),
            epmd_port=free_port(),
            dist_port=free_port(),
            certificates=make_certificates(root / "tls", host) if tls else None,
            settings=settings,
            plugins=plugins,
        )
        self._has_epmd = beside is None
        if beside is not None:
            self._files = self._files.beside(beside._files, self.programs.version)  # noqa: SLF001
        self._files.write()
        self.name = self._files.name
        self.certificates: Certificates | None = self._files.certificates
        """Its own and those of its clients; None without a TLS listener."""
        self._epmd: subprocess.Popen[bytes] | None = None
        self._processes = NodeProcesses()

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._files.host

    @property
    def port(self) -> int:
        """Of the plain listener."""
        return self._files.port

    @property
    def tls_port(self) -> int:
        """Of the TLS listener, if it has one."""
        return self._files.tls_port

    # --- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the node and wait until it accepts connections."""
        if self._epmd is None and self._has_epmd:
            self._epmd = subprocess.Popen(
                [
                    *self.programs.command("epmd", self.root),
                    "-port",
                    str(self._files.epmd_port),
                    "-address",
                    "127.0.0.1",
                ],
                env=self._files.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl+C is for whoever started it
            )
        self._processes.start(
            self.programs.command("rabbitmq-server", self.root),
            self._files.environment(),
            self.root / "log" / "console.log",
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """End the node in order, as an operator would; its port refuses connections then."""
        self._processes.end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a power cut would."""
        self._processes.end(signal.SIGKILL)

    def close(self) -> None:
        """End the node and its epmd, and remove everything it wrote."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(_STOP_TIMEOUT_S)
            self._epmd = None
        self.programs.tidy(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    def freeze(self) -> None:
        """Stop the node's process where it stands; its connections stay open and silent.

        Returns when all of its threads stand: until then it may still confirm a frame.
        """
        self._processes.freeze()

    def thaw(self) -> None:
        """Let a frozen node go on."""
        self._processes.thaw()

    def ensure_running(self) -> None:
        """Undo whatever a test did: thaw, or start again."""
        if self._processes.thaw_if_running():
            self._wait_until_ready()
        else:
            self._processes.end(signal.SIGKILL)
            self.start()

    # --- use --------------------------------------------------------------------------------

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node; its standard output. Takes seconds; see `evaluate`."""
        done = subprocess.run(
            [*self.programs.command("rabbitmqctl", self.root), "--quiet", *arguments],
            env=self._files.environment() | self.programs.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"rabbitmqctl {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def evaluate(self, expression: str) -> str:
        """Evaluate Erlang on this node; the value, as Erlang writes it.

        Erlang's own small client asks it, in milliseconds. Where that is not installed
        `rabbitmqctl eval` does, with a virtual machine of its own: a second of processor time.

        Args:
            expression: of Erlang, or several with commas between; without the full stop.
        """
        if shutil.which(_ERL_CALL) is None:
            return self.ctl("eval", f"{expression}.").strip()
        done = subprocess.run(
            [_ERL_CALL, "-r", "-sname", self.name, "-c", self._files.cookie, "-fetch_stdout", "-e"],
            input=f'io:format("~p", [begin {expression} end]).\n',
            env=self._files.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said, printed = done.stdout, "{ok, ok}"
        assert said.endswith(printed), f"{_ERL_CALL} {expression}: {said}{done.stderr}"
        return said.removesuffix(printed)

    def raise_memory_alarm(self) -> None:
        """Make the broker block every publisher, as if it ran out of memory."""
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.00001)")

    def clear_memory_alarm(self) -> None:
        """Let publishers go on."""
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.9)")

    @contextlib.contextmanager
    def limits(self, **limits: int) -> Iterator[None]:
        """Propose other limits to every connection that is made meanwhile.

        Args:
            limits: `frame_max`, `channel_max` or `heartbeat`, as in rabbitmq.conf.
        """
        names = ", ".join(limits)
        wanted = [f"application:set_env(rabbit, {name}, {limits[name]})" for name in limits]
        before = self.evaluate(
            f"[begin {{ok, V}} = application:get_env(rabbit, N), V end || N <- [{names}]]"
        )
        self.evaluate(", ".join(wanted))
        try:
            yield
        finally:
            pairs = f"lists:zip([{names}], {before})"
            self.evaluate(f"[application:set_env(rabbit, N, V) || {{N, V}} <- {pairs}]")

    def url(self, user: str = "guest", password: str = "guest", vhost: str = "/") -> str:
        """An AMQP URL of the plain listener."""
        secret = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"amqp://{secret}@{self.host}:{self.port}/{quote(vhost, safe='')}"

    def parameters(self) -> pika.ConnectionParameters:
        """For a plain pika client as `guest`."""
        return pika.ConnectionParameters(
            self.host,
            self.port,
            credentials=pika.PlainCredentials("guest", "guest"),
            socket_timeout=10,
            heartbeat=0,
        )

    @contextlib.contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel of a connection of its own, for what a test arranges on the broker."""
        connection = pika.BlockingConnection(self.parameters())
        try:
            yield connection.channel()
        finally:
            connection.close()

    # --- inside -----------------------------------------------------------------------------

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        while not _speaks_amqp(self.host, self.port):
            said = (self.root / "log" / "console.log").read_text(errors="replace")[-2000:]
            assert self._processes.are_running, f"the RabbitMQ node ended while starting:\n{said}"
            assert time.monotonic() < deadline, f"the RabbitMQ node did not start:\n{said}"
            time.sleep(0.1)
        self._processes.find_beam()


def missing_programs() -> list[str]:
    """What a node needs and this machine has not; empty when a node can be started."""
    return chosen_broker().missing()

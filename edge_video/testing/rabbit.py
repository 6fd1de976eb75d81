"""Runs a private RabbitMQ node with its own ports, directories, cookie and epmd."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pika
import psutil

from edge_video.testing.matrix import chosen_broker
from edge_video.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_video.testing.matrix import BrokerPrograms

ODD_PASSWORD = "p@ss:w/ö%rd ü&?#"
"""Breaks every program that pastes a password into a URL."""

_BOOT_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Certificates:
    """Throw-away certificates, as PEM files."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    other_ca: Path
    """Signed none of the others."""


def make_certificates(folder: Path, host: str = "127.0.0.1") -> Certificates:
    """Make a certificate authority, a server for localhost, a client and a foreign authority.

    Args:
        folder: where they go.
        host: the server's address.
    """
    from cryptography import x509  # noqa: PLC0415 - an optional package
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    now = dt.datetime.now(dt.UTC)

    def issue(
        name: str,
        issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternative = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(host))]
        )
        signer_name, signer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
            .add_extension(alternative, False)
            .sign(signer_key, hashes.SHA256())
        )
        return certificate, key

    def save(name: str, certificate: x509.Certificate) -> Path:
        path = folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def save_key(name: str, key: ec.EllipticCurvePrivateKey) -> Path:
        path = folder / f"{name}.key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path

    authority = issue("test authority", None)
    server, server_key = issue("localhost", authority)
    client, client_key = issue("test client", authority)
    return Certificates(
        ca=save("ca", authority[0]),
        server=save("server", server),
        server_key=save_key("server", server_key),
        client=save("client", client),
        client_key=save_key("client", client_key),
        other_ca=save("other_ca", issue("foreign authority", None)[0]),
    )


def _stands_still(pid: int) -> bool:
    """Whether every thread of a process is stopped (proc(5): the state behind its name)."""
    try:
        stats = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # one ended meanwhile
        return False
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
    """

    def __init__(
        self,
        root: Path,
        *,
        tls: bool = True,
        programs: BrokerPrograms | None = None,
        host: str = "127.0.0.1",
        settings: Sequence[str] = (),
    ) -> None:
        self.root = root
        self._settings = settings
        self.programs = programs or chosen_broker()
        self.host = host
        self.port = free_port()
        self.tls_port = free_port()
        self._epmd_port = free_port()
        self._dist_port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._beam: psutil.Process | None = None
        self.certificates: Certificates | None = None
        for name in ("home", "mnesia", "log", "tls"):
            (root / name).mkdir(parents=True, exist_ok=True)
        if tls:
            self.certificates = make_certificates(root / "tls", host)
        self._write_configuration()

    # --- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the node and wait until it accepts connections."""
        if self._epmd is None:
            self._epmd = subprocess.Popen(
                [
                    *self.programs.command("epmd", self.root),
                    "-port",
                    str(self._epmd_port),
                    "-address",
                    "127.0.0.1",
                ],
                env=self._environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl+C is for whoever started it
            )
        with (self.root / "log" / "console.log").open("ab") as console:
            self._server = subprocess.Popen(
                self.programs.command("rabbitmq-server", self.root),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """End the node in order, as an operator would; its port refuses connections then."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a power cut would."""
        self._end(signal.SIGKILL)

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
        beam = self._running_beam()
        beam.suspend()
        eventually(lambda: _stands_still(beam.pid), what="every thread of the broker stands still")

    def thaw(self) -> None:
        """Let a frozen node go on."""
        self._running_beam().resume()

    def ensure_running(self) -> None:
        """Undo whatever a test did: thaw, or start again."""
        if self._beam is not None and self._beam.is_running():
            self._beam.resume()
            self._wait_until_ready()
        else:
            self._end(signal.SIGKILL)
            self.start()

    # --- use --------------------------------------------------------------------------------

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node; its standard output. Takes seconds."""
        done = subprocess.run(
            [*self.programs.command("rabbitmqctl", self.root), "--quiet", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"rabbitmqctl {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def raise_memory_alarm(self) -> None:
        """Make the broker block every publisher, as if it ran out of memory."""
        self.ctl("set_vm_memory_high_watermark", "0.00001")

    def clear_memory_alarm(self) -> None:
        """Let publishers go on."""
        self.ctl("set_vm_memory_high_watermark", "0.9")

    @contextlib.contextmanager
    def limits(self, **limits: int) -> Iterator[None]:
        """Propose other limits to every connection that is made meanwhile.

        Args:
            limits: `frame_max`, `channel_max` or `heartbeat`, as in rabbitmq.conf.
        """
        names = ", ".join(limits)
        wanted = [f"application:set_env(rabbit, {name}, {limits[name]})" for name in limits]
        before = self.ctl(
            "eval",
            f"[begin {{ok, V}} = application:get_env(rabbit, N), V end || N <- [{names}]].",
        )
        self.ctl("eval", ", ".join(wanted) + ".")
        try:
            yield
        finally:
            pairs = f"lists:zip([{names}], {before.strip()})"
            self.ctl("eval", f"[application:set_env(rabbit, N, V) || {{N, V}} <- {pairs}].")

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

    def _environment(self) -> dict[str, str]:
        root = self.root
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {
            "HOME": str(root / "home"),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"edge{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": self.host,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
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

    def _write_configuration(self) -> None:
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
        lines += self._settings
        (self.root / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.root / "advanced.config").write_text("[].\n")
        (self.root / "rabbitmq-env.conf").write_text("")
        (self.root / "enabled_plugins").write_text("[].\n")
        cookie = self.root / "home" / ".erlang.cookie"
        cookie.write_text(uuid.uuid4().hex)
        cookie.chmod(0o400)
        everything = (".*", ".*", ".*")
        users = {
            "guest": ("guest", everything),
            "odd": (ODD_PASSWORD, everything),
            "limited": ("limited", ("^open\\.", "^open\\.", ".*")),
            "writer": ("writer", ("", ".*", "")),
        }
        vhosts = ("/", "a/b")
        definitions = {
            "vhosts": [{"name": vhost} for vhost in vhosts],
            "users": [
                {"name": name, "password": password, "tags": ""}
                for name, (password, _) in users.items()
            ],
            "permissions": [
                {"user": name, "vhost": vhost, "configure": conf, "write": write, "read": read}
                for name, (_, (conf, write, read)) in users.items()
                for vhost in vhosts
            ],
        }
        (self.root / "definitions.json").write_text(json.dumps(definitions))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _BOOT_TIMEOUT_S
        while not self._speaks_amqp():
            said = (self.root / "log" / "console.log").read_text(errors="replace")[-2000:]
            assert self._server is not None, "the RabbitMQ node is not running"
            assert self._server.poll() is None, f"the RabbitMQ node ended while starting:\n{said}"
            assert time.monotonic() < deadline, f"the RabbitMQ node did not start:\n{said}"
            time.sleep(0.1)
        self._beam = self._find_beam()

    def _speaks_amqp(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=10) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(probe.recv(1))
        except OSError:
            return False

    def _family(self) -> list[psutil.Process]:
        """The processes of the node: the start script and everything below it."""
        if self._server is None or self._server.poll() is not None:
            return [self._beam] if self._beam is not None and self._beam.is_running() else []
        try:
            script = psutil.Process(self._server.pid)
            return [script, *script.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _find_beam(self) -> psutil.Process:
        return next(each for each in self._family() if each.name().startswith("beam"))

    def _running_beam(self) -> psutil.Process:
        assert self._beam is not None, "the node was never started"
        return self._beam

    def _end(self, how: signal.Signals) -> None:
        family = self._family()
        for process in family:
            if how is signal.SIGTERM and process != self._beam:
                continue  # the start script turns SIGTERM into a slow rabbitmqctl
            try:
                process.send_signal(how)
                process.resume()  # a frozen process would not die of SIGTERM
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(family, timeout=_STOP_TIMEOUT_S)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=_STOP_TIMEOUT_S)
        if self._server is not None:
            self._server.wait(_STOP_TIMEOUT_S)
            self._server = None
        self._beam = None


@dataclass(frozen=True)
class Message:
    """One consumed message."""

    properties: Any
    body: bytes
    routing_key: str
    at_ns: int = 0
    """Wall clock, of its arrival."""


class Consumer:
    """A consumer in a thread of its own, on a fresh queue bound to one exchange."""

    def __init__(
        self, parameters: pika.ConnectionParameters, exchange: str, binding: str = "#"
    ) -> None:
        self.messages: list[Message] = []
        self._changed = threading.Condition()
        self._connection = pika.BlockingConnection(parameters)
        channel = self._connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, binding)
        channel.basic_consume(queue, self._on_message, auto_ack=True)
        self._channel = channel
        self._thread = threading.Thread(target=self._run, name="test-consumer", daemon=True)
        self._thread.start()

    def wait_for(self, count: int, timeout_s: float = 30.0) -> list[Message]:
        """The messages, as soon as there are `count` of them."""
        self.wait_until(lambda messages: len(messages) >= count, timeout_s)
        return self.messages

    def wait_until(
        self, predicate: Callable[[list[Message]], bool], timeout_s: float = 30.0
    ) -> None:
        """Wait until the messages satisfy a condition."""
        with self._changed:
            reached = self._changed.wait_for(lambda: predicate(self.messages), timeout_s)
        assert reached, f"not within {timeout_s} s; {len(self.messages)} messages came"

    def close(self) -> None:
        """End the connection and the thread; harmless when the broker is gone."""
        # When the test stopped the broker, the thread has ended by itself.
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._connection.add_callback_threadsafe(self._channel.stop_consuming)
        self._thread.join(10)
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self._connection.close()

    def _run(self) -> None:
        try:
            self._channel.start_consuming()
        except (pika.exceptions.AMQPError, OSError):
            return  # the test ended the broker

    def _on_message(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        with self._changed:
            now_ns = time.time_ns()
            self.messages.append(Message(properties, body, method.routing_key, now_ns))
            self._changed.notify_all()


@contextlib.contextmanager
def consume(node: RabbitNode, exchange: str, binding: str = "#") -> Iterator[Consumer]:
    """Collect what is published to an exchange (declared here when it is not there yet)."""
    consumer = Consumer(node.parameters(), exchange, binding)
    try:
        yield consumer
    finally:
        consumer.close()


def missing_programs() -> list[str]:
    """What a node needs and this machine has not; empty when a node can be started."""
    return chosen_broker().missing()

"""Reads a configuration from its files as often as it is asked to, and knows when they differ."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edge_video.config.env_file import ENV_FILE, load_whole, read_env_file
from edge_video.config.loader import camera_files
from edge_video.config.problems import ConfigError
from edge_video.runtime.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from edge_video.config.model import Config

_MAX_FILE: Final = 1024 * 1024
_TRIES: Final = 3
"""To read all files while nobody writes to one."""
_SHOWN: Final = 16
"""Hexadecimal digits of a configuration's hash."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the files.

    Attributes:
        config: what is to run.
        digest: of the contents of all the files; another one with other contents.
        certificates: of the contents of the files that `amqp.tls` names.
        values: of the operator's files, before what is kept was laid over them.
    """

    config: Config
    digest: str
    certificates: str
    values: Mapping[str, Any] = field(repr=False)


def config_hash(config: Config) -> str:
    """A configuration's hash: the same on every machine, and made of no secret.

    It is that of what `check` prints, so passwords of the same names make the same hash.
    """
    shown = json.dumps(config.masked(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(shown.encode()).hexdigest()[:_SHOWN]


class ConfigSource:
    """Reads the configuration anew each time, its secrets and certificates included. Any thread.

    Args:
        path: the main file.
        environ: returns what `${…}` is taken from, anew for each reading.
        directory: of further cameras, one file each; None: there is none.

    Attributes:
        lock: held by whoever reads and applies, so that no two do at once.
        path: the main file.
        running: the reading that runs; None before any was accepted.
    """

    def __init__(
        self,
        path: Path,
        environ: Callable[[], Mapping[str, str]] = lambda: os.environ,
        *,
        directory: Path | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.path = path
        self.running: Reading | None = None
        self._environ = environ
        self._directory = directory
        self._earlier = read_env_file(path.parent / ENV_FILE)[0]
        self._key = secrets.token_bytes(16)
        """Digests are of secrets, too: nobody can compare them with guesses."""
        self._files: tuple[Path, ...] = (path, path.parent / ENV_FILE)

    def read(self) -> Reading:
        """Read everything; anew, twice at most, when a file was written meanwhile, or found.

        Half of a file may be wrong, or mean something else, where the whole of it does not. While
        files go on changing, the digest is one of before, so that they are said to differ.

        Raises:
            edge_video.config.ConfigError: with every problem that was found.
        """
        with self.lock:
            for _ in range(_TRIES - 1):
                before = self.digest()
                try:
                    reading = self._read(before)
                except ConfigError:
                    if self.digest() == before:
                        raise
                else:
                    if self.digest() == before:
                        return reading
            return self._read(self.digest())

    def _read(self, digest: str) -> Reading:
        loaded = load_whole(
            self.path, self._environ(), directory=self._directory, earlier=self._earlier
        )
        certificates = _certificate_files(loaded.config)
        self._files = (*loaded.files, *certificates)
        return Reading(loaded.config, digest, self._digest(certificates), loaded.values)

    def accept(self, reading: Reading) -> None:
        """Note that this reading runs from now on."""
        self.running = reading

    @property
    def accepted(self) -> str:
        """The digest of the files that run."""
        return "" if self.running is None else self.running.digest

    def digest(self) -> str:
        """Of the files as they are now; a file that cannot be read counts as empty."""
        return self._digest([*self._files, *self._camera_files()])

    def _camera_files(self) -> list[Path]:
        """Those that are in the directory now, read or not."""
        with suppress(ConfigError):
            return camera_files(self._directory)
        return []

    def _digest(self, files: Iterable[Path]) -> str:
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for file in sorted(set(files)):
            try:
                contents = read_regular(file, _MAX_FILE)
            except (OSError, ValueError):
                contents = b""
            digest.update(b"%b\0%d\0%b" % (os.fsencode(file), len(contents), contents))
        return digest.hexdigest()


def _certificate_files(config: Config) -> list[Path]:
    tls = None if config.amqp is None else config.amqp.tls
    return [] if tls is None else [each for each in (tls.ca, tls.cert, tls.key) if each is not None]

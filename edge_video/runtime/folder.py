"""Opens a directory that files are made in: its descriptor, or its path where it can have none."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.runtime.system import CAN_OPEN_DIRECTORIES, DIRECTORY, NO_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator


class Folder:
    """An open directory. By its descriptor it stays the same one whatever is renamed meanwhile.

    Attributes:
        descriptor: None where directories have none (Windows).
    """

    def __init__(self, path: Path | None, descriptor: int | None) -> None:
        self.descriptor: Final = descriptor
        self._path = path

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a file in it, as `os.open` does."""
        return os.open(self._to(name), flags, mode, dir_fd=self.descriptor)

    def make(self, name: str) -> None:
        """Make a directory in it, as `os.mkdir` does."""
        os.mkdir(self._to(name), dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file, as `os.unlink` does."""
        os.unlink(self._to(name), dir_fd=self.descriptor)

    def replace(self, old: str, new: str) -> None:
        """Rename a file, over whatever has the new name, as `os.replace` does."""
        here = self.descriptor
        os.replace(self._to(old), self._to(new), src_dir_fd=here, dst_dir_fd=here)

    def link(self, old: str, new: str) -> None:
        """Give a file a second name, as `os.link` does; no symbolic link is followed."""
        here = self.descriptor
        if here is None:
            os.link(self._to(old), self._to(new))
        else:
            os.link(old, new, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=False)

    def names(self) -> list[str]:
        """Return the names of what is in it."""
        return os.listdir(self._path if self.descriptor is None else self.descriptor)  # noqa: PTH208 - by descriptor

    @contextmanager
    def below(self, name: str) -> Iterator[Folder]:
        """Open a directory in it; not what a symbolic link points to."""
        if self.descriptor is None:
            with open_directory(Path(self._to(name)), follow=False) as folder:
                yield folder
            return
        descriptor = os.open(name, DIRECTORY | NO_LINK, dir_fd=self.descriptor)
        try:
            yield Folder(None, descriptor)
        finally:
            os.close(descriptor)

    def _to(self, name: str) -> str:
        return name if self._path is None else os.fspath(self._path / name)


@contextmanager
def open_directory(path: Path, *, follow: bool = True) -> Iterator[Folder]:
    """Open a directory; without `follow` not what a symbolic link points to."""
    if not CAN_OPEN_DIRECTORIES:
        _require_directory(path, follow=follow)
        yield Folder(path, None)
        return
    descriptor = os.open(path, DIRECTORY if follow else DIRECTORY | NO_LINK)
    try:
        yield Folder(None, descriptor)
    finally:
        os.close(descriptor)


def _require_directory(path: Path, *, follow: bool) -> None:
    if not follow and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
    if not path.is_dir():
        missing = errno.ENOTDIR if path.exists() else errno.ENOENT
        raise OSError(missing, os.strerror(missing), os.fspath(path))

"""Reads single values of a file: text, numbers, flags, secrets, with variables filled in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from edge_video.config import yaml_traps
from edge_video.config.annotations import is_section, marks_of
from edge_video.config.files import SecretFileError, read_secret
from edge_video.config.interpolation import InterpolationError, interpolate
from edge_video.config.types import Mark
from edge_video.config.yaml_nodes import TAG, Document, native, tag_of_plain
from edge_video.runtime.files import others_may_read
from edge_video.text.redact import secrets_in_url
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yaml

    from edge_video.config.problems import Findings, KeyPath

INVALID: Final = object()
"""Stands for a value that was already reported."""
_YES: Final = {"yes", "on", "y"}
_NO: Final = {"no", "off", "n"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """Says what the section knows of a value."""

    leaves: tuple[object, ...]
    marks: tuple[object, ...]

    @property
    def is_secret(self) -> bool:
        return SecretStr in self.leaves

    @property
    def is_credential(self) -> bool:
        """Whether it is taken exactly as it is written: a secret, or a user name."""
        return self.is_secret or Mark.MAY_BE_IN_FILE in self.marks

    @property
    def is_text(self) -> bool:
        return self.is_credential or any(
            leaf in (str, Path) or is_section(leaf) for leaf in self.leaves
        )


class ScalarReader:
    """Turns the text of one value into what its key holds.

    Attributes:
        secret_at: where the file itself, and no variable or other file, has its first secret.
        files: those that held the value of a key, whether they could be read or not.
    """

    def __init__(self, environ: Mapping[str, str], document: Document, findings: Findings) -> None:
        self._environ = environ
        self._document = document
        self._findings = findings
        self.secret_at: KeyPath | None = None
        self.files: list[Path] = []

    def read(self, node: yaml.ScalarNode, leaves: tuple[object, ...], path: KeyPath) -> object:
        """Return the value of a key; `INVALID` when it was reported."""
        origin = self._findings.origins[path]
        origin.written = node.value
        origin.is_quoted = node.style is not None
        kind = _Kind(leaves, () if origin.field is None else marks_of(origin.field))
        if not self._is_whole(node, path, is_credential=kind.is_credential):
            return INVALID
        if node.tag == TAG + "null" and node.style is None:
            return None
        try:
            text = interpolate(node.value, self._environ)
            if text != node.value:
                origin.expanded = text
            if kind.is_credential:
                text = self._credential(node.value, text, path, kind)
        except (InterpolationError, SecretFileError) as error:
            self._findings.report(path, str(error))
            return INVALID
        return text if kind.is_text else _plain_value(node, text, leaves)

    def _is_whole(self, node: yaml.ScalarNode, path: KeyPath, *, is_credential: bool) -> bool:
        """Whether YAML took all that was written for the value; otherwise it is reported."""
        written = self._document.written(node)
        lost = yaml_traps.lost(written)
        if is_credential:
            self._findings.note(path, yaml_traps.cut_off(written))
            if lost is not None:
                self._findings.report(path, lost)
                return False
        elif written.is_null and written.value == "":
            self._findings.note(path, lost)
        return True

    def _credential(self, written: str, text: str, path: KeyPath, kind: _Kind) -> str:
        """A secret or a user name, from its file if it names one."""
        if Mark.MAY_BE_IN_FILE in kind.marks and written.startswith("file:"):
            text = self._from_file(Path(text.removeprefix("file:")), path, kind)
        is_url = Mark.URL in kind.marks
        self._note_doubts(path, text, is_url=is_url)
        if kind.is_secret:
            secrets = [*secrets_in_url(text)]
            self._findings.secrets += [text, *secrets]
            if written == text:  # else a variable or a file of its own holds it
                known = secrets if is_url else [text]
                if self.secret_at is None and {*known} - {"", "guest"}:
                    self.secret_at = path
        return text

    def _from_file(self, file: Path, path: KeyPath, kind: _Kind) -> str:
        self.files.append(file)
        try:
            text = read_secret(file)
        except SecretFileError as error:
            raise SecretFileError(f"the secret file {file}: {error}") from None
        if kind.is_secret and others_may_read(file):
            self._findings.note(
                path,
                f"every user of this machine may read the secret file {file}: chmod o-r {file}",
            )
        return text

    def _note_doubts(self, path: KeyPath, text: str, *, is_url: bool) -> None:
        """Note what is probably not meant: of a secret, or of user name and password in a URL."""
        if not is_url:
            self._findings.note(path, yaml_traps.doubtful(text))
            return
        with suppress(ValueError):  # the validation reports what is wrong with a URL
            split = split_url(text)
            for name, value in (("user name", split.username), ("password", split.password)):
                doubt = yaml_traps.doubtful(value or "")
                self._findings.note(path, doubt and f"of the {name} in it: {doubt}")


def _plain_value(node: yaml.ScalarNode, text: str, leaves: tuple[object, ...]) -> object:
    """A number, a flag or a duration; quotes around a variable say nothing of its value."""
    is_filled_in = text != node.value
    if bool in leaves and (node.style is None or is_filled_in) and text.lower() in _YES | _NO:
        return text.lower() in _YES
    return native(tag_of_plain(text) if is_filled_in else node.tag, text)

"""Keeps secrets and control characters out of everything that is printed or logged."""

from __future__ import annotations

import base64
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from edge_video.text.escaping import escape_to_one_line
from edge_video.text.url_secrets import (
    MASK,
    NOT_MASKED,
    SECRET_PARAMETER,
    is_harmless,
    mask_url,
    secrets_in_url,
)
from edge_video.text.urls import SCHEME_IN_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MASK",
    "SHORTEST_FREE_SECRET",
    "Redactor",
    "mask_url",
    "secrets_in_url",
]

SHORTEST_FREE_SECRET: Final = 4
"""Shorter secrets are masked only where a credential stands: "a" is in every word."""
_SHORTEST_IN_OTHER_CASE: Final = 6
"""Longer ones are also masked in small letters and in capitals."""

# Every repetition is bounded or cannot backtrack far, so that no log line takes long.
_CREDENTIALS_IN_TEXT: Final = re.compile(rf"({SCHEME_IN_TEXT}://[^\s:\"'<>]*):[^\s\"'<>]*@")
_URL_IN_TEXT: Final = re.compile(rf"{SCHEME_IN_TEXT}://[^\s\"'<>]*[^\s\"'<>:,.;)!\]]")
_QUERY_IN_TEXT: Final = re.compile(
    rf"(?<=[?&])([A-Za-z][\w.\-]{{0,60}})={NOT_MASKED}([^&;#\s\"'<>]+)"
)
_HEADER: Final = re.compile(
    r"((?:\bauthorization|\bcookie|\bx-[a-z0-9\-]{0,40}(?:key|token|auth|secret|password)"
    r"|\b(?:api|auth|access)[\-_]?(?:key|token))[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
    r"(?:(?:basic|bearer|digest|token)\s+)?)"
    r"[^\s\"'\\]+(?:(?<=;)\s{0,4}[\w.\-]{1,60}=[^\s\"'\\]*)*",
    re.IGNORECASE,
)
_DIGEST: Final = re.compile(
    r"(\b(?:response|nonce|cnonce|opaque)\s{0,4}=\s{0,4}\\?\"?)[0-9A-Za-z+/=:_\-]{8,}",
    re.IGNORECASE,
)
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}|\\|&(?:amp|lt|gt|quot|#)|\+")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#(?:39|x27);"}
_BACKSLASH_LETTERS: Final = {"\n": "n", "\t": "t", "\r": "r"}


class Redactor:
    r"""Masks secrets in any text, and makes it harmless to print.

    Calling it masks every known secret, in whatever form it appears (raw, percent-encoded in any
    way and any number of times, backslash- or entity-escaped, Base64 as in HTTP and AMQP
    authentication), then whatever looks like a credential (`scheme://user:password@`,
    `password=…`, an Authorization header), and writes control characters, terminal escapes and
    text-direction marks as `\x1b`.

    Secrets shorter than four characters are masked only in the position of a credential.

    Thread rule: add everything first; calling it is safe from any thread.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        credentials: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._secrets: set[str] = set()
        self._literals: set[str] = set()
        self._short_pairs: set[tuple[str, str]] = set()
        for secret in secrets:
            self._add_secret(secret)
        for user, password in credentials:
            self._add_pair(user, password)
        self._compile()

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"

    def add_secret(self, secret: str) -> None:
        """Mask one more secret; an empty one is ignored."""
        self._add_secret(secret)
        self._compile()

    def add_credentials(self, user: str, password: str) -> None:
        """Mask a password, and the Base64 forms in which it travels with its user name."""
        self._add_pair(user, password)
        self._compile()

    def joined(self, other: Redactor) -> Redactor:
        """A redactor that masks the secrets of both."""
        both = Redactor()
        for each in (self, other):
            both._secrets |= each._secrets  # noqa: SLF001 - its own kind
            both._literals |= each._literals  # noqa: SLF001 - as above
            both._short_pairs |= each._short_pairs  # noqa: SLF001 - as above
        both._compile()
        return both

    def __call__(self, text: str, *, keep_newlines: bool = False) -> str:
        """Return `text` with secrets masked and control characters shown; one line by default."""
        if self._literal is not None:
            if _ENCODED.search(text):
                text = self._escape_pattern().sub(MASK, text)
            text = self._literal.sub(MASK, text)
        if "://" in text:
            if "@" in text:
                text = _CREDENTIALS_IN_TEXT.sub(rf"\1:{MASK}@", text)
            text = _URL_IN_TEXT.sub(lambda url: mask_url(url[0]), text)
        if "=" in text:
            text = SECRET_PARAMETER.sub(rf"\1{MASK}", text)
            text = _QUERY_IN_TEXT.sub(_mask_parameter, text)
        lowered = text.lower()  # five searches for words cost less than one for a pattern
        if any(word in lowered for word in ("auth", "cookie", "x-", "key", "token")):
            text = _HEADER.sub(rf"\1{MASK}", text)
        if any(word in lowered for word in ("response", "nonce", "opaque")):
            text = _DIGEST.sub(rf"\1{MASK}", text)
        return escape_to_one_line(text, keep_newlines=keep_newlines)

    def _add_secret(self, secret: str) -> None:
        if len(secret) < SHORTEST_FREE_SECRET:
            return
        # File systems and input methods decompose accents.
        self._secrets.update(unicodedata.normalize(form, secret) for form in ("NFC", "NFD"))
        self._secrets.add(secret)
        if len(secret) >= _SHORTEST_IN_OTHER_CASE:
            self._literals |= {secret.lower(), secret.upper()}
        self._literals.update(_base64_forms(secret))

    def _add_pair(self, user: str, password: str) -> None:
        self._add_secret(password)
        if not password:
            return
        self._literals.update(_base64_forms(f"{user}:{password}"))
        self._literals.update(_base64_forms(f"\0{user}\0{password}"))
        if user and len(password) < SHORTEST_FREE_SECRET:
            self._short_pairs.add((user, password))

    def _compile(self) -> None:
        literals = _grouped(self._secrets | self._literals)
        literals += [
            f"(?<={re.escape(user)}:){re.escape(password)}(?=@)"
            for user, password in sorted(self._short_pairs)
        ]
        self._literal = re.compile("|".join(literals)) if literals else None
        self._escaped: re.Pattern[str] | None = None

    def _escape_pattern(self) -> re.Pattern[str]:
        """Compile at the first text that needs it: it takes three milliseconds for each secret."""
        pattern = self._escaped
        if pattern is None:
            escaped = "|".join(_any_escape(each) for each in _longest_first(self._secrets))
            pattern = self._escaped = re.compile(escaped or r"(?!)", re.IGNORECASE)
        return pattern


def _mask_parameter(match: re.Match[str]) -> str:
    return match[0] if is_harmless(match[1], match[2]) else f"{match[1]}={MASK}"


def _longest_first(texts: Iterable[str]) -> list[str]:
    """Sort secrets so that one that begins with another is tried before it."""
    return sorted(texts, key=lambda text: (-len(text), text))


def _grouped(texts: Iterable[str]) -> list[str]:
    """Literal alternatives grouped by their first characters, which `re` then tries once each."""
    groups: dict[str, dict[str, list[str]]] = {}
    for text in _longest_first(texts):
        groups.setdefault(text[0], {}).setdefault(text[1], []).append(re.escape(text[2:]))
    return [
        re.escape(first)
        + "(?:"
        + "|".join(f"{re.escape(second)}(?:{'|'.join(rest)})" for second, rest in group.items())
        + ")"
        for first, group in groups.items()
    ]


def _base64_forms(text: str) -> set[str]:
    """Base64 of a text, both alphabets; without the padding, which may or may not follow."""
    forms = set()
    for charset in ("utf-8", "latin-1"):
        try:
            raw = text.encode(charset)
        except UnicodeEncodeError:
            continue
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            form = encode(raw).decode().rstrip("=")
            if len(form) > SHORTEST_FREE_SECRET:
                forms.add(form)
    return forms


def _any_escape(secret: str) -> str:
    """A pattern of a secret in which every character may be escaped in any common way."""
    # A run of backslashes becomes one counted repetition: several in a row would backtrack.
    runs = re.findall(r"\\+|[^\\]", secret)
    return "".join(_backslashes(run) if run[0] == "\\" else _escapes_of(run) for run in runs)


def _backslashes(run: str) -> str:
    encoded = r"%(?:25){0,3}5[cC]"
    return rf"(?:\\{{{len(run)},{4 * len(run)}}}|(?:{encoded}){{{len(run)}}})"


def _escapes_of(character: str) -> str:
    plain = re.escape(character)
    forms = {plain if character.isalnum() else rf"\\{{0,4}}{plain}"}
    for charset in ("utf-8", "latin-1"):
        try:
            raw = character.encode(charset)
        except UnicodeEncodeError:
            continue
        forms.add("".join(rf"%(?:25){{0,3}}{_hexadecimal(byte, 2)}" for byte in raw))
        if not character.isalnum() or not character.isascii():
            forms.add("".join(rf"\\{{1,2}}x{_hexadecimal(byte, 2)}" for byte in raw))
    if not character.isalnum() or not character.isascii():
        units = character.encode("utf-16-be", "surrogatepass")
        pairs = zip(units[::2], units[1::2], strict=True)
        forms.add("".join(rf"\\{{1,2}}u{_hexadecimal(hi << 8 | lo, 4)}" for hi, lo in pairs))
        forms.add(rf"\\{{1,2}}U{_hexadecimal(ord(character), 8)}")
    if character == " ":
        forms.add(r"\+")
    if character in _ENTITIES:
        forms.add(_ENTITIES[character])
    if character in _BACKSLASH_LETTERS:
        forms.add(rf"\\{{1,2}}{_BACKSLASH_LETTERS[character]}")
    return f"(?:{'|'.join(sorted(forms))})"


def _hexadecimal(number: int, digits: int) -> str:
    return "".join(
        f"[{digit}{digit.upper()}]" if digit.isalpha() else digit
        for digit in f"{number:0{digits}x}"
    )

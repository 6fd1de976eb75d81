"""Decides when a camera is asked only whether it has a newer picture (RFC 9110, section 13). Pure.

A camera whose ETag or Last-Modified never changes would show the same picture for ever. So its
validators are believed only once they have gone with its pictures, and once a minute a picture is
asked for all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNCONDITIONAL_EVERY_S: Final = 60.0
_MAX_VALIDATOR: Final = 256


class Conditions:
    """Knows the validators of one capture's last picture. One thread; times are monotonic."""

    def __init__(self) -> None:
        self._validators: dict[str, str] = {}
        self._picture: bytes | None = None
        self._fetched_s = 0.0
        self._are_believed = False
        self._have_lied = False

    def headers(self, now_s: float) -> dict[str, str]:
        """Return the headers that ask for a picture only if there is a newer one; may be none."""
        is_due = now_s - self._fetched_s >= _UNCONDITIONAL_EVERY_S
        if not self._are_believed or self._have_lied or is_due:
            return {}
        return dict(self._validators)

    def is_new(self, picture: bytes, headers: Mapping[str, str], now_s: float) -> bool:
        """Take note of a whole picture and its headers; whether it differs from the last one."""
        before, validators = self._validators, _validators_in(headers)
        is_first = self._picture is None
        is_new = picture != self._picture
        if not is_first and validators:
            goes_along = (validators != before) == is_new
            self._are_believed = goes_along
            # The same validator for another picture: it says nothing about the pictures.
            self._have_lied = self._have_lied or (is_new and validators == before)
        self._validators, self._picture, self._fetched_s = validators, picture, now_s
        return is_new


def _validators_in(headers: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, condition in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
        value = headers.get(name, "").strip()
        if value and len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable():
            found[condition] = value
    return found

"""Reads which hardware address this machine has seen at which IPv4 address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_TABLE: Final = Path("/proc/net/arp")
_MAX_TABLE: Final = 2**20
_MAC: Final = re.compile(r"[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}")
_NOBODY: Final = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")
_COMPLETE: Final = 0x2
"""The flag of an entry whose hardware address is known."""


def normal_mac(text: str) -> str | None:
    """A hardware address as `00:11:22:aa:bb:cc`; None when it is none, or nobody's."""
    written = text.strip().lower()
    if not _MAC.fullmatch(written):
        return None
    digits = re.sub(r"[:-]", "", written)
    mac = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return None if mac in _NOBODY else mac


def neighbours(table: Path = _TABLE) -> dict[str, str]:
    """Address → hardware address, of those on this network that were spoken to lately.

    Empty where the system has no such table. A device behind a router is not in it.
    """
    try:
        with table.open("rb") as file:
            text = file.read(_MAX_TABLE).decode("ascii", "replace")
    except OSError:
        return {}
    found = {}
    for line in text.splitlines()[1:]:
        match line.split():
            case [address, _, flags, mac, *_] if _is_complete(flags) and (known := normal_mac(mac)):
                found[address] = known
    return found


def _is_complete(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _COMPLETE)
    except ValueError:
        return False

"""Lists the IPv4 addresses of this machine's interfaces."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """One address of one interface that is up."""

    interface: str
    address: str

    @property
    def is_loopback(self) -> bool:
        """Whether it leads to this machine only."""
        return ipaddress.ip_address(self.address).is_loopback


def ipv4_addresses() -> list[InterfaceAddress]:
    """The addresses of interfaces that are up, by the interface's name."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    return [
        InterfaceAddress(name, each.address)
        for name, addresses in sorted(psutil.net_if_addrs().items())
        for each in addresses
        if name in up and each.family is socket.AF_INET
    ]

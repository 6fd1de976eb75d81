"""Takes commands over the broker: who may what, until when, at most once; and asks for them.

Pure but for `memory` (a lock), `desk` (threads) and `client` (a connection). docs/commands.md is
the contract.
"""

from edge_video.delivery.commands.catalog import COMMANDS, CommandSpec
from edge_video.delivery.commands.permissions import Grant, Permissions, Principal
from edge_video.delivery.commands.request import Answer, Delivery, Refusal, Request

__all__ = [
    "COMMANDS",
    "Answer",
    "CommandSpec",
    "Delivery",
    "Grant",
    "Permissions",
    "Principal",
    "Refusal",
    "Request",
]

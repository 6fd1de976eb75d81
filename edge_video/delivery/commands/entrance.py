"""Judges a message: who sends it, whether that is allowed, in time, and complete. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from edge_video.delivery.commands.permissions import Permissions, Principal, Proof
from edge_video.delivery.commands.request import (
    Delivery,
    Reason,
    Refusal,
    Request,
    arguments_of,
    require_command,
    require_message_id,
)
from edge_video.delivery.commands.timeliness import Times, require_in_time, times_in_headers
from edge_video.delivery.commands.tokens import (
    BadTokenError,
    Claims,
    body_hash,
    key_name_of,
    verified,
)

TOKEN_HEADER: Final = "token"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be carried out.

    Attributes:
        request: what is asked.
        sent_at_s: when, by the wall clock of the sender.
        digest: stands for all that is asked, so that a repetition is told from another request.
    """

    request: Request
    sent_at_s: float
    digest: str


@dataclass(frozen=True, slots=True)
class Entrance:
    """Lets requests in.

    Attributes:
        node: its name; a request must be for it, or for every node.
        permissions: who may what.
    """

    node: str
    permissions: Permissions

    def sender_of(self, delivery: Delivery) -> tuple[Principal, Times]:
        """Who has sent a message, and when; a signed one by its signature, whoever handed it in.

        Raises:
            Refusal: nobody knows, or what is signed is another message.
        """
        token = delivery.headers.get(TOKEN_HEADER)
        if token is not None:
            return self._signer_of(delivery, token)
        if not delivery.user_id:
            raise Refusal(
                Reason.UNKNOWN_SENDER, "the message has neither user_id nor token: nobody sent it"
            )
        return Principal(Proof.USER, delivery.user_id), times_in_headers(delivery)

    def admit(self, delivery: Delivery, sender: Principal, times: Times, now_s: float) -> Admitted:
        """Let a message in; `now_s` is of the wall clock.

        Raises:
            Refusal: it may not, or cannot, be carried out.
        """
        command = require_command(delivery)
        if not self.permissions.allow(sender, command, None):
            # Before anything is read that is the sender's: who may nothing learns nothing.
            raise _forbidden(sender, command)
        if not delivery.is_for_every_node and delivery.node != self.node:
            # The broker delivers it elsewhere, too: by the header CC, or other bindings; what it
            # lets a sender write is about the name in the routing key.
            raise Refusal(Reason.BAD_REQUEST, "it is addressed to another node")
        require_in_time(times, delivery.expiration, now_s)
        arguments = arguments_of(command, delivery.body)
        request = Request(command, sender, require_message_id(delivery), arguments)
        if request.camera is not None and not self.permissions.allow(
            sender, command, request.camera
        ):
            raise _forbidden(sender, command, request.camera)
        digest = hashlib.sha256(f"{command}\n".encode() + delivery.body).hexdigest()
        return Admitted(request, times.sent_at_s, digest)

    def _signer_of(self, delivery: Delivery, token: object) -> tuple[Principal, Times]:
        try:
            name = key_name_of(token if isinstance(token, str) else "")
            claims = verified(str(token), self._key_of(name))
        except BadTokenError as error:
            raise Refusal(Reason.UNKNOWN_SENDER, str(error)) from None
        self._require_same(delivery, claims)
        return Principal(Proof.KEY, name), Times(claims.issued_at_s, claims.expires_at_s)

    def _key_of(self, name: str) -> bytes:
        key = self.permissions.key_of(name)
        if key is None:
            raise BadTokenError("the token names a key that this node does not have")
        return key

    def _require_same(self, delivery: Delivery, claims: Claims) -> None:
        """Compare what is signed with the message that it came with.

        Raises:
            Refusal: it is another message, or for another node.
        """
        wanted = {
            "aud": (claims.audience, "all" if delivery.is_for_every_node else self.node),
            "cmd": (claims.command, delivery.command),
            "jti": (claims.message_id, delivery.message_id),
            "bh": (claims.body_hash, body_hash(delivery.body)),
        }
        for name, (signed, is_) in wanted.items():
            if signed != is_:
                raise Refusal(
                    Reason.UNKNOWN_SENDER, f"what is signed is another message: {name} differs"
                )


def _forbidden(sender: Principal, command: str, camera: str | None = None) -> Refusal:
    who = f"{sender.proof} {sender.name}"
    if camera is None:
        return Refusal(Reason.FORBIDDEN, f"the sender ({who}) may not {command}")
    return Refusal(Reason.FORBIDDEN, f"the sender ({who}) may not {command} this camera")

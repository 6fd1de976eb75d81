"""Holds what is known of an ONVIF device: who answered, and which streams it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from edge_video.text.redact import mask_url
from edge_video.text.urls import split_url

USUAL_SERVICE: Final = "/onvif/device_service"
"""Where a device usually answers."""


class Problem(StrEnum):
    """Why a device did not tell all of its streams."""

    NO_ANSWER = "no_answer"
    """No service of it could be reached in time."""
    NOT_UNDERSTOOD = "not_understood"
    """It answered with broken XML, with too much, or with something else altogether."""
    NEEDS_LOGIN = "needs_login"
    """It asks for a user, and none was given."""
    WRONG_LOGIN = "wrong_login"
    """It refused the user that was given; it was not asked again."""
    NO_STREAMS = "no_streams"
    """It has no media service, or no profile with video."""
    REFUSED = "refused"
    """It answered a question with an error of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One device that answered the multicast question.

    Attributes:
        endpoint: its identity, which stays when its address changes; empty when it has none.
        address: where the answer came from.
        services: the addresses that it says its service has, as it wrote them.
        name: what it calls itself.
        hardware: its model, as it says.
        announced: whether it answered; False for one that the operator named.
    """

    endpoint: str
    address: str
    services: tuple[str, ...] = ()
    name: str = ""
    hardware: str = ""
    announced: bool = True


def named_device(text: str) -> Answer:
    """The device that an operator names by `HOST`, or by `HOST:PORT` where it has an odd port.

    Raises:
        ValueError: it is neither. The message quotes nothing of it.
    """
    url = split_url(f"http://{text}")
    has_login = url.username is not None or url.password is not None
    if not url.host or url.rest or has_login:
        raise ValueError("it is neither HOST nor HOST:PORT")
    services = () if url.port is None else (f"{url.without_credentials}{USUAL_SERVICE}",)
    return Answer("", url.host, services, announced=False)


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a device.

    Attributes:
        token: how the device calls its profile.
        name: how a human has called it.
        codec: as the device writes it, in capitals; empty when it does not say.
        width: in pixels; None when it does not say.
        height: in pixels; None when it does not say.
        fps: the most frames a second; None when it does not say.
        url: where it is, without user and password in front of the host. A path may still hold a
            secret: what is shown is `shown_url`.
        is_told_there: False where the device named another host, as behind a router, whose ports
            are its own.
    """

    token: str
    name: str
    codec: str = ""
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    url: str = field(default="", repr=False)
    is_told_there: bool = True

    @property
    def shown_url(self) -> str:
        """The address with every secret masked."""
        return mask_url(self.url)


@dataclass(frozen=True, slots=True)
class Device:
    """What one device said of itself.

    Attributes:
        answer: how it was found.
        service: the address that was asked; None when none answered.
        maker: who made it, and which model it is.
        clock_offset_s: how far its clock is ahead of this machine's; None when it does not say.
        streams: in its own order.
        problem: None when it told everything.
        detail: what it said when there was a problem.
        foreign_addresses: hosts that it named for itself though it answers at another address.
        macs: the hardware addresses that it says it has.
    """

    answer: Answer
    service: str | None = None
    maker: str = ""
    clock_offset_s: float | None = None
    streams: tuple[Stream, ...] = ()
    problem: Problem | None = None
    detail: str = ""
    foreign_addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Maker and model, else the name that it gave itself."""
        return self.maker or self.answer.name or self.answer.hardware


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the devices; the password is never printed."""

    username: str
    password: str = field(repr=False)


CLOCK_TOLERANCE_S: Final = 5.0
"""A device whose clock differs by more may refuse logins of programs that do not ask it first."""

"""Asks one device for its clock, its name and its streams."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from edge_video.capture.onvif.model import Device, Problem, Stream
from edge_video.capture.onvif.reading import (
    MEDIA,
    MEDIA_2,
    foreign_addresses,
    is_at,
    read_clock,
    read_endpoint,
    read_macs,
    read_maker,
    read_media_services,
    read_profiles,
    read_stream_url,
    service_urls,
)
from edge_video.capture.onvif.soap import Questions, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from edge_video.capture.onvif.cancellation import Cancellation
    from edge_video.capture.onvif.model import Answer, Login

_AT_ONCE: Final = 8
_DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
_SCHEMA: Final = "http://www.onvif.org/ver10/schema"
_CLOCK: Final = f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>'
_SERVICES: Final = (
    f'<GetServices xmlns="{_DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>',
    f'<GetCapabilities xmlns="{_DEVICE}"><Category>Media</Category></GetCapabilities>',
)
_INTERFACES: Final = f'<GetNetworkInterfaces xmlns="{_DEVICE}"/>'
_ENDPOINT: Final = f'<GetEndpointReference xmlns="{_DEVICE}"/>'
_INFORMATION: Final = f'<GetDeviceInformation xmlns="{_DEVICE}"/>'
_PROFILES: Final = {
    MEDIA: f'<GetProfiles xmlns="{MEDIA}"/>',
    MEDIA_2: f'<GetProfiles xmlns="{MEDIA_2}"><Type>VideoEncoder</Type></GetProfiles>',
}
_STREAM: Final = {
    MEDIA: (
        f'<GetStreamUri xmlns="{MEDIA}"><StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
        f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
        "<ProfileToken>{token}</ProfileToken></GetStreamUri>"
    ),
    MEDIA_2: (
        f'<GetStreamUri xmlns="{MEDIA_2}"><Protocol>RTSP</Protocol>'
        "<ProfileToken>{token}</ProfileToken></GetStreamUri>"
    ),
}
_FINAL: Final = frozenset({Problem.NEEDS_LOGIN, Problem.WRONG_LOGIN, Problem.NO_ANSWER})
"""After these a device is asked nothing more."""


def ask_devices(answers: Iterable[Answer], login: Login | None, limit_s: float) -> list[Device]:
    """Ask several devices side by side, each for so long at most; the order stays."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="onvif") as pool:
        return list(pool.map(partial(ask_device, login=login, limit_s=limit_s), answers))


def ask_device(
    answer: Answer, login: Login | None, limit_s: float, cancellation: Cancellation | None = None
) -> Device:
    """Everything that a device says of its streams; what went wrong is in the result."""
    questions = Questions(login, limit_s, cancellation)
    inquiry = _Inquiry(answer, questions)
    with closing(questions):
        try:
            inquiry.run()
        except Unanswered as end:
            detail = str(end)
            inquiry.device = replace(inquiry.device, problem=end.problem, detail=detail)
        inquiry.identify()
    return inquiry.device


class _Inquiry:
    """The questions to one device, in the order that its answers need."""

    def __init__(self, answer: Answer, questions: Questions) -> None:
        self._questions = questions
        foreign = foreign_addresses(answer.services, answer.address)
        self.device = Device(answer, foreign_addresses=foreign)

    def run(self) -> None:
        """Ask for everything. Raises Unanswered when the streams remain unknown."""
        service = self._find_service()
        self.device = replace(self.device, service=service)
        self._find_streams(self._media_services(service))
        self.device = replace(self.device, maker=self._maker(service))

    def identify(self) -> None:
        """Ask who it is: what its hardware is, and its endpoint where that is unknown.

        What it does not tell, or not to this user, is left out.
        """
        service, answer, problem = self.device.service, self.device.answer, self.device.problem
        if service is None or problem in (Problem.NO_ANSWER, Problem.WRONG_LOGIN):
            return
        with suppress(Unanswered):
            if not answer.endpoint:  # it needs no login
                body = self._questions.ask_openly(service, _ENDPOINT)
                self.device = replace(
                    self.device, answer=replace(answer, endpoint=read_endpoint(body))
                )
        with suppress(Unanswered):
            if problem is not Problem.NEEDS_LOGIN:
                macs = read_macs(self._questions.ask(service, _INTERFACES))
                self.device = replace(self.device, macs=macs)

    def _find_service(self) -> str:
        """The first address that understands the question for the time, which needs no login."""
        answer, problem = self.device.answer, Unanswered(Problem.NO_ANSWER)
        for url in service_urls(answer.services, answer.address):
            try:
                body = self._questions.ask_openly(url, _CLOCK)
            except Unanswered as error:
                if error.problem in (Problem.NEEDS_LOGIN, Problem.REFUSED):
                    return url  # it is one; some want a login even for that
                if error.problem is not Problem.NO_ANSWER:
                    problem = error
                continue
            offset_s = read_clock(body, time.time())
            self._questions.clock_offset_s = offset_s or 0.0
            self.device = replace(self.device, clock_offset_s=offset_s)
            return url
        raise problem

    def _media_services(self, service: str) -> dict[str, str]:
        for question in _SERVICES:
            body = self._optional(service, question)
            found = {} if body is None else read_media_services(body, self._address)
            if found:
                return found
        raise Unanswered(Problem.NO_STREAMS)

    def _find_streams(self, media: dict[str, str]) -> None:
        """The streams of the newer media service, else of the older one; each is kept at once."""
        for version in (MEDIA_2, MEDIA):
            body = self._optional(media[version], _PROFILES[version]) if version in media else None
            for each in [] if body is None else read_profiles(body):
                stream = self._with_url(each, media[version], version)
                if stream.url:
                    self.device = replace(self.device, streams=(*self.device.streams, stream))
            if self.device.streams:
                return
        raise Unanswered(Problem.NO_STREAMS)

    def _with_url(self, stream: Stream, service: str, version: str) -> Stream:
        token = quoteattr(stream.token)[1:-1]
        body = self._optional(service, _STREAM[version].format(token=token))
        if body is None:
            return stream
        url = read_stream_url(body, self._address)
        return replace(stream, url=url, is_told_there=is_at(body, self._address))

    def _maker(self, service: str) -> str:
        """Who made it; what is known of its streams stands without that."""
        try:
            return read_maker(self._questions.ask(service, _INFORMATION))
        except Unanswered:
            return ""

    def _optional(self, url: str, question: str) -> Element | None:
        """The answer; None when the device does not know this question."""
        try:
            return self._questions.ask(url, question)
        except Unanswered as error:
            if error.problem in _FINAL:
                raise
            return None

    @property
    def _address(self) -> str:
        return self.device.answer.address

"""Implements an ONVIF camera: it answers the multicast question, and questions over HTTP."""

from __future__ import annotations

import base64
import hashlib
import re
import select
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from edge_video.testing.devices.device import Device
from edge_video.testing.devices.http import http_answer
from edge_video.testing.devices.requests import RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.testing.devices.authentication import Authentication
    from edge_video.testing.devices.loopback import Connection
    from edge_video.testing.devices.requests import Request

GROUP: Final = "239.255.255.250"
_TOLERANCE_S: Final = 5.0
_LOOK_S: Final = 0.1
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">'
    "<e:Body>{body}</e:Body></e:Envelope>"
)
_MATCH: Final = (
    "<d:ProbeMatches><d:ProbeMatch>"
    "<a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>"
    "<d:Types>{types}</d:Types>"
    "<d:Scopes>onvif://www.onvif.org/name/{name} onvif://www.onvif.org/hardware/H1</d:Scopes>"
    "<d:XAddrs>{services}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
    "</d:ProbeMatch></d:ProbeMatches>"
)
_PROFILE: Final = (
    '<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
    '<tt:VideoEncoderConfiguration token="V"><tt:Encoding>{codec}</tt:Encoding>'
    "<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
    "<tt:RateControl><tt:FrameRateLimit>{fps}</tt:FrameRateLimit></tt:RateControl>"
    "</tt:VideoEncoderConfiguration></trt:Profiles>"
)
_OPEN: Final = ("GetSystemDateAndTime", "GetEndpointReference")
"""Nobody needs a login for these."""
_INTERFACES: Final = (
    '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0">'
    "<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>{mac}</tt:HwAddress></tt:Info>"
    "</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
)
_ENDPOINT: Final = (
    "<tds:GetEndpointReferenceResponse><tds:GUID>{endpoint}</tds:GUID>"
    "</tds:GetEndpointReferenceResponse>"
)
_FAULT: Final = (
    "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:{code}</e:Value>"
    "</e:Subcode></e:Code><e:Reason><e:Text>{text}</e:Text></e:Reason></e:Fault>"
)


@dataclass(frozen=True, slots=True)
class OnvifStream:
    """A profile of the camera, with the address that it tells."""

    token: str
    url: str
    codec: str = "H264"
    width: int = 1920
    height: int = 1080
    fps: int = 25


class OnvifDevice(Device):
    """Answers as an ONVIF camera, and does what real ones do wrong.

    Args:
        streams: its profiles.
        endpoint: its identity.
        name: in its scopes and its device information.
        login: user and password; None lets everybody in. With `http_login` absent it is a
            UsernameToken whose time must be that of the device's clock and whose nonce is new.
        http_login: asks for this HTTP authentication in place of a token.
        clock_offset_s: how far its clock is ahead.
        services: what it says its addresses are, apart by spaces; `{port}` is its port.
        media: what it says the address of its media service is.
        answers: by operation (`GetProfiles`), bytes in place of the usual body of the answer; a
            function is called with the request, and may raise `HangUp`.
        probe_answers: datagrams in place of the usual answer to the multicast question.
        discovery_port: where the multicast question comes; None: it is not answered.
        host: its address.
        mac: its hardware address; None: it does not tell its interfaces, and no endpoint either.
    """

    scheme = "http"

    def __init__(
        self,
        streams: Sequence[OnvifStream] = (),
        *,
        endpoint: str = "urn:uuid:00000000-0000-4000-8000-000000000001",
        name: str = "Simulated",
        login: tuple[str, str] | None = None,
        http_login: Authentication | None = None,
        clock_offset_s: float = 0.0,
        services: str = "http://127.0.0.1:{port}/onvif/device_service",
        media: str = "http://127.0.0.1:{port}/onvif/media_service",
        answers: Mapping[str, bytes | Callable[[Request], bytes]] | None = None,
        probe_answers: Sequence[bytes] | None = None,
        discovery_port: int | None = None,
        host: str = "127.0.0.1",
        mac: str | None = None,
    ) -> None:
        super().__init__(path="/onvif/device_service", host=host)
        self.streams = list(streams)
        self.endpoint = endpoint
        self.name = name
        self.mac = mac
        self._guard = _Guard(login, http_login, clock_offset_s)
        self._clock_offset_s = clock_offset_s
        self._services, self._media = services, media
        self._answers_by_operation = dict(answers or {})
        self._probe_answers = probe_answers
        self._responder = (
            None if discovery_port is None else _Responder(host, discovery_port, self._match)
        )

    def __enter__(self) -> Self:
        super().__enter__()
        if self._responder is not None:
            self._responder.open()
        return self

    def __exit__(self, *exit_: object) -> None:
        if self._responder is not None:
            self._responder.close()
        super().__exit__(*exit_)

    @property
    def refused_logins(self) -> int:
        """How many requests had a login that was wrong."""
        return self._guard.refused

    def serve(self, connection: Connection) -> None:
        """Answer requests, one after the other."""
        requests = RequestReader(connection)
        while (request := requests.read()) is not None:
            self._remember(request)
            connection.send(self._answer(request))

    def operations(self) -> list[str]:
        """The operations that were asked for, in their order."""
        return [_operation(each) for each in self.requests]

    def _answer(self, request: Request) -> bytes:
        operation = _operation(request)
        refusal = None if operation in _OPEN else self._guard.refusal(request)
        if refusal is not None:
            return refusal
        own = self._answers_by_operation.get(operation)
        if own is not None:
            body = own if isinstance(own, bytes) else own(request)
        else:
            body = _ENVELOPE.format(body=self._usual(operation, request)).encode()
        return http_answer(body, Content_Type="application/soap+xml")

    def _usual(self, operation: str, request: Request) -> str:
        match operation:
            case "GetSystemDateAndTime":
                return _clock(time.time() + self._clock_offset_s)
            case "GetDeviceInformation":
                return (
                    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer>"
                    f"<tds:Model>{self.name}</tds:Model></tds:GetDeviceInformationResponse>"
                )
            case "GetCapabilities":
                return (
                    "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>"
                    f"{self._media.format(port=self.port)}"
                    "</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
                )
            case "GetProfiles":
                profiles = (
                    _PROFILE.format(
                        token=each.token,
                        codec=each.codec,
                        width=each.width,
                        height=each.height,
                        fps=each.fps,
                    )
                    for each in self.streams
                )
                return f"<trt:GetProfilesResponse>{''.join(profiles)}</trt:GetProfilesResponse>"
            case "GetStreamUri":
                return self._stream_uri(request)
        return self._identity(operation)

    def _identity(self, operation: str) -> str:
        if operation == "GetNetworkInterfaces" and self.mac is not None:
            return _INTERFACES.format(mac=self.mac)
        if operation == "GetEndpointReference" and self.mac is not None:
            return _ENDPOINT.format(endpoint=self.endpoint)
        return _FAULT.format(code="ActionNotSupported", text="not implemented")

    def _stream_uri(self, request: Request) -> str:
        found = re.search(rb"ProfileToken>([^<]*)<", request.body)
        token = "" if found is None else found[1].decode()
        url = next((each.url for each in self.streams if each.token == token), "")
        return (
            "<trt:GetStreamUriResponse><trt:MediaUri>"
            f"<tt:Uri>{url.replace('&', '&amp;')}</tt:Uri>"
            "</trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _match(self) -> Sequence[bytes]:
        if self._probe_answers is not None:
            return self._probe_answers
        return [probe_match(self.endpoint, self._services.format(port=self.port), self.name)]


def probe_match(
    endpoint: str, services: str, name: str = "Simulated", types: str = "dn:NetworkVideoTransmitter"
) -> bytes:
    """The answer to a multicast question."""
    facts = {"endpoint": endpoint, "services": services, "name": name, "types": types}
    return _ENVELOPE.format(body=_MATCH.format(**facts)).encode()


class _Guard:
    """Lets in who has the right login."""

    def __init__(
        self, login: tuple[str, str] | None, http: Authentication | None, clock_offset_s: float
    ) -> None:
        self._login = login
        self._http = http
        self._clock_offset_s = clock_offset_s
        self._seen: set[str] = set()
        self.refused = 0

    def refusal(self, request: Request) -> bytes | None:
        """The answer to whoever is not let in; None for whoever is."""
        if self._http is not None:
            return self._http_refusal(self._http, request)
        if self._login is None or self._is_right(self._login, request.body.decode()):
            return None
        if b"UsernameToken" in request.body:
            self.refused += 1
        fault = _FAULT.format(code="NotAuthorized", text="not authorized")
        return http_answer(_ENVELOPE.format(body=fault).encode(), "400 Bad Request")

    def _http_refusal(self, asks: Authentication, request: Request) -> bytes | None:
        sent = request.headers.get("authorization", "")
        if asks.accepts(request.method, sent):
            return None
        self.refused += bool(sent)
        return http_answer(b"", "401 Unauthorized", WWW_Authenticate=asks.challenges()[0])

    def _is_right(self, login: tuple[str, str], body: str) -> bool:
        values = {
            name: found[1]
            for name in ("Username", "Password", "Nonce", "Created")
            if (found := re.search(rf"<\w+:{name}[ >][^<]*?>?([^<>]*)</", body))
        }
        if len(values) < 4 or values["Nonce"] in self._seen:
            return False
        self._seen.add(values["Nonce"])
        created = datetime.strptime(values["Created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        lateness_s = created.timestamp() - time.time() - self._clock_offset_s
        raw = base64.b64decode(values["Nonce"]) + values["Created"].encode() + login[1].encode()
        digest = base64.b64encode(hashlib.sha1(raw, usedforsecurity=False).digest()).decode()
        return (
            abs(lateness_s) <= _TOLERANCE_S
            and values["Username"] == login[0]
            and values["Password"] == digest
        )


class _Responder:
    """Answers the multicast question on one interface, in a thread of its own."""

    def __init__(self, host: str, port: int, answers: Callable[[], Sequence[bytes]]) -> None:
        self._host = host
        self._port = port
        self._answers = answers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onvif-probe", daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def open(self) -> None:
        """Join the group; the question is heard when this returns."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((GROUP, self._port))
        group = socket.inet_aton(GROUP) + socket.inet_aton(self._host)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join(10.0)
        self._socket.close()

    def _run(self) -> None:
        while not self._over.is_set():
            readable, _, _ = select.select([self._socket], [], [], _LOOK_S)
            if readable:
                _, asker = self._socket.recvfrom(65535)
                for each in self._answers():
                    self._socket.sendto(each, asker)


def _operation(request: Request) -> str:
    found = re.search(rb"<s:Body><(\w+)", request.body)
    return "" if found is None else found[1].decode()


def _clock(now_s: float) -> str:
    now = datetime.fromtimestamp(now_s, UTC)
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time>"
        f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
        f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
        f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )

"""Serves RTSP cameras with GStreamer, driven by JSON lines on standard input.

Run by the system's python3, which has the GStreamer bindings; see `edge_video/testing/rtsp.py` for
the other end. The only argument is a JSON object:

    {"port": 0, "mounts": {"/cam1": "/clips/1.mkv"},
     "auth": {"method": "basic" | "digest", "user": "…", "password": "…"} | null}

It prints `READY <port>` once it listens, then answers each command line with `OK` or `ERROR …`:

    {"command": "add", "path": "/cam2", "clip": "/clips/2.mkv"}
    {"command": "remove", "path": "/cam2"}      running clients of the path are hung up on
    {"command": "hang_up"}                      every client's connection is closed
    {"command": "clients"}                      answers `OK <number of connected clients>`

Every client gets a pipeline of its own, from the start of the clip, in real time; at its end the
camera says goodbye (RTCP BYE). End of standard input ends the server.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - versions come first

PIPELINES = {
    "h264": "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "hevc": "h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1",
}


def codec_of(clip: str) -> str:
    """The codec of a clip, by the name the clip maker gave it."""
    return "hevc" if "libx265" in clip.rsplit("/", 1)[-1] else "h264"


def make_factory(clip: str, auth: dict[str, str] | None) -> Any:
    """A media factory that plays one clip from its start to each client on its own."""
    factory = GstRtspServer.RTSPMediaFactory()
    launch = f'( filesrc location="{clip}" ! matroskademux ! {PIPELINES[codec_of(clip)]} )'
    factory.set_launch(launch)
    factory.set_shared(False)
    if auth:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role("viewer")
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", permission, True)
        factory.set_permissions(permissions)
    return factory


def make_auth(auth: dict[str, str]) -> Any:
    """The server's authentication: one user, one method."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    guard = GstRtspServer.RTSPAuth()
    if auth["method"] == "digest":
        guard.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        guard.add_digest(auth["user"], auth["password"], token)
    else:
        basic = GstRtspServer.RTSPAuth.make_basic(auth["user"], auth["password"])
        guard.add_basic(basic, token)
    return guard


class Farm:
    """The server and its mounts."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.auth = options.get("auth")
        self.server = GstRtspServer.RTSPServer()
        self.server.set_address("127.0.0.1")
        self.server.set_service(str(options["port"]))
        self.clients = []
        self.server.connect("client-connected", self.on_client)
        if self.auth:
            self.server.set_auth(make_auth(self.auth))
        for path, clip in options["mounts"].items():
            self.add(path, clip)

    def on_client(self, _server: Any, client: Any) -> None:
        """Remember a client until it goes."""
        self.clients.append(client)
        client.connect("closed", self.clients.remove)

    def add(self, path: str, clip: str) -> None:
        """Mount a clip."""
        self.server.get_mount_points().add_factory(path, make_factory(clip, self.auth))

    def remove(self, path: str) -> None:
        """Unmount a clip; everybody is hung up on."""
        self.server.get_mount_points().remove_factory(path)
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection."""
        for client in list(self.clients):
            client.close()

    def execute(self, line: str) -> str:
        """Carry a command line out; its answer."""
        command = json.loads(line)
        name = command["command"]
        if name == "add":
            self.add(command["path"], command["clip"])
        elif name == "remove":
            self.remove(command["path"])
        elif name == "hang_up":
            self.hang_up()
        elif name == "clients":
            return f"OK {len(self.clients)}"
        else:
            return f"ERROR unknown command {name}"
        return "OK"


def main() -> None:
    """Serve until standard input ends."""
    Gst.init(None)
    farm = Farm(json.loads(sys.argv[1]))
    if farm.server.attach(None) == 0:
        sys.exit("ERROR cannot listen")
    loop = GLib.MainLoop()

    def on_input(_channel: Any, _condition: Any) -> bool:
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        try:
            answer = farm.execute(line)
        except Exception as error:  # noqa: BLE001 - the test that sent it shall see it
            answer = f"ERROR {error!r}"
        print(answer, flush=True)
        return True

    GLib.io_add_watch(GLib.IOChannel(0), GLib.IO_IN | GLib.IO_HUP, on_input)
    # Sessions of clients that vanished are dropped in time.
    GLib.timeout_add_seconds(5, lambda: farm.server.get_session_pool().cleanup() >= 0)
    print(f"READY {farm.server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()

"""A web server that has one status to tell, and tells whatever a test says instead."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

from edge_video.status.json import status_as_json

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus


class Site(http.server.ThreadingHTTPServer):
    """Serves what the test says, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, port: int = 0, *, status: SystemStatus) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.body = json.dumps(status_as_json(status)).encode()
        self.code = 200
        self.location: str | None = None
        self.asked: list[tuple[str, str | None]] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(5)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.server.code)
        if self.server.location is not None:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        pass

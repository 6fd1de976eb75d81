"""Serves the newest picture of each camera to a browser of this machine: `watch --http`.

Loopback only and by a name of this machine only: pictures are nobody else's business, and a page
from elsewhere must not reach them through the operator's browser.
"""

from __future__ import annotations

import html
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from edge_video.text.catalog import Language, lookup

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_PICTURES: Final = 256
"""Cameras whose newest picture is kept."""

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; connect-src 'self';"
    " script-src 'self'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE: Final = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>edge-video watch</title>
<link rel="icon" href="/favicon.ico" type="image/svg+xml">
<style>:root{{color-scheme:light dark}}body{{margin:12px;font:15px system-ui,sans-serif}}
h1{{font-size:1.2em;margin:0 0 4px}}
main{{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:12px}}
figure{{margin:0}}img{{width:100%;display:block;background:#8883;aspect-ratio:16/9;
object-fit:contain}}figcaption{{padding:4px 0;overflow-wrap:anywhere}}
figcaption span{{opacity:.75;margin-left:.5em;white-space:nowrap}}</style>
<script src="/watch.js" defer></script></head><body data-one="{one}" data-many="{many}"
data-none="{none}" data-lost="{lost}" data-caption="{caption}"><h1>edge-video watch</h1>
<p id="state" role="status">…</p><main></main></body></html>"""
_SCRIPT: Final = """
const main = document.querySelector('main'), state = document.getElementById('state');
const texts = document.body.dataset;
function say(text) { if (state.textContent !== text) state.textContent = text; }
function figureOf(number) {
  let figure = document.getElementById('c' + number);
  if (!figure) {
    figure = document.createElement('figure');
    figure.id = 'c' + number;
    const caption = document.createElement('figcaption');
    caption.append(document.createElement('strong'), document.createElement('span'));
    figure.append(document.createElement('img'), caption);
    main.append(figure);
  }
  return figure;
}
async function look() {
  try {
    const cameras = await (await fetch('/cameras.json')).json();
    const count = texts[cameras.length === 1 ? 'one' : cameras.length ? 'many' : 'none'];
    say(count.replace('{count}', cameras.length));
    cameras.forEach((camera, number) => {
      const [image, caption] = figureOf(number).children;
      image.alt = camera.id;
      if (image.dataset.seq !== String(camera.seq)) {
        image.dataset.seq = camera.seq;
        image.src = '/pictures/' + number + '.jpg?' + camera.seq;
      }
      const age = camera.age_s.toLocaleString(document.documentElement.lang,
        {minimumFractionDigits: 1, maximumFractionDigits: 1});
      caption.children[0].textContent = camera.id;
      caption.children[1].textContent = texts.caption
        .replace('{seq}', camera.seq).replace('{age}', age);
    });
  } catch (error) { say(texts.lost); }
  setTimeout(look, document.hidden ? 2000 : 500);
}
look();
"""
_ICON: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">\
<circle cx="8" cy="8" r="7" fill="#1565c0"/>\
<path d="M2.5 8Q8 2.5 13.5 8 8 13.5 2.5 8z" fill="#fff"/>\
<circle cx="8" cy="8" r="2" fill="#1565c0"/></svg>"""


def _page(language: Language) -> str:
    keys = {"one": "camera", "many": "cameras", "none": "none", "lost": "lost"}
    texts = {name: lookup(f"watch.page.{key}", language) for name, key in keys.items()}
    caption = lookup("watch.page.caption", language)
    return _PAGE.format(
        language=language.value,
        caption=html.escape(caption),
        **{name: html.escape(text) for name, text in texts.items()},
    )


class Pictures:
    """The newest picture of each camera. Any thread; a picture is replaced in one step."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, float, bytes]] = {}

    def take(self, camera_id: str, seq: int, at_s: float, image: bytes) -> None:
        """One more; cameras beyond `MAX_PICTURES` are not shown."""
        if camera_id in self._newest or len(self._newest) < MAX_PICTURES:
            self._newest[camera_id] = (seq, at_s, image)

    def listing(self, now_s: float) -> list[dict[str, object]]:
        """Every camera in the order of its first frame, which never changes."""
        return [
            {"id": camera_id, "seq": seq, "age_s": round(now_s - at_s, 3)}
            for camera_id, (seq, at_s, _) in list(self._newest.items())
        ]

    def image(self, number: int) -> bytes | None:
        """By the camera's place in the listing."""
        newest = list(self._newest.values())
        return newest[number][2] if 0 <= number < len(newest) else None


class PictureServer:
    """Serves `Pictures` on a thread of its own.

    Args:
        address: host and port; the host is a loopback address, port 0 is any free one.
        pictures: what to show.
        language: of the page.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self, address: tuple[str, int], pictures: Pictures, language: Language = Language.EN
    ) -> None:
        self._pictures = pictures
        self._text = _page(language)
        self._host = address[0]
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(family)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(address)
            self._socket.listen(16)  # whoever comes before the thread runs waits
        except OSError:
            self._socket.close()
            raise
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._application(),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                limit_concurrency=64,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="watch-http", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the socket; idempotent."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/favicon.ico", self._icon),
                Route("/watch.js", self._script),
                Route("/cameras.json", self._cameras),
                Route("/pictures/{number:int}.jpg", self._picture),
            ],
            middleware=[
                Middleware(
                    TrustedHostMiddleware,
                    allowed_hosts=["127.0.0.1", "localhost", "::1", "[::1]", self._host],
                    www_redirect=False,
                )
            ],
        )

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(self._text, headers=_HEADERS)

    async def _icon(self, _: Request) -> Response:
        return Response(_ICON, media_type="image/svg+xml", headers=_HEADERS)

    async def _script(self, _: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript", headers=_HEADERS)

    async def _cameras(self, _: Request) -> Response:
        return JSONResponse(self._pictures.listing(time.monotonic()), headers=_HEADERS)

    async def _picture(self, request: Request) -> Response:
        image = self._pictures.image(request.path_params["number"])
        if image is None:
            return Response(status_code=404, headers=_HEADERS)
        return Response(image, media_type="image/jpeg", headers=_HEADERS)

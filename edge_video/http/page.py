"""Answers the endpoints of the page: its files, its texts, and the updates that it draws."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from edge_video.http.api import LIVE_PICTURES_PER_S, PICTURES_PER_S
from edge_video.http.guard import UPDATES_PATH
from edge_video.http.hub import UPDATE_S, Hub
from edge_video.http.responses import error, json_bytes
from edge_video.http.texts import accepted_language, page_texts
from edge_video.http.view import page_view
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from edge_video.http.status_store import StatusStore

_FOLDER: Final = resources.files("edge_video.http") / "static"
_KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_STATIC: Final = {
    f"/{each.name}": _KINDS[suffix]
    for each in _FOLDER.iterdir()
    if (suffix := PurePath(each.name).suffix) in _KINDS
}
_TEXTS: Final = {f"/texts/{language.value}.json": language for language in Language}

PUBLIC_PATHS: Final = frozenset({"/", *_STATIC, *_TEXTS})
"""They show nothing of the system, only a form for the token."""


def page_shapes() -> str:
    """The shapes of the states, as the page has them: each state has its own for every page.

    They are in each page itself and no file beside it: a page whose server is gone still shows
    what it knows, and its shapes with that.
    """
    index = (_FOLDER / "index.html").read_text(encoding="utf-8")
    begin, end = "<svg", "</svg>"
    return begin + index.partition(begin)[2].partition(end)[0] + end


def localized_page(request: Request, page: str, default: Language) -> Response:
    """A page that is written in English, marked as being in the language that is asked for.

    Its script loads the texts of that language.

    Args:
        request: whose `Accept-Language` is honoured.
        page: the whole document.
        default: of browsers that ask for none that we have.
    """
    language = accepted_language(request.headers.get("accept-language"), default)
    marked = page.replace('lang="en"', f'lang="{language.value}"', 1)
    return Response(marked, media_type="text/html; charset=utf-8")


def updates_response(request: Request, hub: Hub) -> Response:
    """The updates of a hub as server-sent events; 503 where it takes no further viewer."""
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    if hub.is_full:
        return error(503, "too many viewers", {"retry-after": "30"})
    return StreamingResponse(hub.updates(), media_type="text/event-stream")


class PageEndpoints:
    """Answers `/`, the page's files and its texts. The event loop's thread only.

    Args:
        language: of browsers that ask for none that we have.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._files = {path: (_FOLDER / path[1:]).read_bytes() for path in _STATIC}
        self._index = (_FOLDER / "index.html").read_text(encoding="utf-8")

    def routes(self) -> list[Route]:
        """The paths that this answers."""
        return [
            Route("/", self._page),
            *(Route(path, self._static) for path in _STATIC),
            *(Route(path, self._texts) for path in _TEXTS),
        ]

    async def _page(self, request: Request) -> Response:
        return localized_page(request, self._index, self._language)

    async def _static(self, request: Request) -> Response:
        path = request.url.path
        return Response(self._files[path], headers={"content-type": _STATIC[path]})

    async def _texts(self, request: Request) -> Response:
        return JSONResponse(page_texts(_TEXTS[request.url.path]))


class UpdateEndpoint:
    """Answers `/api/updates`: what the page shows, once a second. The event loop's thread only.

    Args:
        store: where snapshots come from.
        actions: whether there is a token, and so actions.
        can_keep: whether a change of a camera could be kept.
        max_viewers: at once.
    """

    def __init__(
        self,
        store: StatusStore,
        *,
        actions: bool,
        can_keep: Callable[[], bool],
        max_viewers: int,
    ) -> None:
        self._store = store
        self._actions = actions
        self._can_keep = can_keep
        self.hub = Hub(self._render, max_viewers)

    def routes(self) -> list[Route]:
        """The path that this answers."""
        return [Route(UPDATES_PATH, self._updates)]

    async def _updates(self, request: Request) -> Response:
        return updates_response(request, self.hub)

    def _render(self) -> bytes:
        snapshot = self._store.snapshot()
        pictures = max(1, self.hub.viewers) * len(snapshot.status.cameras)
        view = page_view(
            snapshot,
            picture_interval_s=max(UPDATE_S, pictures / (PICTURES_PER_S - LIVE_PICTURES_PER_S)),
            actions=self._actions,
            can_keep=self._can_keep(),
        )
        return b"data: " + json_bytes(view) + b"\n\n"

"""Joins the routes of one path, so that a refusal names every method that the path takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    Endpoint = Callable[[Request], Awaitable[Response]]


def joined(routes: Iterable[Route]) -> list[Route]:
    """Return the routes with one for each path, which hands a request to the one of its method.

    Starlette answers a method that a path does not take with the methods of the path's first route
    (RFC 9110 wants all of them in `Allow`).
    """
    of_path: dict[str, list[Route]] = {}
    for route in routes:
        of_path.setdefault(route.path, []).append(route)
    return [same[0] if len(same) == 1 else _join(path, same) for path, same in of_path.items()]


def _join(path: str, routes: list[Route]) -> Route:
    endpoints: Mapping[str, Any] = {
        method: route.endpoint for route in routes for method in sorted(route.methods or ())
    }

    async def dispatch(request: Request) -> Response:
        endpoint: Endpoint = endpoints[request.method]
        return await endpoint(request)

    return Route(path, dispatch, methods=list(endpoints))

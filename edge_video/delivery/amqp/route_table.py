"""Knows the routes of all cameras: those configured, and one rule for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.settings import Route

if TYPE_CHECKING:
    from collections.abc import Collection, ItemsView, Mapping

    from edge_video.frames import CameraId

_MAX_SHORT_STRING: Final = 255
"""Bytes of a routing key; AMQP 0-9-1."""


class RouteTable:
    """Finds the route of a camera. Used in the reactor's thread only.

    Args:
        routes: those of the configured cameras; may change meanwhile, from any thread.
        foreign: the exchange of any other camera, and what comes before its id in its routing key;
            None: other cameras have no route.
        present: the cameras that there are now, of those in `routes`; may change as well. Those
            that are gone keep their routes, for frames that still wait. None: all are there.
    """

    def __init__(
        self,
        routes: Mapping[CameraId, Route],
        foreign: Route | None = None,
        present: Collection[CameraId] | None = None,
    ) -> None:
        self._present = present
        self._configured = routes
        self._foreign = foreign
        self._foreign_routes: dict[CameraId, Route] = {}

    @property
    def exchanges(self) -> list[str]:
        """The exchanges that are needed from the beginning, each once."""
        present = self._configured if self._present is None else self._present
        routes = [each for name, each in tuple(self._configured.items()) if name in present]
        if not routes and self._foreign is not None:
            return [self._foreign.exchange]
        return list(dict.fromkeys(route.exchange for route in routes))

    def route_of(self, camera_id: CameraId) -> Route | None:
        """Where a camera's frames go; None: nowhere."""
        route, foreign = self._configured.get(camera_id), self._foreign
        if route is None:
            route = self._foreign_routes.get(camera_id)
        if route is not None or foreign is None:
            return route
        key = foreign.routing_key + camera_id
        if len(key.encode()) > _MAX_SHORT_STRING:
            return None
        route = self._foreign_routes[camera_id] = Route(foreign.exchange, key)
        return route

    def items(self) -> ItemsView[CameraId, Route]:
        """The cameras that have a route by now."""
        return {**self._foreign_routes, **self._configured}.items()

"""Fixtures of the whole suite; the real parts live in `tests/support`."""

from __future__ import annotations

pytest_plugins = ["tests.support.rtsp", "tests.support.rabbit"]

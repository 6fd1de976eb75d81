"""A shortage of the machine and a bug of ours are told apart."""

from __future__ import annotations

import errno

import pytest

from edge_video.runtime.shortage import is_shortage


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.ENFILE, "Too many open files in system"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
        MemoryError(),
        RuntimeError("can't start new thread"),
    ],
    ids=repr,
)
def test_a_shortage_is_recognised_also_as_the_cause_of_something_else(error: Exception) -> None:
    outer = ValueError("could not")
    outer.__cause__ = error
    assert is_shortage(error)
    assert is_shortage(outer)


@pytest.mark.parametrize(
    "error", [None, ValueError("x"), OSError(errno.ENOENT, "gone"), RuntimeError("no")], ids=repr
)
def test_anything_else_is_none(error: Exception | None) -> None:
    assert not is_shortage(error)


def test_errors_that_cause_each_other_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not is_shortage(one)

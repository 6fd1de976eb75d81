"""Says what is wrong with FFmpeg arguments of the configuration. Pure; quotes nothing of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTION: Final = re.compile(r"-[A-Za-z_]")
_WITH_VALUE: Final = re.compile(r"-[A-Za-z_][\w:.\-]*[\s=]")
"""FFmpeg's options have no `=`, and a list's items are split no further."""

_TWO_ITEMS: Final = (
    "an option and its value are two items of the list, as in [-rtsp_flags, prefer_tcp]"
)
_NO_OPTION: Final = (
    "a word in it follows no option: FFmpeg would write a file of that name; options begin with -"
)


def argument_problem(arguments: Sequence[str]) -> str | None:
    """Say why FFmpeg would not take these arguments as they are meant; None when it may.

    FFmpeg itself would quote them in its answer, and they may hold a password.
    """
    may_be_value = False
    for each in arguments:
        is_option = _OPTION.match(each) is not None
        if not is_option and not may_be_value:
            return _NO_OPTION
        if is_option and _WITH_VALUE.match(each):
            return _TWO_ITEMS
        may_be_value = is_option
    return None

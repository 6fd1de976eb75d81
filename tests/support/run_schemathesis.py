"""Schemathesis as a program in which one thread at a time parses Python.

CPython up to 3.11.7 counts the depth of what it parses for all threads together: two at once end in
"AST constructor recursion depth mismatch" (python/cpython#106905, mended in 3.11.8). Hypothesis
parses to show a lambda, and schemathesis has threads beside the one that tests.
"""

from __future__ import annotations

import ast
import sys
import threading
from typing import Any

from schemathesis.cli import schemathesis

_one_at_a_time = threading.Lock()
_parse = ast.parse


def _parse_alone(*args: Any, **kwargs: Any) -> Any:
    with _one_at_a_time:
        return _parse(*args, **kwargs)


if __name__ == "__main__":
    vars(ast)["parse"] = _parse_alone
    sys.exit(schemathesis())

"""Reads what each key means, which stands below it in the source, for those who explain keys.

Pydantic can do so for every section when it is imported (`use_attribute_docstrings`), but reading
the source of all sections takes longer than all else that the configuration does at every start.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from edge_video.config.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def describe_keys() -> None:
    """Give every key of every section its description, and the JSON schema of each with it.

    Where the source is not there, in an archive of compiled modules, keys have none.
    """
    for section in _below(Section):
        texts: dict[str, str] = {}
        for each in reversed(section.__mro__[:-1]):
            texts |= _texts_of(each)
        for name, field in section.model_fields.items():
            field.description = field.description or texts.get(name)
        section.model_rebuild(force=True)


def _below(section: type[Section]) -> Iterator[type[Section]]:
    """Yield all sections in the order of their definition, so that what one contains is first."""
    for each in section.__subclasses__():
        yield each
        yield from _below(each)


@cache
def _texts_of(section: type) -> dict[str, str]:
    """Return the text below each annotated name of a class, but not of those it is made of."""
    body = next((each.body for each in _classes_in(section.__module__, section.__name__)), [])
    return {
        named.target.id: inspect.cleandoc(text.value.value)
        for named, text in pairwise(body)
        if isinstance(named, ast.AnnAssign) and isinstance(named.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }


def _classes_in(module: str, name: str) -> Iterator[ast.ClassDef]:
    for each in _source_of(module).body:
        if isinstance(each, ast.ClassDef) and each.name == name:
            yield each


@cache
def _source_of(module: str) -> ast.Module:
    try:
        return ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):  # without a file, like a prompt's
        return ast.Module([], [])

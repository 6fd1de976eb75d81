"""Reads what each key means, which stands below it in the source, for those who explain keys.

Pydantic can do so for every section when it is imported (`use_attribute_docstrings`), but reading
the source of all sections is a third of what importing the configuration takes, at every start.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

from edge_video.config.section import Section


@cache
def describe_keys() -> None:
    """Give every key of every section its description, and the JSON schema of each with it.

    Where the source is not there, in an archive of compiled modules, keys have none.
    """
    for section in Section.__subclasses__():  # as they were defined: what one contains comes first
        texts = _texts_of(section)
        for name, field in section.model_fields.items():
            field.description = field.description or texts.get(name)
        section.model_rebuild(force=True)


def _texts_of(section: type[Section]) -> dict[str, str]:
    """Return the text below each key of a section."""
    body = _bodies_of(section.__module__).get(section.__name__, [])
    return {
        named.target.id: inspect.cleandoc(text.value.value)
        for named, text in pairwise(body)
        if isinstance(named, ast.AnnAssign) and isinstance(named.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }


@cache
def _bodies_of(module: str) -> dict[str, list[ast.stmt]]:
    """Return what stands in each class of a module, by its name."""
    try:
        source = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):  # without a file, like a prompt's
        return {}
    return {each.name: each.body for each in source.body if isinstance(each, ast.ClassDef)}

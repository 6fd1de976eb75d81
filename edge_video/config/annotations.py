"""Says what the annotations of a section allow: types, choices, limits, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def leaves(annotation: object) -> Iterator[object]:
    """Yield the types in an annotation, without `Annotated`, unions and literals around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif origin is Literal:
        yield from {type(choice) for choice in get_args(annotation)}
    elif origin is not None and origin is not tuple:
        for member in get_args(annotation):
            yield from leaves(member)
    elif annotation is not type(None):
        yield annotation


def is_section(leaf: object) -> TypeGuard[type[BaseModel]]:
    """Tell whether a type is a section of the configuration."""
    return isinstance(leaf, type) and issubclass(leaf, BaseModel)


def item_type(annotation: object) -> object | None:
    """Return the type of a list's items; None for what is no list."""
    found = next((leaf for leaf in leaves(annotation) if get_origin(leaf) is tuple), None)
    return None if found is None else get_args(found)[0]


def choices(field: FieldInfo) -> list[str]:
    """Return the values that a key may have; for the sink, its types."""
    found: list[str] = []

    def collect(annotation: object) -> None:
        if get_origin(annotation) is Literal:
            found.extend(map(str, get_args(annotation)))
        elif is_section(annotation):
            found.append(str(annotation.model_fields["type"].default))
        else:
            for member in get_args(annotation):
                collect(member)

    collect(field.annotation)
    return found


def limits(field: FieldInfo) -> str:
    """Return the bounds of a number as text, like `1 and 60`."""
    marks = marks_of(field)
    low = next((each.ge for each in marks if hasattr(each, "ge")), None)
    high = next((each.le for each in marks if hasattr(each, "le")), None)
    return " and ".join(
        f"{limit:g}" if isinstance(limit, float) else str(limit) for limit in (low, high)
    )


def marks_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return all that `Annotated` says of a field, also in `… | None` and `Field(…)`."""
    marks: list[Any] = [*field.metadata]
    for member in get_args(field.annotation):
        marks += getattr(member, "__metadata__", ())
    for mark in tuple(marks):
        marks += getattr(mark, "metadata", ())
    return tuple(marks)

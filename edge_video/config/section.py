"""Holds the base class of every section of the configuration, and its two errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic.fields import FieldInfo


Keys: TypeAlias = Mapping[str, Any]
"""A section as a program may write it: its keys and their values."""

if TYPE_CHECKING:
    _Held_co = TypeVar("_Held_co", covariant=True)
    _Given_contra = TypeVar("_Given_contra", contravariant=True)

    class Accepts(Generic[_Held_co, _Given_contra]):
        """The type of a key that is given as one type and held as another.

        For a type checker it is a descriptor, and those are what `dataclass_transform` knows to
        have two types: `CameraConfig(stall_timeout="500ms")` is right, and `stall_timeout` is a
        float. For pydantic it is the type that is held.
        """

        def __get__(self, section: object, owner: type, /) -> _Held_co: ...

        def __set__(self, section: object, value: _Given_contra, /) -> None: ...

else:

    class Accepts:
        """The type of a key that is given as one type and held as another: here, the latter."""

        def __class_getitem__(cls, types: tuple[Any, Any]) -> Any:
            return types[0]


def default(value: object) -> Any:
    """Declare the default of a key that `Accepts` more than it holds; a test validates it."""
    return value


def made_by(section: type[BaseModel]) -> Any:
    """Declare a section with its own defaults as the default of a key."""
    return Field(default_factory=section)


def invalid(message: str) -> PydanticCustomError:
    """Make a validation error with a message of ours; braces in it are not a template's."""
    return PydanticCustomError("edge_video", "{message}", {"message": message})


Conflict: TypeAlias = tuple[str, tuple[str, ...], str]
"""The key to blame, the keys involved, the message.

Keys are dotted paths relative to the model, an index between dots: `cameras.2.id`.
"""


def raise_conflicts(conflicts: Iterable[Conflict]) -> None:
    """Raise one error for all conflicts, if there are any."""
    found = list(conflicts)
    if found:
        message = "; ".join(f"{key}: {text}" for key, _, text in found)
        context = {"message": message, "conflicts": found}
        raise PydanticCustomError("conflict", "{message}", context)


def check_text(check: Callable[..., None], *given: object) -> None:
    """Run a check that raises `ValueError`; its message becomes the validation error.

    Raises:
        PydanticCustomError: with the message of the check.
    """
    try:
        check(*given)
    except ValueError as error:
        raise invalid(str(error)) from None


class Section(BaseModel):
    """The base class of every section: frozen, and unknown keys are refused.

    A key without a value (`circuit_breaker:` with every line below commented out) is absent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def field_for(cls, name: str) -> FieldInfo | None:
        """What is known of a key as it may be written; None: there is no such key."""
        return cls.model_fields.get(name)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: value for key, value in given.items() if value is not None}
        return given

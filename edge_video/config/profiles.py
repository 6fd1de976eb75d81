"""Declares the profiles: which cameras are on in each, and by which names they are chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from edge_video.config.section import Conflict, Section, default, invalid, raise_conflicts
from edge_video.config.types import InSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_PROFILE: Final = "none"
"""How commands write that no profile is to apply; so none can be called that."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATTERN: Final = r"^[^*\s]+\*?$"


def _cameras(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _pattern(text: str) -> str:
    if not text or "*" in text[:-1] or text == "*" or any(map(str.isspace, text)):
        raise invalid("it is the id of a camera, or how ids begin, like centro.*")
    return text


class ProfileConfig(Section):
    """Which cameras are on in one profile. Nothing of the others runs, and nothing is amiss."""

    cameras: Annotated[
        tuple[Annotated[str, AfterValidator(_pattern), InSchema(pattern=_PATTERN)], ...],
        BeforeValidator(_cameras),
    ] = default(())
    """Their ids, or how ids begin: `centro.*` is every camera whose id begins with `centro.`;
    empty: none is on."""

    def has(self, camera_id: str) -> bool:
        """Whether a camera is on in it."""
        return any(_fits(pattern, camera_id) for pattern in self.cameras)


class ProfilesConfig(Section):
    """The profiles by their names, like `open` and `closed`, one of which may apply."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ProfileConfig] = Field(init=False)

    @classmethod
    def field_for(cls, name: str) -> FieldInfo | None:
        """What is known of a profile, whatever it is called."""
        return super().field_for(name) or FieldInfo(annotation=ProfileConfig)

    @model_validator(mode="before")
    @classmethod
    def _names_are_names(cls, given: Any) -> Any:
        if isinstance(given, dict):
            conflicts: list[Conflict] = []
            for name in given:
                problem = _problem_of(str(name))
                if problem is not None:
                    conflicts.append((str(name), (str(name),), problem))
            raise_conflicts(conflicts)
        return given

    @property
    def by_name(self) -> Mapping[str, ProfileConfig]:
        """The profiles, in the order of the file."""
        return self.__pydantic_extra__ or {}

    def strangers(self, camera_ids: Iterable[str]) -> Iterable[str]:
        """Say of each name of a camera that fits none of these, what it is and where."""
        known = tuple(camera_ids)
        for name, profile in self.by_name.items():
            for pattern in profile.cameras:
                if not any(_fits(pattern, each) for each in known):
                    yield f"profiles.{name}: no camera is called {pattern}"


def _fits(pattern: str, camera_id: str) -> bool:
    if pattern.endswith("*"):
        return camera_id.startswith(pattern[:-1])
    return camera_id == pattern


def _problem_of(name: str) -> str | None:
    if name == NO_PROFILE:
        return "none stands for no profile; call it otherwise"
    if _NAME.fullmatch(name) is None:
        return "a profile's name is letters, digits, _ and -, 64 at most"
    return None

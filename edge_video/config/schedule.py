"""Declares the section of a camera's schedule: the hours of each weekday in which it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, ConfigDict, model_validator

from edge_video.config.section import Conflict, Section, check_text, invalid, raise_conflicts
from edge_video.config.types import InSchema, Text
from edge_video.runtime.opening_hours import (
    DAYS,
    OpeningHours,
    days_between,
    parse_hours,
    time_zone,
)

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def _hours(text: str) -> str:
    check_text(_parsed, text)
    return text


def _parsed(text: str) -> None:
    parse_hours(text)


def _zone(name: str) -> str:
    check_text(_known, name)
    return name


def _known(name: str) -> None:
    time_zone(name)


_ONE: Final = r"([01][0-9]|2[0-3]):[0-5][0-9] *- *([01][0-9]|2[0-4]):[0-5][0-9]"
_HOURS: Final = rf"^( *{_ONE} *(, *{_ONE} *)*)?$"
_RANGE: Final = rf"^({'|'.join(DAYS)})-({'|'.join(DAYS)})$"

Hours: TypeAlias = Annotated[str, AfterValidator(_hours), InSchema(pattern=_HOURS)]


class ScheduleConfig(Section):
    """When a camera runs. Outside of these hours nothing of it does, and nothing is amiss."""

    model_config = ConfigDict(
        json_schema_extra={
            "patternProperties": {
                _RANGE: {
                    "type": "string",
                    "pattern": _HOURS,
                }
            }
        }
    )

    timezone: Annotated[Text, AfterValidator(_zone)]
    """On whose clocks the hours are, like `America/Sao_Paulo`."""
    mon: Hours = ""
    """Monday's hours, like `08:00-12:00, 13:00-19:00`; empty: none. An end before its beginning is
    in the next day. `mon-fri` stands for all these days, and so does any other pair."""
    tue: Hours = ""
    """Tuesday's hours."""
    wed: Hours = ""
    """Wednesday's hours."""
    thu: Hours = ""
    """Thursday's hours."""
    fri: Hours = ""
    """Friday's hours."""
    sat: Hours = ""
    """Saturday's hours."""
    sun: Hours = ""
    """Sunday's hours."""

    @classmethod
    def field_for(cls, name: str) -> FieldInfo | None:
        """What is known of a key, `mon-fri` included."""
        return super().field_for(name) or (cls.model_fields["mon"] if days_between(name) else None)

    @model_validator(mode="before")
    @classmethod
    def _one_by_one(cls, given: Any) -> Any:
        """Give each day of a key like `mon-fri` its hours."""
        if not isinstance(given, dict):
            return given
        days: dict[str, Any] = {}
        conflicts: list[Conflict] = []
        for key, value in given.items():
            conflicts += _wrong(key, value)
            for day in days_between(key) if value is not None else ():
                if day in days or day in given:
                    conflicts.append((key, (key,), f"{day} has its hours from another key, too"))
                days[day] = value
        raise_conflicts(conflicts)
        return {key: value for key, value in given.items() if not days_between(key)} | days

    @model_validator(mode="after")
    def _is_open_at_times(self) -> Self:
        if not any(self.hours.week):
            raise invalid(
                "it has no hours on any day; for a camera that never runs: enabled: false"
            )
        return self

    @property
    def hours(self) -> OpeningHours:
        """The same, to ask at which times it is open."""
        week = tuple(parse_hours(getattr(self, day)) for day in DAYS)
        return OpeningHours(time_zone(self.timezone), week)


def _wrong(key: str, value: object) -> list[Conflict]:
    """What is wrong with the hours of several days; of a single day its own key says it."""
    if value is None or not days_between(key):
        return []
    try:
        parse_hours(value if isinstance(value, str) else "?")
    except ValueError as error:
        return [(key, (key,), str(error))]
    return []

"""Declares the section that says which frames of a camera are published."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edge_video.config.section import Section, default, invalid
from edge_video.config.types import Number, Period, Seconds
from edge_video.frames.change_gate import ChangePolicy
from edge_video.frames.small_picture import can_decode


def _can_be_judged(when: str) -> str:
    if when == "changed" and not can_decode():
        raise invalid(
            "pictures are compared by Pillow, which is not installed:"
            " pip install 'edge-video[pictures]'"
        )
    return when


class PublishConfig(Section):
    """Which frames are published: all, or those that show a change."""

    when: Annotated[Literal["always", "changed"], AfterValidator(_can_be_judged)] = "always"
    """changed: a frame is published when it shows something else than the last published one, and
    the others are left out; docs/publish-on-change.md. It needs the extra `pictures`:
    `pip install 'edge-video[pictures]'`."""
    threshold: Annotated[Number, Field(ge=0.5, le=100.0)] = 4.0
    """What counts as a change: a small part of the picture (a 64th of its width) gets lighter or
    darker by more than this, or all of it by half of this, in percent of full brightness. Less
    finds more."""
    at_least: Period = default(10.0)
    """After so long a frame is published though nothing has changed."""
    after: Seconds = default(2.0)
    """For so long after a change every frame is published, so that a movement is seen whole; 0s:
    only frames that differ."""

    def policy(self, frame_interval_s: float | None = 0.0) -> ChangePolicy | None:
        """Return the same figures as the policy of a camera's frames; None: all are published.

        Its frames come so far apart at most; None: nobody knows.
        """
        if self.when == "always":
            return None
        return ChangePolicy(self.threshold, self.at_least, self.after, frame_interval_s)

    def over(self, general: PublishConfig) -> PublishConfig:
        """Return these keys, and those of the general section where they are absent here."""
        own = {key: getattr(self, key) for key in self.model_fields_set}
        return general.model_copy(update=own)

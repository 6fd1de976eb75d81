"""Declares the section of liveness: when a camera's pictures are frozen, black, covered, moved."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from edge_video.config.section import Section, default
from edge_video.config.types import Flag, Number, Percent, Period, PeriodOrNever, Whole
from edge_video.resilience.liveness import LivenessPolicy, OnFrozen


class LivenessConfig(Section):
    """When pictures are not what a camera looks at. Needs the extra `pictures`."""

    enabled: Flag = True
    """false: nobody looks at the pictures."""
    interval: Period = default(1.0)
    """How often a picture is looked at, at most, in doubt; else each 4s. Longer costs less CPU."""
    frozen_after: PeriodOrNever = default(120.0)
    """Pictures that are equal for so long are frozen; 0s: never."""
    nearly_frozen_after: PeriodOrNever = default(900.0)
    """The same, where only a small part of the picture ever changes, like a clock; 0s: never."""
    nearly_frozen_percent: Annotated[Number, Field(ge=0.0, le=50.0)] = 4.0
    """How much of the picture that part is at most."""
    on_frozen: Literal["report", "restart"] = "report"
    """restart: the camera's FFmpeg is started anew when pictures are frozen, at waits that double
    while that does not help."""
    black_after: PeriodOrNever = default(30.0)
    """A black picture for so long is told; 0s: never."""
    black_below: Annotated[Whole, Field(ge=0, le=128)] = 20
    """Black is a picture of which 95 % is as dark as this, 0 to 255."""
    white_after: PeriodOrNever = default(30.0)
    """A white picture for so long is told; 0s: never."""
    white_above: Annotated[Whole, Field(ge=128, le=255)] = 235
    """White is a picture of which 95 % is as bright as this, 0 to 255."""
    grey_after: PeriodOrNever = default(20.0)
    """A picture that the decoder fills with grey for so long is told; 0s: never."""
    grey_percent: Percent = 50.0
    """How much of the picture has to be mid-grey for that."""
    covered_after: PeriodOrNever = default(60.0)
    """A picture without its detail for so long is covered or out of focus; 0s: never."""
    covered_below_percent: Percent = 40.0
    """How much of the detail that is usual for the camera is too little."""
    moved_after: PeriodOrNever = default(120.0)
    """Another scene for so long means that the camera was moved; 0s: never, for one that turns."""
    moved_below_percent: Percent = 40.0
    """How much likeness with the scene as it was on average is too little."""
    clear_after: PeriodOrNever = default(10.0)
    """What was wrong is over when it was not so for this long."""

    def policy(self, picture_interval_s: float = 0.0) -> LivenessPolicy | None:
        """Return the same figures as the policy of the judge; None: nobody looks.

        A picture of the camera is wanted so often.
        """
        if not self.enabled:
            return None
        return LivenessPolicy(
            interval_s=self.interval,
            frozen_after_s=self.frozen_after,
            nearly_frozen_after_s=self.nearly_frozen_after,
            nearly_frozen_percent=self.nearly_frozen_percent,
            black_after_s=self.black_after,
            black_below=self.black_below,
            white_after_s=self.white_after,
            white_above=self.white_above,
            grey_after_s=self.grey_after,
            grey_percent=self.grey_percent,
            covered_after_s=self.covered_after,
            covered_below_percent=self.covered_below_percent,
            moved_after_s=self.moved_after,
            moved_below_percent=self.moved_below_percent,
            clear_after_s=self.clear_after,
            on_frozen=OnFrozen(self.on_frozen),
            picture_interval_s=picture_interval_s,
        )


def inherited(above: LivenessConfig | None, own: LivenessConfig | None) -> LivenessConfig | None:
    """What holds for a camera: its own keys, and those above the cameras for the rest."""
    if above is None or own is None:
        return own or above
    said: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set}
    return above.model_copy(update=said)

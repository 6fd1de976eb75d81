"""Writes the limit of `fps` pictures per real second in FFmpeg's expression language.

No time stamp of the camera takes part. Cameras repeat them, jump by hours, count in milliseconds or
run at half speed; what counts is the moment at which FFmpeg hands a picture on, by the machine's
clock. FFmpeg's expressions know only its wall clock, `time(0)`, which may be set: so it is the time
*between two pictures* that counts, never less than nothing and never more than a bound.

How a picture is judged:

- **Credit** grows by `fps` a second and falls by one with each picture that passes. It has a
  ceiling, and none passes without: that is the limit, and no more than the ceiling's worth of
  pictures can ever pass beside it.
- **Phase** grows with each picture by the share that should pass: `fps` times the mean interval
  between pictures, over the last ten seconds or so; corrected a little by the credit at hand. A
  picture passes when the phase is full. So it is every fifth picture that passes, rather than the
  first five, of a camera that sends a second's pictures all at once.
- With its credit at the ceiling a picture passes whatever the phase: the share was too small.
- The **ceiling** is half a second, which swallows the jitter of networks and of busy machines. A
  camera that sends in bursts gets as much as it needs: one and a half times the second longest
  pause of the last ten seconds. The longest alone may have been a clock that was set.
"""

from __future__ import annotations

from typing import Final

LEAST_CEILING_S: Final = 0.5
LEAST_CEILING_FRAMES: Final = 1.5
CEILING_PAUSES: Final = 1.5
MAX_PAUSE_S: Final = 4
"""What is longer counts as this: an outage, or a clock that was set forward."""
MEMORY_S: Final = 10
FIRST_GUESS_FRAMES: Final = 5
"""How many pictures' worth of evidence it takes to outweigh the guess that all may pass."""

NEARLY_ALL: Final = 0.95
"""From this share on every picture passes that there is credit for: none is lost to jitter."""

WALL_CLOCK: Final = "time(0)"

# The variables that FFmpeg keeps from picture to picture.
_LAST, _CREDIT, _TIME, _FRAMES, _PHASE, _PAUSE, _SECOND_PAUSE, _ELAPSED, _CEILING, _BEGUN = (
    f"ld({number})" for number in range(10)
)
_SHARE: Final = _ELAPSED  # FFmpeg has ten variables, and the time is booked by then


def passes(fps: int, now: str = WALL_CLOCK) -> str:
    """Return an expression: 1 for a picture that passes, 0 for one that is thinned out.

    It has commas and semicolons, and must stand in quotes in a filter's arguments.

    Args:
        fps: the most pictures per second that pass, over any longer time.
        now: an expression for the seconds of the clock; tests bring one they can move.
    """
    least_s = max(LEAST_CEILING_S, LEAST_CEILING_FRAMES / fps)
    most_credit = f"(1+{fps}*{_CEILING})"
    fading = f"(1-{_ELAPSED}/{MEMORY_S})"
    steps = (
        _once(
            _set(_LAST, now),
            _set(_CREDIT, f"{(1 + fps * least_s) / 2 + 1}"),
            _set(_TIME, f"{FIRST_GUESS_FRAMES / fps}"),
            _set(_FRAMES, f"{FIRST_GUESS_FRAMES}"),
            _set(_PHASE, "1"),
        ),
        # The clock is asked once: what passes between two questions would be lost.
        _set(_CEILING, now),
        _set(_ELAPSED, f"clip({_CEILING}-{_LAST},0,{MAX_PAUSE_S})"),
        _set(_LAST, _CEILING),
        *_pauses(fading),
        _set(_CEILING, f"max({least_s},{CEILING_PAUSES}*{_SECOND_PAUSE})"),
        _set(_ELAPSED, f"min({_ELAPSED},{_CEILING})"),
        _set(_CREDIT, f"min({_CREDIT}+{fps}*{_ELAPSED},{most_credit})"),
        _set(_TIME, f"{_TIME}*{fading}+{_ELAPSED}"),
        _set(_FRAMES, f"{_FRAMES}*{fading}+1"),
        _set(_SHARE, f"{fps}*{_TIME}/{_FRAMES}"),
        _set(
            _PHASE,
            f"min(1.5,{_PHASE}+if(gt({_SHARE},{NEARLY_ALL}),1.5,"
            f"{_SHARE}*(0.75+0.5*{_CREDIT}/{most_credit})))",
        ),
        (
            f"if(gte({_CREDIT},0.5)*(gte({_PHASE},1)+gte({_CREDIT},{most_credit}-0.5)),"
            f"{_set(_CREDIT, f'{_CREDIT}-1')};{_set(_PHASE, f'max({_PHASE}-1,0)')};1,0)"
        ),
    )
    return ";".join(steps)


def limit_filter(fps: int, now: str = WALL_CLOCK) -> str:
    """Return a filter that lets at most `fps` pictures a second through, and never makes one up."""
    return f"select='{passes(fps, now)}'"


def limit_bitstream(fps: int, now: str = WALL_CLOCK) -> str:
    """Return a bitstream filter like `limit_filter`, for images that are not decoded.

    FFmpeg has one that spoils streams for tests; told to change nothing, it is the only one that
    drops by an expression.
    """
    return f"noise=drop='not({passes(fps, now)})'"


def _set(variable: str, value: str) -> str:
    return f"st({variable.strip('ld()')},{value})"


def _once(*steps: str) -> str:
    return f"if({_BEGUN},0,{_set(_BEGUN, '1')};{';'.join(steps)})"


def _pauses(fading: str) -> tuple[str, ...]:
    """Keep the longest pause between two pictures and the second longest, both fading."""
    return (
        _set(_PAUSE, f"{_PAUSE}*{fading}"),
        _set(_SECOND_PAUSE, f"{_SECOND_PAUSE}*{fading}"),
        (
            f"if(gt({_ELAPSED},{_PAUSE}),"
            f"{_set(_SECOND_PAUSE, _PAUSE)};{_set(_PAUSE, _ELAPSED)},"
            f"if(gt({_ELAPSED},{_SECOND_PAUSE}),{_set(_SECOND_PAUSE, _ELAPSED)},0))"
        ),
    )

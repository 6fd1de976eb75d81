"""Runs the soak: `python -m edge_video.testing.soak`; see the package."""

from __future__ import annotations

import sys

_NEEDED = ("matplotlib", "numpy", "PIL", "rich")


def main() -> int:
    """Run, or say what is missing."""
    try:
        from edge_video.testing.soak.command import run  # noqa: PLC0415 - after the check
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _NEEDED:
            raise
        print(
            f"The soak test needs the package {package}: pip install 'edge-video[testing]'",
            file=sys.stderr,
        )
        return 2
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

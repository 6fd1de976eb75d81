"""Runs schedules: `python -m edge_video.testing.lease_model`; see the package."""

from __future__ import annotations

import argparse
import sys
import time

from edge_video.testing.lease_model import run_schedule


def main() -> int:
    """Run them; 0: no rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m edge_video.testing.lease_model")
    parser.add_argument("--schedules", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--seed", type=int, help="run this one alone, and tell its faults")
    options = parser.parse_args()
    if options.seed is not None:
        options.first, options.schedules = options.seed, 1
    started_s = time.monotonic()
    broken = 0
    for seed in range(options.first, options.first + options.schedules):
        outcome = run_schedule(seed)
        if options.seed is not None or outcome.violations:
            broken += bool(outcome.violations)
            print(f"seed {seed}: {outcome.cluster}", flush=True)
            for line in (*outcome.faults, *outcome.violations[:5]):
                print(f"  {line}", flush=True)
    print(
        f"{options.schedules} schedules in {time.monotonic() - started_s:.0f} s,"
        f" {broken} broke a rule"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

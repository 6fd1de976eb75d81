"""Runs rounds of faults against a lab, judges them, and writes what they cost."""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.testing.cluster_lab.faults import FAULTS
from edge_video.testing.cluster_lab.figures import figures_of
from edge_video.testing.cluster_lab.history import Disturbance, load, save
from edge_video.testing.cluster_lab.rules import violations
from edge_video.testing.cluster_lab.stage import Stage
from edge_video.testing.cluster_lab.table import as_markdown, write_table
from edge_video.testing.matrix import chosen_broker
from edge_video.testing.uplink import why_no_uplink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.testing.cluster_lab.history import History

_SETTLE_S: Final = 90.0
_START_S: Final = 180.0
_PAUSE_S: Final = 3.0


def run(arguments: Sequence[str]) -> int:
    """Run the lab; 0: no rule was broken, 1: one was, 2: this machine cannot."""
    options = _parser().parse_args(arguments)
    if options.judge:
        return _tell([load(each) for each in options.judge], options.table)
    programs = chosen_broker()
    if missing := programs.missing():
        print(f"The lab needs {' and '.join(missing)}")
        return 2
    chosen = _chosen(options.faults)
    stage = Stage(
        options.nodes,
        options.cameras,
        programs=programs,
        has_quorum_queues=options.consumers == "quorum",
    )
    try:
        with stage:
            history = _played(stage, chosen, options)
        return _tell([history], options.table)
    finally:
        if options.logs is None:
            stage.remove_files()
        else:
            print(stage.keep_files(options.logs))


def _played(stage: Stage, chosen: Sequence[str], options: argparse.Namespace) -> History:
    """Play, and keep what was seen, also where a fault could not be brought after an hour."""
    try:
        history = _play(stage, chosen, options)
    except BaseException:
        _keep(stage.history(), options.history)
        raise
    _keep(history, options.history)
    return history


def _keep(history: History, path: Path | None) -> None:
    if path is not None:
        save(history, path)


def _play(stage: Stage, chosen: Sequence[str], options: argparse.Namespace) -> History:
    """Bring the faults, and end the nodes in order; return what was seen."""
    problem = stage.settle(_START_S)
    print(f"{_time(stage)} {f'not settled: {problem}' if problem else 'all stream'}", flush=True)
    _strike_all(stage, chosen, options)
    if options.quiet:
        time.sleep(options.quiet)
        stage.look_at_queues()
    history = stage.history()
    stage.end_nodes()
    return replace(history, accounts=tuple(stage.record.accounts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge_video.testing.cluster_lab")
    parser.add_argument("--rounds", type=int, default=1, help="each fault so many times (1)")
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--nodes", type=int, default=4, help="programs (4)")
    parser.add_argument("--cameras", type=int, default=12, help="cameras that they share (12)")
    parser.add_argument(
        "--consumers",
        choices=["classic", "quorum"],
        default="classic",
        help="the kind of the queues that frames come through (classic)",
    )
    parser.add_argument("--soak", type=float, help="faults at random for so many minutes instead")
    parser.add_argument("--seed", type=int, default=1, help="of the faults at random (1)")
    parser.add_argument(
        "--quiet", type=float, default=0.0, help="seconds without a fault at the end"
    )
    parser.add_argument("--table", type=Path, help="write the table into this file, or its place")
    parser.add_argument("--history", type=Path, help="keep what was seen in this file")
    parser.add_argument("--logs", type=Path, help="keep the nodes' folders here, or within it")
    parser.add_argument(
        "--judge",
        type=Path,
        nargs="+",
        help="judge histories that were kept, in one table, and run nothing",
    )
    parser.add_argument(
        "--calm",
        type=float,
        default=0.0,
        help="wait for at most so many seconds, before each fault, until the machine keeps up (0)",
    )
    return parser


def _chosen(names: Sequence[str]) -> list[str]:
    """The faults that this machine can bring."""
    reason = why_no_uplink() if any(FAULTS[each].needs_network for each in names) else ""
    for name in names:
        if reason and FAULTS[name].needs_network:
            print(f"{name}: left out, without the {reason}", flush=True)
    return [each for each in names if not (reason and FAULTS[each].needs_network)]


def _strike_all(stage: Stage, chosen: Sequence[str], options: argparse.Namespace) -> None:
    if options.soak is None:
        for name in [each for each in chosen for _ in range(options.rounds)]:
            stage.wait_for_calm(options.calm)
            _strike(stage, name)
        return
    chance = random.Random(options.seed)
    until_s = time.monotonic() + 60.0 * options.soak
    while time.monotonic() < until_s:
        _strike(stage, chance.choice(chosen), chance)
        time.sleep(chance.uniform(0.0, 10.0))


def _strike(stage: Stage, name: str, chance: random.Random | None = None) -> None:
    """Bring one fault, repair it, and wait until everything rests."""
    stage.look_at_queues()
    fault = FAULTS[name]
    node = chance.choice(stage.running()) if chance else stage.busiest()
    struck = {
        "node": (node,),
        "broker": stage.nodes_at([stage.broker_of(node)]),
        "nobody": (),
    }[fault.strikes]
    began_s = stage.oracle.now_s()
    print(f"{_time(stage)} {name} on {node}", flush=True)
    repair = fault.strike(stage, node)
    time.sleep(max(0.0, began_s + fault.lasts_s - stage.oracle.now_s()))
    repair()
    ended_s = stage.oracle.now_s()
    problem = stage.settle(_SETTLE_S)
    settled_s = None if problem else stage.oracle.now_s()
    stage.record.disturbances.append(Disturbance(name, struck, began_s, ended_s, settled_s))
    if problem:
        print(f"{_time(stage)} not settled: {problem}", flush=True)
    time.sleep(_PAUSE_S)
    figures = figures_of(stage.history(), stage.record.disturbances[-1])
    took = ", ".join(f"{each:.1f}" for each in figures.took_s)
    print(
        f"{_time(stage)} moved in {took or '-'} s; longest gap {figures.gap_s:.1f} s;"
        f" doubled {figures.doubled_s:.1f} s; {figures.late} late, {figures.missing} missing",
        flush=True,
    )


def _tell(histories: Sequence[History], table: Path | None) -> int:
    text = as_markdown(figures_of(one, each) for one in histories for each in one.disturbances)
    print(text)
    if table is not None:
        write_table(text, table, chosen_broker().version)
    found = [each for one in histories for each in violations(one)]
    for each in found:
        print(each)
    frames = sum(len(one.arrivals) for one in histories)
    print(f"{frames} frames, {len(found)} times a rule was broken")
    return 1 if found else 0


def _time(stage: Stage) -> str:
    return f"{stage.oracle.now_s():7.1f} s"

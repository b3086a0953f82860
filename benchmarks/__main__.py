"""``python -m benchmarks``: how long gradients take, over the time of numpy written by hand.

One thread on one core; the candidates take turns in short blocks; gradients are compared before anything is timed. Only
the ratios mean something on another machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .machine import description, one_thread

one_thread()

from . import starting  # noqa: E402  (numpy's BLAS reads the environment when it is loaded)
from .memory import peak  # noqa: E402
from .outcome import Line, Outcome  # noqa: E402
from .peers import KNOWN, Peer, started  # noqa: E402
from .speaking import msgrad  # noqa: E402
from .tiers import TIERS, block_in, settled  # noqa: E402
from .timing import Block, block_of, race  # noqa: E402
from .workload import Workload  # noqa: E402
from .workloads import workloads  # noqa: E402

OURS = tuple(name + ending for name in ("plan", "compile", "call") for ending in TIERS)


def measure(workload: Workload, rounds: int, peers: Sequence[Peer], small: bool) -> Line:
    """One line of the table.

    Raises
    ------
    AssertionError
        If this package does not give the hand-written gradients. A peer that does not is left out, and told.
    """
    hand, arguments = workload.hand(), workload.arguments()
    ours = msgrad.candidates(workload)
    blocks: dict[str, Block] = {"hand": block_of(lambda: hand(*arguments))}
    missing: dict[str, str] = {}
    for name, candidate in ours.items():
        for ending, native in TIERS.items():
            reason = settled(candidate) if native else ""
            if reason:
                missing[name + ending] = reason
                continue
            candidate.check(workload)
            blocks[name + ending] = block_in(native, candidate.call)
    for peer in peers:
        answer = peer.prepare(workload, small)
        if "missing" in answer:
            missing[peer.name] = answer["missing"]
        else:
            blocks[peer.name] = peer.block
    reference, ratios = race(blocks, rounds)
    makers = {"hand": lambda: _bound(workload)} | {
        name: lambda name=name: msgrad.candidates(workload)[name].call for name in ours if name != "call"
    }
    memory = {name: peak(make) for name, make in makers.items()}
    return Line(workload.name, reference, ratios, missing, memory, sum(one.nbytes for one in hand(*arguments)))


def _bound(workload: Workload) -> Callable[[], Any]:
    hand, arguments = workload.hand(), workload.arguments()
    return lambda: hand(*arguments)


def starts(rounds: int) -> dict[str, float]:
    """What is measured in processes of its own."""
    load, over = starting.load_over_numpy(rounds)
    imports, first, again = starting.first_cell(rounds)
    return {
        "`%load_ext msgrad_ext`, ms": load * 1e3,
        "the same over `import numpy`": over,
        "first gradient of a chain of 10,000 operations, s": starting.long_chain(),
        "the tutorial's imports and definitions after numpy, ms": imports * 1e3,
        "its first figure under the magic, check included, ms": first * 1e3,
        "that figure again, ms": again * 1e3,
    }


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="workloads, by the beginnings of their names (default: all)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds per workload (default 15)")
    parser.add_argument("--processes", type=int, default=5, help="processes for what starts anew (default 5)")
    parser.add_argument("--small", action="store_true", help="small sizes, to see that everything runs")
    parser.add_argument("--peers", default="", help=f"other frameworks, by commas: {', '.join(KNOWN)}")
    parser.add_argument(
        "--python", action="append", default=[], help="an interpreter that has peers installed; may be given again"
    )
    parser.add_argument("--no-start", action="store_true", help="leave out imports and first gradients")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    return parser


def chosen(names: Sequence[str], small: bool) -> list[Workload]:
    """The workloads whose names begin so."""
    known = workloads(small)
    for name in names:
        if not any(one.startswith(name) for one in known):
            raise SystemExit(f"There is no workload '{name}'. There are: {', '.join(known)}")
    return [one for name, one in known.items() if not names or name.startswith(tuple(names))]


def main(arguments: Sequence[str] | None = None) -> Outcome:
    """Measure, print, write."""
    given = options().parse_args(arguments)
    wanted = chosen(given.names, given.small)
    peers = [name for name in given.peers.split(",") if name]
    unknown = [name for name in peers if name not in KNOWN]
    if unknown or min(given.rounds, given.processes) < 1:
        raise SystemExit(f"Peers are {', '.join(KNOWN)}; rounds and processes are at least 1.")
    with started(peers, [*given.python, sys.executable]) as found:
        versions = {peer.name: peer.version for peer in found}
        columns = [*OURS, *versions]
        machine = description()
        print(f"{machine}; time over that of hand-written numpy, median (quartiles) of {given.rounds}\n")
        print(f"{'workload':<18}{'hand, us':>10}" + "".join(f"  {name:>26}" for name in columns), flush=True)
        lines = []
        for workload in wanted:
            lines.append(measure(workload, given.rounds, found, given.small))
            print(lines[-1].text(columns), flush=True)
    extra = (
        {}
        if given.no_start
        else {"first": starting.first_gradients(given.small, given.processes), "start": starts(given.processes)}
    )
    outcome = Outcome(machine, versions, given.rounds, tuple(lines), **extra)  # type: ignore[arg-type]
    for name, value in outcome.start.items():
        print(f"{name:<60}{value:>10.2f}")
    for path, text in ((given.json, outcome.json), (given.markdown, outcome.markdown)):
        if path is not None:
            path.write_text(text(), encoding="utf-8")
    return outcome


if __name__ == "__main__":
    main()

"""Two bundles on one target, in pairs of runs that follow each other: what is run, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.records.validity import PAIRED, PAIRED_FULL, Plan, percentiles
from fieldpack_benchmarks.bench.examples import Examples, examples_of
from fieldpack_benchmarks.bench.one_target import lacking, real
from fieldpack_benchmarks.latency.comparison import PAIRS, PAIRS_FULL, Comparison, compare, orders
from fieldpack_benchmarks.targets import TargetKind, parse_target
from fieldpack_benchmarks.targets.model_run import open_target, runs_of
from fieldpack_benchmarks.targets.protocol import RunRequest
from fieldpack_benchmarks.targets.transport import Transport

PLANS: dict[str, tuple[Plan, int]] = {"quick": (PAIRED, PAIRS), "full": (PAIRED_FULL, PAIRS_FULL)}
"""Mode -> how long each run samples, and how many pairs there are."""
IN_TURN = {TargetKind.HOST, TargetKind.ADB, TargetKind.SSH}
BY_ITSELF = "bench each bundle by itself, then: fieldpack bench compare OLD NEW"


def plan_of(mode: str) -> tuple[Plan, int]:
    """How long each run of a pair samples, and how many pairs there are.

    Raises
    ------
    InputError
        Sustained: in turns, the heat of each bundle falls on the other.
    """
    if mode not in PLANS:
        raise InputError(
            "Two bundles cannot be sustained in turns, since the heat of each falls on the other",
            came=f"--against with --mode {mode}", allowed=f"--mode {' or '.join(PLANS)}", hint=BY_ITSELF,
        )  # fmt: skip
    return PLANS[mode]


def check_target(name: str) -> None:
    """Refuse a target on which no two runs are compared by time.

    Raises
    ------
    InputError
        No target has this name.
    UnsupportedError
        It is emulated, a page, or one of Apple's machines.
    """
    if parse_target(name).kind not in IN_TURN:
        raise UnsupportedError(
            "Two bundles are not timed in turns on such a target", came=name,
            allowed="host, adb:SERIAL, ssh:USER@HOST:PORT", hint=BY_ITSELF,
        )  # fmt: skip


def flavours_of(
    new: Bundle, before: Bundle, wanted: Sequence[FlavourEntry], named: bool
) -> tuple[list[tuple[FlavourEntry, FlavourEntry]], list[str]]:
    """Flavours that both bundles have and a target of pairs runs, new and old; and what is left out.

    Raises
    ------
    InputError
        One that was asked for by name is left out, or nothing is left.
    """
    found, out = [], {}
    for flavour in wanted:
        then = before.manifest.flavour(flavour.name)
        reason = lacking(flavour, "host") or (
            "" if then else f"not in {before.manifest.version}, the old one"
        )
        if then is None or reason:
            out[flavour.name] = reason
        else:
            found.append((flavour, then))
    lines = [f"left out: {name}: {reason}" for name, reason in out.items()]
    if not found or (named and out):
        raise InputError(
            "there is no pair of flavours to compare", came="; ".join(lines) or "no flavour",
            allowed=", ".join(item.name for item in before.manifest.flavours if not lacking(item, "host")),
        )  # fmt: skip
    return found, lines


def compared(sides: tuple[Examples, Examples], target: str, plan: Plan, pairs: int) -> Comparison:
    """Compare old and new on a target, a file of its own in a folder of its own each.

    Parameters
    ----------
    sides : tuple of Examples
        Old and new.
    target : str
        Its name.
    plan : Plan
        How long each run samples.
    pairs : int
        How many.

    Raises
    ------
    TargetError
        The target is lost, emulated, or gave no whole answer.
    """
    place = parse_target(target)
    with open_target(place) as old_folder, open_target(place) as new_folder:
        return compare(*paired_times((old_folder, new_folder), sides, orders(pairs), plan))


def side_of(bundle: Bundle, flavour: FlavourEntry) -> Examples:
    """What one side of a pair runs: the first golden vector."""
    return examples_of(bundle, flavour, 1)


def paired_times(
    transports: tuple[Transport, Transport], sides: tuple[Examples, Examples], firsts: Sequence[bool],
    plan: Plan,
) -> tuple[list[float], list[float]]:  # fmt: skip
    """Median times of old and new, ms, pair by pair; in each pair one runs right after the other.

    Parameters
    ----------
    transports : tuple of Transport
        Two folders on one target, opened; what each side needs is put there once.
    sides : tuple of Examples
        Old and new.
    firsts : sequence of bool
        For each pair, whether the new one runs first.
    """
    request = RunRequest(
        warm_ups=plan.warm_ups, samples=plan.samples, min_seconds=plan.shortest_s, max_seconds=plan.seconds
    )
    runs = [
        real(runs_of(transport, side.model, side.fed[0], [request] * len(firsts)))
        for transport, side in zip(transports, sides, strict=True)
    ]
    times: tuple[list[float], list[float]] = ([], [])
    for new_first in firsts:
        for which in (1, 0) if new_first else (0, 1):
            wall = next(runs[which]).report.wall_ns
            times[which].append(percentiles([value / 1e6 for value in wall])[0])
    return times

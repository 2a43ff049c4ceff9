"""Comparisons of two models on a machine that other work disturbs: how often they raise an alarm.

Every comparison is the one of ``fieldpack bench run --against``: pairs of fresh processes of the runner, one
right after the other, judged by :func:`fieldpack_benchmarks.latency.comparison.compare`. Two things make a
pair cheap enough for thousands: runner and models are put in place once, and a process samples for 5 ms
instead of 50.

The planted slowdown is two layers more on twenty equal ones, a tenth more work. Both networks stay in
a cache of 1 MiB: of larger ones two layers more can cost a third.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldpack.records.validity import percentiles
from fieldpack.testing import layered_tflite
from fieldpack_benchmarks.latency.comparison import PAIRS, Comparison, compare, orders
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.payload import LIBRARY, RUNNER, SELF_TEST, Payload, fitting_payload
from fieldpack_benchmarks.targets.protocol import RunRequest, parse_run
from fieldpack_benchmarks.targets.small_models import self_test_model

LAYERS, MOST_MORE, WIDTH, SEED = 40, 4, 96, 7
OLD, SAME = "old.tflite", "same.tflite"
MOST_PLANTED = 1.1
"""Largest undisturbed ratio of a planted slowdown."""
GIVEN = "input-0.bin"
REQUEST = RunRequest(warm_ups=3, samples=32, min_seconds=0.005, max_seconds=1.0)
PATIENCE_S = 60.0
BURNER = """
import os, random, sys, time
parent, draw, block = os.getppid(), random.Random(int(sys.argv[1])), bytearray(1 << 22)
while os.getppid() == parent:
    end = time.perf_counter() + draw.uniform(0.001, 0.2)
    while time.perf_counter() < end:
        bytes(block) if draw.random() < 0.1 else sum(range(2000))
    time.sleep(draw.uniform(0.0, 0.1))
"""
"""Bursts of work and memory traffic, up to 0.2 s long, pauses of up to 0.1 s; it ends with its parent."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison with its raw values.

    Attributes
    ----------
    comparison : Comparison
        What it says.
    old_us, new_us : tuple of float
        Median of each process, microseconds, pair by pair.
    """

    comparison: Comparison
    old_us: tuple[float, ...]
    new_us: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A model of a few more equal layers, and what they cost while nothing disturbs.

    Attributes
    ----------
    layers : int
        More than ``OLD`` has.
    undisturbed : Compared
        With ``OLD``, before the disturbance.
    """

    layers: int
    undisturbed: Compared

    @property
    def file(self) -> str:
        """Where the model lies."""
        return slower_file(self.layers)


def slower_file(layers: int) -> str:
    """Name of the model of so many more layers."""
    return f"slower-{layers}.tflite"


class PairedMachine:
    """This machine with a runner and its models in place: one, its copy, and slower ones."""

    def __init__(self, transport: HostTransport, payload: Payload) -> None:
        self._transport, self._payload = transport, payload

    def compared(self, new: str, seed: int) -> Compared:
        """Compare ``OLD`` with another in ``PAIRS`` pairs, whose order is drawn with the seed."""
        taken: dict[bool, list[float]] = {False: [], True: []}
        for new_first in orders(PAIRS, seed):
            for is_new in (new_first, not new_first):
                taken[is_new].append(self._median_us(new if is_new else OLD))
        return Compared(compare(taken[False], taken[True]), tuple(taken[False]), tuple(taken[True]))

    def planted(self, seed: int) -> Planted:
        """As many more layers as cost at most a tenth here; one layer, if even that costs more."""
        for layers in range(MOST_MORE, 0, -1):
            plant = Planted(layers, self.compared(slower_file(layers), seed))
            if plant.undisturbed.comparison.ratio <= MOST_PLANTED:
                break
        return plant

    def _median_us(self, model: str) -> float:
        command = [*self._payload.command(), *REQUEST.arguments(model, [GIVEN]), "--output-dir", "."]
        done = self._transport.run(command, PATIENCE_S)
        report = parse_run(done.stdout, done.stderr, done.code, REQUEST, self._transport.place)
        return percentiles([value / 1e3 for value in report.wall_ns])[0]


@contextmanager
def paired_machine() -> Iterator[PairedMachine]:
    """Put runner, models and input in place; all is removed at the end.

    Raises
    ------
    TargetError, MissingDependencyError
        This machine cannot run them.
    """
    files = {OLD: _layers(LAYERS), SAME: _layers(LAYERS)}
    files |= {slower_file(more): _layers(LAYERS + more) for more in range(1, MOST_MORE + 1)}
    files |= {GIVEN: np.ones((1, WIDTH), np.float32).tobytes(), SELF_TEST: self_test_model()}
    with HostTransport() as transport, tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        payload = fitting_payload(
            transport.facts(), transport.place, sum(map(len, files.values())), here=True
        )
        for file, content in files.items():
            (Path(name) / file).write_bytes(content)
            transport.push(Path(name) / file, file)
        transport.push(payload.library, LIBRARY)
        if payload.runner is not None:
            transport.push(payload.runner, RUNNER, executable=True)
        yield PairedMachine(transport, payload)


@contextmanager
def disturbed() -> Iterator[int]:
    """Keep every core busy in bursts; how many there are."""
    cores = (
        sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    burners = [subprocess.Popen([sys.executable, "-c", BURNER, str(core)]) for core in cores]
    try:
        yield len(burners)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def _layers(count: int) -> bytes:
    drawn = np.random.default_rng(SEED)
    layers: Sequence[np.ndarray] = [
        drawn.normal(0, (2 / WIDTH) ** 0.5, (WIDTH, WIDTH)).astype(np.float32) for _ in range(count)
    ]
    return layered_tflite("values", layers, sigmoid=False)

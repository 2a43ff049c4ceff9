"""``fieldpack study estimates``: how far off is a table of latency for networks that it never saw?

Networks written by code, and published files where there are any, are timed on this machine. Each is then
told by a table that was fitted to all others: how far off is it, and are two networks told in the right
order? The latter is what a search asks of a table; the former decides what it may leave out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.digest import sha256_file
from fieldpack.latency_table.operator_work import work_of
from fieldpack.records.validity import percentiles
from fieldpack.tflite.file import open_model
from fieldpack.tflite.runner import TensorSpec, TfliteRunner
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.data_root import VARIABLE, data_root
from fieldpack_benchmarks.networks.layered import networks
from fieldpack_benchmarks.predictor.fit import Timed, told_by
from fieldpack_benchmarks.study import Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.targets import parse_target
from fieldpack_benchmarks.targets.model_run import open_target, runs_of
from fieldpack_benchmarks.targets.protocol import RunRequest

Progress = Callable[[str, float], None]
OWN, PUBLISHED = "written by code", "published"
FILES = (
    "misc/tflite_micro/micro_speech_quantized.tflite",
    "sound/biodcase_baseline/test_Baseline.tflite",
    "sound/biodcase_baseline/test_model.tflite",
    "sound/birdnet_stm32/birdnet_stm32n6_100.tflite",
    "sound/mlperf_tiny/kws_ref_model.tflite",
    "sound/mlperf_tiny/kws_ref_model_float32.tflite",
    "sound/stm_esc10_miniresnet/miniresnet_1stacks_64x50_int8.tflite",
    "sound/stm_esc10_yamnet256/yamnet_256_64x96_int8.tflite",
    "sound/yamnet/yamnet.tflite",
    "vision/coral/mobilenet_v1_0.25_128_quant.tflite",
    "vision/coral/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
    "vision/coral/mobilenet_v2_1.0_224_inat_bird_quant.tflite",
    "vision/coral/mobilenet_v2_1.0_224_quant.tflite",
    "vision/mlperf_tiny/pretrainedResnet.tflite",
    "vision/mlperf_tiny/pretrainedResnet_quant.tflite",
    "vision/mlperf_tiny/vww_96_float.tflite",
    "vision/mlperf_tiny/vww_96_int8.tflite",
)
"""Below ``models/`` of the data folder; networks of one millisecond to some ten, by six makers."""
ROUNDS = 5
REQUEST = RunRequest(warm_ups=3, samples=32, min_seconds=0.1, max_seconds=2.0)
SEED = 5
APART = 1.5
"""Networks whose times differ by less than this factor have no order worth telling."""
MIDDLE, WORST, IN_ORDER = 1.5, 4.0, 0.9
COLUMNS = (
    Column("networks", "text", "host", "written by code, or published"),
    Column("case", "text", "host", "network"),
    Column("measured", "ms", "host", "median of the rounds, each a process of its own"),
    Column("told", "ms", "estimated", "by a table that was fitted to all others"),
    Column("factor", "ratio", "estimated", "told through measured, or the other way round"),
    Column("lacks", "text", "host", "operators that no other has, or whose work is not counted"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A network, how long it took, and what the others say.

    Attributes
    ----------
    part : str
        ``OWN`` or ``PUBLISHED``.
    timed : Timed
    told_ms : float or None
        None where the others lack one of its operators.
    lacks : tuple of str
        Those operators.
    """

    part: str
    timed: Timed
    told_ms: float | None
    lacks: tuple[str, ...] = ()

    @property
    def factor(self) -> float | None:
        """At least 1."""
        if self.told_ms is None:
            return None
        return max(self.told_ms / self.timed.measured_ms, self.timed.measured_ms / self.told_ms)


def study(quick: bool, progress: Progress) -> Study:
    """Time networks, and tell each by the others.

    Parameters
    ----------
    quick : bool
        Only the networks written by code.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        SciPy is not installed.
    """
    root = data_root() / "models"
    published = [] if quick else [root / name for name in FILES if (root / name).is_file()]
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        own = list(_written(Path(name)))
        files = [*((OWN, title, path) for title, path in own), *((PUBLISHED, p.name, p) for p in published)]
        taken = []
        for done, (part, title, path) in enumerate(files):
            progress(title, done / len(files))
            taken.append((part, *timed(title, path)))
    found = told([(part, item) for part, item, _ in taken])
    rounds = tuple(Timing(item.name, "ms", (), values) for _, item, values in taken)
    return study_of(found, quick, rounds)


def study_of(found: Sequence[Told], quick: bool, rounds: tuple[Timing, ...] = ()) -> Study:
    """Rows and bars of what was told."""
    published = [item for item in found if item.part == PUBLISHED]
    bars = list(_bars(OWN, [item for item in found if item.part == OWN]))
    if published:
        bars += _bars(PUBLISHED, published)
    notes = [f"order: of pairs whose times differ by a factor of {APART:g} or more"]
    if not published:
        notes.append(f"no published files: quick, or {VARIABLE} names no folder that has them")
    return Study(
        "estimates", COLUMNS, tuple(map(_row, found)), tuple(bars), quick, rounds, notes=tuple(notes)
    )


def told(taken: Sequence[tuple[str, Timed]]) -> list[Told]:
    """Each network by a fit to all others whose work can be counted."""
    counted = [item for _, item in taken if all(work.countable for work in item.works)]
    return [_told(part, item, [other for other in counted if other is not item]) for part, item in taken]


def _told(part: str, item: Timed, others: Sequence[Timed]) -> Told:
    known = {(work.kind, work.number_format) for other in others for work in other.works}
    strange = {
        f"{work.kind} {work.number_format}"
        for work in item.works
        if (work.kind, work.number_format) not in known
    }
    return Told(part, item, None if strange else told_by(others, item), tuple(sorted(strange)))


def in_order(found: Sequence[Told]) -> tuple[int, int]:
    """Pairs that are told in the right order, and pairs whose times are apart."""
    known = [(item.timed.measured_ms, item.told_ms) for item in found if item.told_ms is not None]
    apart = [(a, b) for a, b in combinations(sorted(known), 2) if b[0] >= APART * a[0]]
    return sum(b[1] > a[1] for a, b in apart), len(apart)


def timed(title: str, path: Path) -> tuple[Timed, tuple[float, ...]]:
    """Run a file in rounds on this machine; with the median of each, ms."""
    generator = np.random.default_rng(SEED)
    fed = [_drawn(item, generator) for item in TfliteRunner(path.read_bytes()).inputs]
    with open_target(parse_target("host")) as transport:
        runs = list(runs_of(transport, path, fed, [REQUEST] * ROUNDS))
    middles = tuple(percentiles([value / 1e6 for value in run.report.wall_ns])[0] for run in runs)
    return Timed(title, sha256_file(path), work_of(open_model(path)), median(middles)), middles


def _drawn(spec: TensorSpec, generator: np.random.Generator) -> NDArray[Any]:
    dtype, shape = np.dtype(spec.dtype), tuple(max(1, size) for size in spec.shape)
    if dtype.kind == "f":
        return generator.uniform(-1, 1, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def _written(folder: Path) -> Iterator[tuple[str, Path]]:
    for number, network in enumerate(networks()):
        path = folder / f"{number}.tflite"
        path.write_bytes(network.content)
        yield network.name, path


def _bars(part: str, found: Sequence[Told]) -> Iterator[Bar]:
    factors = [item.factor for item in found if item.factor is not None]
    right, apart = in_order(found)
    kind, note = Evidence.ESTIMATED, f"{len(factors)} of {len(found)} told"
    middle = median(factors) if factors else None
    yield Bar(f"{part}: factor in the middle", middle, MIDDLE, AT_MOST, kind, note)
    if part == OWN:
        yield Bar(f"{part}: factor at worst", max(factors, default=None), WORST, AT_MOST, kind)
    yield Bar(
        f"{part}: told in the right order", right / apart if apart else None, IN_ORDER, AT_LEAST, kind,
        f"{right} of {apart} pairs",
    )  # fmt: skip


def _row(item: Told) -> dict[str, Cell]:
    return {
        "networks": item.part,
        "case": item.timed.name,
        "measured": item.timed.measured_ms,
        "told": item.told_ms,
        "factor": item.factor,
        "lacks": ", ".join(item.lacks),
    }

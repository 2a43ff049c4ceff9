"""``fieldpack study sound-front-end``: five public front-ends in four forms, beside librosa in float64.

Each front-end makes spectrograms of six sounds at two levels as numpy, PyTorch, TFLite (LiteRT) and Core ML
(our reference engine). The setting of 32 kHz, 1024 points and 160 mels is also weighed and timed beside
librosa, ``tf.signal`` and a convolution in torch, in turn in one process. Rows of TFLite files that store
matrices as float16 have no bars: they say where a packager may take them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import SpectrogramInput
from fieldpack.parity.front_end import (
    MAX_DB,
    RMS_DB,
    Gap,
    Reference,
    gap_of,
    reference_of,
    sounds_at_levels,
    worst,
)
from fieldpack.preprocess.spectrogram import patch_of
from fieldpack.runtime.flavour import open_flavour
from fieldpack.tflite.file import open_model
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack.worker import run
from fieldpack_benchmarks.alternatives.librosa_front_end import patch_by_librosa
from fieldpack_benchmarks.front_end_cases import CASES, SIZED, FrontEndCase
from fieldpack_benchmarks.rounds.front_end_speed import LIBROSA, OURS, TF_SIGNAL, TORCH
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.timing import ratio, stability

Progress = Callable[[str, float], None]
Sounds = Mapping[tuple[str, float], NDArray[np.float32]]
Patches = Mapping[tuple[str, float], NDArray[Any]]
EXPORT = "fieldpack_converters.front_end.export:"
SPEED = "fieldpack_benchmarks.rounds.front_end_speed:"
NUMPY, PYTORCH, TFLITE, COREML = "numpy", "PyTorch", "TFLite", "Core ML"
EVIDENCE = dict.fromkeys((NUMPY, PYTORCH, TFLITE), Evidence.HOST) | {COREML: Evidence.REFERENCE}
HALVES = {"float16": f"{TFLITE}, matrices as float16", "filters_float16": f"{TFLITE}, filters as float16"}
"""``FrontEndWeights`` -> form."""
TRANSFORM = "factored"
MOST_BYTES = 500_000
QUICK_CASES, QUICK_FORMS = ("yamnet", SIZED), (NUMPY, PYTORCH, TFLITE)
ROUNDS, QUICK_ROUNDS = 60, 15
COLUMNS = (
    Column("preset", "text", "host", "front-end"),
    Column("form", "text", "host", "what computed it"),
    Column("evidence", "text", BY_ROW, "where the figures of the row come from"),
    Column("bytes", "bytes", "host", "the file, where there is one"),
    Column("max_db", "value", BY_ROW, "largest difference from librosa in float64, dB"),
    Column("rms_db", "value", BY_ROW, "root of the mean square of the differences of the worst sound, dB"),
    Column("worst", "text", BY_ROW, "sound and level of the largest difference"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Compare the forms and time the setting that has bars.

    Parameters
    ----------
    quick : bool
        Two front-ends without Core ML, and fewer rounds.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        librosa, tensorflow, torch or coremltools is not installed.
    """
    cases = [case for case in CASES if not quick or case.preset in QUICK_CASES]
    contracts = {case.preset: case.contract() for case in cases}
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as place:
        folder = Path(place)
        progress("filters of tf.signal", 0.0)
        plain = {name: contract.model_dump(mode="json") for name, contract in contracts.items()}
        filters = run(f"{SPEED}tf_filters", {"contracts": plain, "folder": place})
        rows: list[dict[str, Cell]] = []
        for number, case in enumerate(cases):
            progress(f"compare {case.preset}", 0.1 + 0.6 * number / len(cases))
            bank = [None if path is None else np.load(path) for path in filters[case.preset]]
            forms = QUICK_FORMS if quick else tuple(EVIDENCE)
            rows += _Case(case, contracts[case.preset], bank, folder / case.preset).rows(forms)
        progress("time", 0.8)
        speed = _speed(contracts[SIZED], folder / SIZED, QUICK_ROUNDS if quick else ROUNDS)
    return study_of(rows, speed, quick)


def study_of(rows: Sequence[Mapping[str, Cell]], speed: Mapping[str, Any], quick: bool) -> Study:
    """The record over the rows and what the timing said."""
    timings = {
        name: Timing(name, "ms", tuple(one["warm_ups"]), tuple(one["values"]))
        for name, one in speed["timings"].items()
    }
    apart = max(speed["apart"].values())
    return Study(
        name="sound-front-end",
        columns=COLUMNS,
        rows=tuple(rows),
        bars=(*_gap_bars(rows), _size_bar(rows), *_time_bars(timings)),
        timings=tuple(timings.values()),
        notes=(
            f"medians of one window of {SIZED}, ms: "
            + "; ".join(f"{name} {median(one.values):.2f}" for name, one in timings.items()),
            f"the four differ by at most {apart:.1e} of the largest value",
            f"within the bars with float16 stored: {_halves_that_hold(rows)}",
        ),
        quick=quick,
    )


class _Case:
    """One front-end: its sounds, what librosa makes of them, and its forms."""

    def __init__(
        self,
        case: FrontEndCase,
        contract: SpectrogramInput,
        filters: Sequence[NDArray[np.float64] | None],
        folder: Path,
    ) -> None:
        self.case, self.contract, self.folder = case, contract, folder
        folder.mkdir()
        self._halves: dict[str, Path] = {}
        self._sounds: Sounds = sounds_at_levels(case.samples, contract.front_end.sample_rate_hz)
        np.save(folder / "sounds.npy", np.stack(list(self._sounds.values())))
        self._references = {
            key: Reference(patch_by_librosa(sound, contract, filters), reference_of(sound, contract).heard)
            for key, sound in self._sounds.items()
        }

    def rows(self, forms: Sequence[str]) -> Iterator[dict[str, Cell]]:
        """A row a form."""
        makers = {NUMPY: self._numpy, PYTORCH: self._torch, TFLITE: self._tflite, COREML: self._coreml}
        for form in forms:
            patches, size = makers[form]()
            gaps = self._gaps(patches)
            yield _row(self.case.preset, form, size, gaps)
            if form == TFLITE:
                yield from self._halved()

    def _halved(self) -> Iterator[dict[str, Cell]]:
        for weights, path in self._halves.items():
            gaps = self._gaps(self._of_tflite(path))
            yield _row(self.case.preset, HALVES[weights], path_bytes(path), gaps)

    def _gaps(self, patches: Patches) -> dict[tuple[str, float], Gap]:
        return {key: gap_of(self._references[key], patch, self.contract) for key, patch in patches.items()}

    def _numpy(self) -> tuple[Patches, int | None]:
        return {key: patch_of(sound, self.contract) for key, sound in self._sounds.items()}, None

    def _torch(self) -> tuple[Patches, int | None]:
        words = {"sounds": str(self.folder / "sounds.npy"), "path": str(self.folder / "torch.npy")}
        run(f"{EXPORT}run_torch", self._words | words)
        return dict(zip(self._sounds, np.load(self.folder / "torch.npy"), strict=True)), None

    def _tflite(self) -> tuple[Patches, int | None]:
        words = {"contract": self._words["contract"], "folder": str(self.folder), "most_bytes": 1}
        file = run(f"{EXPORT}export_tflite", words)["files"][0]
        self._halves = {weights: Path(path) for weights, path in file["halves"].items()}
        path = Path(file["path"]).rename(self.folder / "model.tflite")
        return self._of_tflite(path), path_bytes(path)

    def _of_tflite(self, path: Path) -> Patches:
        model = open_model(path)
        return self._answers(FlavourKind.TFLITE, path.name, model.input_names[0], model.output_names[0])

    def _coreml(self) -> tuple[Patches, int | None]:
        package = self.folder / "model.mlpackage"
        run(f"{EXPORT}export_coreml", self._words | {"path": str(package), "minimum_ios": "16"})
        patches = self._answers(FlavourKind.COREML, package.name, "sound", self.contract.name)
        return patches, path_bytes(package)

    @property
    def _words(self) -> dict[str, Any]:
        return {
            "contract": self.contract.model_dump(mode="json"),
            "transforms": [TRANSFORM] * len(self.contract.channels),
        }

    def _answers(self, kind: FlavourKind, file: str, sound: str, patch: str) -> Patches:
        shapes = ((1, self.case.samples), (1, *self.contract.shape))
        inputs, outputs = (
            (Border(name=name, tensor=tensor, shape=shape, dtype="float32"),)
            for name, tensor, shape in zip(("sound", "patch"), (sound, patch), shapes, strict=True)
        )
        precision = "fp32" if kind is FlavourKind.COREML else None
        runner = open_flavour(kind, self.folder / file, inputs, outputs, precision=precision)
        return {key: runner.run({"sound": one[None]})["patch"][0] for key, one in self._sounds.items()}


def path_bytes(path: Path) -> int:
    """Size of a file, or of all files below a folder."""
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(item.stat().st_size for item in files)


def _row(preset: str, form: str, size: int | None, gaps: Mapping[tuple[str, float], Gap]) -> dict[str, Cell]:
    figures = worst(gaps.values())
    name, level = max(gaps, key=lambda key: gaps[key].max_db)
    return {
        "preset": preset,
        "form": form,
        "evidence": EVIDENCE.get(form, Evidence.HOST).value,
        "bytes": size,
        "max_db": figures.max_db,
        "rms_db": figures.rms_db,
        "worst": f"{name} at {level:g} dBFS",
    }


def _speed(contract: SpectrogramInput, folder: Path, rounds: int) -> dict[str, Any]:
    np.save(folder / "timed.npy", np.load(folder / "sounds.npy")[:1])
    words = {"contract": contract.model_dump(mode="json"), "rounds": rounds}
    files = {"model": str(folder / "model.tflite"), "sound": str(folder / "timed.npy")}
    return run(f"{SPEED}timed", words | files, environment={"OMP_NUM_THREADS": "1"})


def _gap_bars(rows: Sequence[Mapping[str, Cell]]) -> Iterator[Bar]:
    for row in rows:
        if row["form"] in HALVES.values():
            continue
        evidence = Evidence(str(row["evidence"]))
        for figure, limit, what in (
            ("max_db", MAX_DB, "largest gap"),
            ("rms_db", RMS_DB, "root mean square"),
        ):
            value = row[figure]
            yield Bar(
                f"{row['preset']}, {row['form']}: {what}, dB",
                value if isinstance(value, float) else None,
                limit,
                AT_MOST,
                evidence,
            )


def _halves_that_hold(rows: Sequence[Mapping[str, Cell]]) -> str:
    """The preset and form of each, with its share of the float32 file."""
    whole = {row["preset"]: row["bytes"] for row in rows if row["form"] == TFLITE}
    found = []
    for row in rows:
        size, before = row["bytes"], whole.get(row["preset"])
        if row["form"] not in HALVES.values() or not _within(row["max_db"], row["rms_db"]):
            continue
        if isinstance(size, int) and isinstance(before, int):
            found.append(f"{row['preset']}, {row['form']}: {100 * size / before:.0f} %")
    return "; ".join(found) or "none"


def _within(max_db: Cell, rms_db: Cell) -> bool:
    return isinstance(max_db, float) and isinstance(rms_db, float) and Gap(max_db, rms_db).holds


def _size_bar(rows: Sequence[Mapping[str, Cell]]) -> Bar:
    found = [row["bytes"] for row in rows if (row["preset"], row["form"]) == (SIZED, TFLITE)]
    size = found[0] if found and isinstance(found[0], int) else None
    return Bar(
        "TFLite file of 32 kHz, 1024 points, 160 mels, bytes", size, MOST_BYTES, AT_MOST, Evidence.HOST
    )


def _time_bars(timings: Mapping[str, Timing]) -> Iterator[Bar]:
    for other in (LIBROSA, TF_SIGNAL, TORCH):
        found = ratio(timings[OURS], timings[other])
        bounds = f"95 % bounds {found.low:.3f} to {found.high:.3f}"
        shaky = stability(timings[OURS], timings[other])
        yield Bar(
            f"time of ours over {other}",
            found.estimate,
            1.0,
            AT_MOST,
            Evidence.HOST,
            f"{bounds}; {shaky}" if shaky else bounds,
        )

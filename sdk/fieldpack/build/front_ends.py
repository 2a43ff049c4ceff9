"""The graphs that make a model's spectrograms from sound, beside its flavours: made, timed, judged, chosen.

Every transform of the converters computes the same; which is cheapest depends on sizes and machines. So each
that keeps the cap is timed here, and the fastest that holds the bars of :mod:`fieldpack.parity.front_end`
goes into the bundle. It computes in float32; where it holds the bars with its matrices, or its filters alone,
stored as float16, the smallest such file is taken. The Core ML package has the same transforms and, where it
holds the bars so, the same storage: no Apple machine times here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from fieldpack import worker
from fieldpack.build.conversion import EVALUATE
from fieldpack.build.requirements import requirements_of
from fieldpack.build.self_description import describe_front_end
from fieldpack.build.sizes import sizes_of
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.manifest import Border, FlavourKind, FrontEndEntry, FrontEndWeights
from fieldpack.contract import SpectrogramInput
from fieldpack.coreml.canonical import canonicalise
from fieldpack.cost.host import Candidate, measure_on_host
from fieldpack.errors import MissingDependencyError
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
from fieldpack.preprocess.spectrogram import taken_over_clip, window_samples
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.spec import CoremlFlavour, Spec, TfliteFlavour

EXPORT_TFLITE = "fieldpack_converters.front_end.export:export_tflite"
EXPORT_COREML = "fieldpack_converters.front_end.export:export_coreml"
MOST_BYTES = 500_000
"""Larger constants are made only where no transform is smaller."""
ROUNDS = 3
HALVES_SINCE_IOS = 16
"""Core ML widens stored half floats from here on."""
SOUND = "sound"
FRONT_ENDS = "front_ends"
"""Key of the evidence."""

Progress = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a front-end gets to the Fourier transform in each channel, and how it stores its matrices."""

    transforms: tuple[str, ...]
    weights: FrontEndWeights = FrontEndWeights.FLOAT32

    @property
    def name(self) -> str:
        """Key of the evidence."""
        joined = "-".join(self.transforms)
        return joined if self.weights is FrontEndWeights.FLOAT32 else f"{joined} {self.weights.value}"


@dataclass(frozen=True, slots=True)
class _Judged:
    """A file and its gap to the reference."""

    kind: FlavourKind
    way: _Way
    path: Path
    gap: Gap


@dataclass(frozen=True, slots=True)
class MadeFrontEnd:
    """One file, and what the manifest says of it."""

    path: Path
    entry: FrontEndEntry


def make_front_ends(
    spec: Spec,
    evidence: dict[str, Any],
    folder: Path,
    progress: Progress,
    before: Mapping[str, Any] | None = None,
) -> tuple[MadeFrontEnd, ...]:
    """The front-ends of every spectrogram input whose patches are made from one window of sound.

    Parameters
    ----------
    spec : Spec
        Its contract and its flavours' kinds.
    evidence : dict
        Gets ``front_ends``: input -> ``milliseconds``, ``bytes`` and gaps of each choice, also of those that
        store float16 and were not taken; ``too_large``, those that were not tried, with the bytes of their
        constants; and a warning for each file that is missing.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    before : mapping, optional
        Evidence of the bundle that this build repeats; its times are taken over.
    """
    made: list[MadeFrontEnd] = []
    for item in spec.contract.inputs:
        if not isinstance(item, SpectrogramInput):
            continue
        if window_samples(item) is None:
            _warn(evidence, f"input {item.name} has no front-end: {_of_recording(item)}")
            continue
        road = _Road(spec, item, folder / f"front-end-{item.name}", progress)
        times = ((before or {}).get(FRONT_ENDS) or {}).get(item.name, {}).get("milliseconds")
        try:
            found, record = road.run(times)
        except MissingDependencyError as error:
            # A .tflite source is packed without any framework; then only its front-end is missing.
            _warn(evidence, f"input {item.name} has no front-end: {error.what}; {error.hint}")
            continue
        evidence.setdefault(FRONT_ENDS, {})[item.name] = record
        made += found
        for kind, gaps in (("TFLite", record["gaps"]), ("Core ML", record["core_ml"])):
            if gaps and not any(_holds(gap) for gap in gaps.values()):
                _warn(evidence, f"input {item.name} has no {kind} front-end: {_missed(gaps)}")
    return tuple(made)


def _warn(evidence: dict[str, Any], text: str) -> None:
    evidence["warnings"] = [*evidence.get("warnings", ()), text]


def _of_recording(item: SpectrogramInput) -> str:
    """Why there is no graph of a patch, and what an app does instead."""
    spec = item.front_end
    span = (item.frames - 1) * spec.hop_length + (0 if spec.center else max(spec.n_fft, spec.win_length))
    fields = ", ".join(taken_over_clip(spec))
    return (
        f"its patches depend on the whole recording ({fields}). The app computes the spectrogram of the "
        "recording by the contract and cuts the patches from it; or the contract says windows.samples, "
        f"{span} for {item.frames} frames, and each window gets a spectrogram of its own; or it makes all "
        "clips of one length and one patch, with min_seconds = max_seconds"
    )


def _missed(gaps: dict[str, Any]) -> str:
    finite = {name: gap for name, gap in gaps.items() if gap["max_db"] is not None}
    if not finite:
        return "no transform gives finite numbers"
    name = min(finite, key=lambda one: float(finite[one]["max_db"]))
    gap = finite[name]
    return (
        f"the best transform, {name}, is {gap['max_db']:.3g} dB from the reference, "
        f"{gap['rms_db']:.3g} in the mean square; {MAX_DB:g} and {RMS_DB:g} are allowed"
    )


def _record(gap: Gap) -> dict[str, float | None]:
    """A gap as plain data; None where it is infinite, for which JSON has no word."""
    if not math.isfinite(gap.max_db):
        return {"max_db": None, "rms_db": None}
    return {"max_db": gap.max_db, "rms_db": gap.rms_db}


def _holds(gap: dict[str, float | None]) -> bool:
    largest, spread = gap["max_db"], gap["rms_db"]
    return largest is not None and spread is not None and Gap(largest, spread).holds


class _Road:
    """One input's front-end, from its contract to files."""

    def __init__(self, spec: Spec, item: SpectrogramInput, folder: Path, progress: Progress) -> None:
        self.spec, self.item, self.folder, self.progress = spec, item, folder, progress
        folder.mkdir(parents=True)
        self._words = item.model_dump(mode="json")
        self._references: list[Reference] = []

    def run(self, times: Mapping[str, float] | None) -> tuple[list[MadeFrontEnd], dict[str, Any]]:
        """The files, and the record of the choice."""
        self.progress("front-end", f"{self.item.name}: TFLite", 0.0)
        words = {"contract": self._words, "folder": str(self.folder), "most_bytes": MOST_BYTES}
        answer = worker.run(EXPORT_TFLITE, words)
        self._references = self._sounds(int(answer["samples"]))
        files = {"-".join(item["transforms"]): item for item in answer["files"]}
        paths = {name: Path(item["path"]) for name, item in files.items()}
        milliseconds = dict(times) if times and times.keys() == files.keys() else self._timed(paths)
        record: dict[str, Any] = {
            "milliseconds": milliseconds,
            "evidence": "host",
            "bytes": {name: path.stat().st_size for name, path in paths.items()},
            "gaps": {},
            "core_ml": {},
            "too_large": {
                _Way(tuple(item["transforms"])).name: item["constant_bytes"] for item in answer["left_out"]
            },
            "most_bytes": MOST_BYTES,
        }
        for name in sorted(files, key=lambda one: milliseconds[one]):
            way = _Way(tuple(files[name]["transforms"]))
            whole = self._judged(FlavourKind.TFLITE, way, paths[name], record["gaps"])
            if whole.gap.holds:
                taken = self._smallest(whole, files[name]["halves"], record)
                record |= {"chosen": name, "weights": taken.way.weights.value}
                return self._chosen(taken, record), record
        return [], record

    def _smallest(self, whole: _Judged, halves: Mapping[str, str], record: dict[str, Any]) -> _Judged:
        """The smallest file of a transform that holds the bars."""
        for weights, path in halves.items():
            way = replace(whole.way, weights=FrontEndWeights(weights))
            record["bytes"][way.name] = Path(path).stat().st_size
            half = self._judged(whole.kind, way, Path(path), record["gaps"])
            if half.gap.holds:
                return half
        return whole

    def _chosen(self, taken: _Judged, record: dict[str, Any]) -> list[MadeFrontEnd]:
        made = []
        if any(isinstance(item, TfliteFlavour) for item in self.spec.flavours):
            made.append(self._made(taken, record["milliseconds"]))
        packages = [item for item in self.spec.flavours if isinstance(item, CoremlFlavour)]
        if packages:
            self.progress("front-end", f"{self.item.name}: Core ML", 0.7)
            oldest = min(packages, key=lambda item: int(item.minimum_ios)).minimum_ios
            package = self._package(taken.way, oldest, record["core_ml"])
            if package.gap.holds:
                made.append(self._made(package, {}))
        return made

    def _package(self, way: _Way, minimum_ios: str, gaps: dict[str, Any]) -> _Judged:
        """The Core ML package of the same storage, or in float32 where it does not hold or iOS is too old."""
        plain = _Way(way.transforms)
        if int(minimum_ios) < HALVES_SINCE_IOS:
            way = plain
        path = self.folder / f"{way.weights.value}.mlpackage"
        words = {"contract": self._words, "transforms": way.transforms, "weights": way.weights.value}
        worker.run(EXPORT_COREML, words | {"path": str(path), "minimum_ios": minimum_ios})
        canonicalise(path)
        found = self._judged(FlavourKind.COREML, way, path, gaps)
        return found if found.gap.holds or way == plain else self._package(plain, minimum_ios, gaps)

    def _sounds(self, samples: int) -> list[Reference]:
        """What should come of six sounds at two levels, which are laid on disk for the workers."""
        sounds = np.stack(list(sounds_at_levels(samples, self.item.front_end.sample_rate_hz).values()))
        np.save(self._sound_file, sounds)
        return [reference_of(sound, self.item) for sound in sounds]

    @property
    def _sound_file(self) -> Path:
        return self.folder / f"{SOUND}.npy"

    def _timed(self, files: Mapping[str, Path]) -> dict[str, float]:
        """Median milliseconds of one window, the files in turn."""
        candidates = [
            Candidate(name, path, self._borders(FlavourKind.TFLITE, path)[0], {SOUND: str(self._sound_file)})
            for name, path in files.items()
        ]
        taken = measure_on_host(candidates, self.progress, ROUNDS)
        return {
            name: round(median(one["latency_ms"] for one in record["rounds"]), 4)
            for name, record in taken.items()
        }

    def _judged(self, kind: FlavourKind, way: _Way, path: Path, gaps: dict[str, Any]) -> _Judged:
        gap = self._gap(kind, path)
        gaps[way.name] = _record(gap)
        return _Judged(kind, way, path, gap)

    def _gap(self, kind: FlavourKind, path: Path) -> Gap:
        inputs, outputs = self._borders(kind, path)
        answer = worker.run(
            EVALUATE,
            {
                "kind": kind.value,
                "path": str(path),
                "inputs": [border.model_dump(mode="json") for border in inputs],
                "outputs": [border.model_dump(mode="json") for border in outputs],
                "prepared": {SOUND: str(self._sound_file)},
                "folder": str(self.folder / f"{path.stem}-{kind.value}"),
                "precision": PRECISIONS[kind][0],
            },
        )
        got = np.load(answer["outputs"][self.item.name], mmap_mode="r", allow_pickle=False)
        return worst(
            gap_of(reference, patch, self.item)
            for reference, patch in zip(self._references, got, strict=True)
        )

    def _borders(self, kind: FlavourKind, path: Path) -> tuple[tuple[Border, ...], tuple[Border, ...]]:
        tensors = (SOUND, self.item.name)
        if kind is FlavourKind.TFLITE:
            from fieldpack.tflite.file import open_model

            model = open_model(path)
            tensors = (model.input_names[0], model.output_names[0])
        shapes = ((1, window_samples(self.item) or 0), (1, *self.item.shape))
        sound, patch = (
            Border(name=name, tensor=tensor, shape=shape, dtype="float32")
            for name, tensor, shape in zip((SOUND, self.item.name), tensors, shapes, strict=True)
        )
        return (sound,), (patch,)

    def _made(self, judged: _Judged, milliseconds: Mapping[str, float]) -> MadeFrontEnd:
        kind, path = judged.kind, judged.path
        inputs, outputs = self._borders(kind, path)
        describe_front_end(self.spec, self.item, kind, path, inputs[0], outputs[0])
        ending = "tflite" if kind is FlavourKind.TFLITE else "mlpackage"
        entry = FrontEndEntry(
            input=self.item.name,
            kind=kind,
            path=f"front_ends/{self.item.name}/model.{ending}",
            digest=content_digest(path),
            installed_bytes=sizes_of(path)["installed_bytes"],
            inputs=inputs,
            outputs=outputs,
            requires=requirements_of(kind, path),
            transforms=judged.way.transforms,
            milliseconds=dict(milliseconds),
            max_db=judged.gap.max_db,
            rms_db=judged.gap.rms_db,
            weights=judged.way.weights,
        )
        return MadeFrontEnd(path, entry)

"""Which front-end a build takes: the fastest that holds, its times kept where a build is repeated."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fieldpack.build import front_ends
from fieldpack.build.front_ends import make_front_ends
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.contract import SpectrogramInput
from fieldpack.contract.presets import PRESETS
from fieldpack.coreml.package import open_package
from fieldpack.errors import MissingDependencyError
from fieldpack.metadata.testing import stated_tensor
from fieldpack.parity.front_end import Gap
from fieldpack.preprocess.spectrogram import patches
from fieldpack.recipe import Method
from fieldpack.recordings.testing import FRAMES, HOP, RATE_HZ, tone, tone_contract
from fieldpack.spec import CoremlFlavour, Pack, Precision, TfliteFlavour
from fieldpack.testing import tiny_tflite

TFLITE = TfliteFlavour(
    kind="tflite", name="tflite-float32", method=Method.FLOAT32, io="float32", fold_scaling=False
)
COREML = CoremlFlavour(
    kind="coreml",
    name="coreml-fp16",
    precision=Precision.FLOAT16,
    method="float",
    minimum_ios="16",
    fold_scaling=False,
)
GOOD, BAD, BROKEN = Gap(0.002, 0.0001), Gap(0.002, 0.002), Gap(float("inf"), float("inf"))


PACK = Pack(name="tones", version="1.0.0", description="Tones.", license="CC0-1.0", seed=0)


def spec(*flavours: Any, **front_end: Any) -> Any:
    """What the front-ends of a build look at."""
    return SimpleNamespace(pack=PACK, contract=tone_contract(front_end=front_end), flavours=flavours)


class Bench:
    """Stands in for the workers: files, their times and gaps; halves are there where they have a gap."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, times: dict[str, float], gaps: dict[str, Gap]
    ) -> None:
        self.times, self.timed, self.gaps = times, 0, gaps
        self.packages: list[str] = []
        monkeypatch.setattr("fieldpack.worker.run", self._run)
        monkeypatch.setattr(front_ends, "measure_on_host", self._measure)
        monkeypatch.setattr(front_ends._Road, "_gap", lambda road, kind, path: gaps[path.stem])
        monkeypatch.setattr(front_ends, "canonicalise", lambda path: None)
        entry = front_ends._Road._made
        # Packages are not written here, so there is nothing that an entry could be read from.
        monkeypatch.setattr(
            front_ends._Road,
            "_made",
            lambda road, judged, times: (
                entry(road, judged, times) if judged.kind is FlavourKind.TFLITE else judged
            ),
        )

    def _run(self, target: str, words: dict[str, Any]) -> dict[str, Any]:
        if target == front_ends.EXPORT_COREML:
            self.packages.append(f"{words['minimum_ios']} {words['weights']}")
            return {}
        files = []
        for name in self.times:
            written = {
                weights: self._file(words, f"{name}-{weights}.tflite")
                for weights in ("float16", "filters_float16")
                if f"{name}-{weights}" in self.gaps
            }
            path = self._file(words, f"{name}.tflite")
            files.append({"transforms": [name], "path": path, "halves": written})
        large = [{"transforms": ["convolution"], "constant_bytes": 600_000}]
        return {"samples": 7936, "files": files, "left_out": large}

    def _file(self, words: dict[str, Any], name: str) -> str:
        path = Path(words["folder"]) / name
        path.write_bytes(tiny_tflite())
        return str(path)

    def _measure(self, candidates: Any, progress: Any, rounds: int) -> dict[str, Any]:
        self.timed += 1
        once = {item.name: [{"latency_ms": self.times[item.name]}] * rounds for item in candidates}
        return {name: {"rounds": found} for name, found in once.items()}


def made(spec: Any, folder: Path, before: Any = None) -> tuple[Any, dict[str, Any]]:
    """Front-ends and the evidence of them."""
    evidence: dict[str, Any] = {}
    return make_front_ends(spec, evidence, folder, lambda *words: None, before), evidence


@pytest.mark.parametrize(
    ("gaps", "chosen"),
    [
        ({"folded": GOOD, "factored": GOOD, "blocks": GOOD}, "blocks"),
        ({"folded": GOOD, "factored": GOOD, "blocks": BAD}, "factored"),
        ({"folded": GOOD, "factored": BROKEN, "blocks": BAD}, "folded"),
    ],
)
def test_the_fastest_that_holds_is_chosen(
    gaps: dict[str, Gap], chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = {"folded": 3.0, "factored": 2.0, "blocks": 1.0}
    Bench(monkeypatch, times, gaps)
    ((front_end,), evidence) = made(spec(TFLITE), tmp_path)
    assert front_end.entry.transforms == (chosen,)
    assert front_end.entry.milliseconds == times
    assert front_end.entry.path == "front_ends/spectrogram/model.tflite"
    assert front_end.entry.digest == content_digest(front_end.path)
    sound = stated_tensor(front_end.path)
    assert sound["content"]["content_properties"] == (
        "AudioProperties",
        {"sample_rate": RATE_HZ, "channels": 1},
    )
    record = evidence["front_ends"]["spectrogram"]
    assert record["chosen"] == chosen
    assert (record["too_large"], record["most_bytes"]) == ({"convolution": 600_000}, 500_000)
    assert "warnings" not in evidence


@pytest.mark.parametrize(
    ("half", "filters", "weights"),
    [
        (GOOD, GOOD, "float16"),
        (BAD, GOOD, "filters_float16"),
        (BAD, BAD, "float32"),
        (None, GOOD, "filters_float16"),
        (None, None, "float32"),
    ],
)
def test_the_smallest_storage_that_holds_is_taken(
    half: Gap | None, filters: Gap | None, weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = {"folded-float16": half, "folded-filters_float16": filters}
    tried = {name: gap for name, gap in halves.items() if gap is not None}
    Bench(monkeypatch, {"folded": 1.0}, {"folded": GOOD, **tried})
    ((front_end,), evidence) = made(spec(TFLITE), tmp_path)
    record = evidence["front_ends"]["spectrogram"]
    assert front_end.entry.weights.value == record["weights"] == weights
    assert front_end.path.stem == ("folded" if weights == "float32" else f"folded-{weights}")
    assert front_end.entry.milliseconds == {"folded": 1.0}
    missed = {name for name, gap in record["gaps"].items() if gap["rms_db"] > 0.001}
    assert missed == {name.replace("-", " ") for name, gap in tried.items() if gap is BAD}
    assert set(record["bytes"]) == set(record["gaps"])


@pytest.mark.parametrize(
    ("ios", "gaps", "packages", "weights"),
    [
        ("16", {"float16": GOOD}, ["16 float16"], "float16"),
        ("16", {"float16": BAD, "float32": GOOD}, ["16 float16", "16 float32"], "float32"),
        ("15", {"float32": GOOD}, ["15 float32"], "float32"),
    ],
)
def test_a_package_stores_what_its_own_gap_and_its_ios_allow(
    ios: str,
    gaps: dict[str, Gap],
    packages: list[str],
    weights: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, {"folded": 1.0}, {"folded": GOOD, "folded-float16": GOOD, **gaps})
    ((_, package), evidence) = made(spec(TFLITE, COREML.model_copy(update={"minimum_ios": ios})), tmp_path)
    assert bench.packages == packages
    assert package.way.weights.value == weights
    assert len(evidence["front_ends"]["spectrogram"]["core_ml"]) == len(packages)
    assert "warnings" not in evidence


def test_no_package_is_packed_where_even_float32_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gaps = {"folded": GOOD, "folded-float16": GOOD, "float16": BAD, "float32": Gap(0.5, 0.1)}
    Bench(monkeypatch, {"folded": 1.0}, gaps)
    found, evidence = made(spec(TFLITE, COREML), tmp_path)
    assert [item.entry.kind for item in found] == [FlavourKind.TFLITE]
    (text,) = evidence["warnings"]
    assert (
        "input spectrogram has no Core ML front-end: the best transform, folded float16, is 0.002 dB" in text
    )


def test_none_that_misses_the_bar_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Bench(monkeypatch, {"folded": 3.0, "factored": 2.0}, {"folded": Gap(0.5, 0.1), "factored": BROKEN})
    found, evidence = made(spec(TFLITE), tmp_path)
    assert found == ()
    assert evidence["front_ends"]["spectrogram"]["gaps"]["factored"]["max_db"] is None
    (text,) = evidence["warnings"]
    assert "input spectrogram has no TFLite front-end: the best transform, folded, is 0.5 dB from" in text
    assert "0.1 in the mean square; 0.01 and 0.001 are allowed" in text


def test_a_repeated_build_takes_times_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = {"folded": GOOD, "factored": GOOD}
    Bench(monkeypatch, {"folded": 3.0, "factored": 2.0}, gaps)
    _, first = made(spec(TFLITE), tmp_path / "one")
    bench = Bench(monkeypatch, {"folded": 1.0, "factored": 2.0}, gaps)
    ((front_end,), again) = made(spec(TFLITE), tmp_path / "two", first)
    assert bench.timed == 0
    assert front_end.entry.transforms == ("factored",)
    assert again == first


def test_patches_of_a_whole_recording_have_no_front_end(tmp_path: Path) -> None:
    windows = {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"}
    found, evidence = made(spec(TFLITE, center=True, windows=windows), tmp_path)
    assert found == ()
    (text,) = evidence["warnings"]
    assert text.startswith(
        "input spectrogram has no front-end: its patches depend on the whole recording (center)"
    )
    assert f"windows.samples, {(FRAMES - 1) * HOP} for {FRAMES} frames" in text
    again: Any = tone_contract(
        front_end={"center": True, "windows": {**windows, "samples": (FRAMES - 1) * HOP}}
    ).inputs[0]
    assert len(patches(tone(3.0, 500.0), RATE_HZ, again)) == 3


def test_a_missing_framework_leaves_only_the_front_end_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(target: str, words: dict[str, Any]) -> dict[str, Any]:
        raise MissingDependencyError(f"{target} needs the Python module keras", hint="pip install it")

    monkeypatch.setattr("fieldpack.worker.run", refused)
    found, evidence = made(spec(TFLITE), tmp_path)
    assert found == ()
    needs = f"{front_ends.EXPORT_TFLITE} needs the Python module keras; pip install it"
    assert evidence["warnings"] == [f"input spectrogram has no front-end: {needs}"]


@pytest.mark.full
def test_both_kinds_are_made_and_hold(tmp_path: Path) -> None:
    found, evidence = made(spec(TFLITE, COREML), tmp_path)
    assert [item.entry.kind for item in found] == [FlavourKind.TFLITE, FlavourKind.COREML]
    record = evidence["front_ends"]["spectrogram"]
    assert record["chosen"] == min(record["milliseconds"], key=lambda one: record["milliseconds"][one])
    assert all(Gap(item.entry.max_db, item.entry.rms_db).holds for item in found)
    package = open_package(found[1].path)
    assert [item.name for item in (*package.inputs, *package.outputs)] == ["sound", "spectrogram"]
    assert "cast" not in package.op_histogram()
    assert package.op_histogram()["constexpr_cast"] == 1
    assert {item.entry.weights.value for item in found} == {record["weights"]} == {"filters_float16"}
    missed = f"{record['chosen']} float16"
    assert record["gaps"][missed]["max_db"] > 0.1
    assert record["bytes"][missed] < found[0].entry.installed_bytes < record["bytes"][record["chosen"]]
    assert found[1].entry.requires.ios == "16"
    assert found[0].entry.requires.tflite_runtime is not None


@pytest.mark.full
def test_birdnets_front_end_is_factored_and_what_else_there_was_is_told(tmp_path: Path) -> None:
    """The other forms are over the cap; half floats, which are under it, miss by whole decibels."""
    preset = PRESETS["birdnet_2_4"]
    words = tone_contract().inputs[0].model_dump()["front_end"]
    rest = {name: words[name] for name in preset.missing if name in words and name not in ("log", "windows")}
    windows = {"samples": 144000, "overlap": 0.0, "last": "drop", "pooling": "mean"}
    roots = [{"kind": "root", "exponent": exponent} for exponent in (0.2295, 0.1905)]
    low, high = preset.front_ends(**rest, windows=windows, log=roots)
    item = SpectrogramInput(
        kind="spectrogram",
        name="spectrogram",
        bands=low.bands,
        frames=preset.frames or 0,
        axes=("band", "frame", "channel"),
        front_end=low,
        more_channels=(high,),
    )
    packed = spec(TFLITE)
    packed.contract = packed.contract.model_copy(update={"inputs": (item,)})
    ((front_end,), evidence) = made(packed, tmp_path)
    record = evidence["front_ends"]["spectrogram"]
    assert record["chosen"] == "factored-factored"
    assert front_end.entry.installed_bytes <= record["most_bytes"]
    others = {f"{name}-{name}" for name in ("convolution", "blocks", "folded")}
    assert record["too_large"].keys() == others
    assert min(record["too_large"].values()) > record["most_bytes"]
    halves = [gap for name, gap in record["gaps"].items() if name != record["chosen"]]
    assert len(halves) == 2
    assert min(gap["max_db"] for gap in halves) > 1
    assert front_end.entry.weights.value == "float32"

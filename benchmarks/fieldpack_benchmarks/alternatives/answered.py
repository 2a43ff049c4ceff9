"""Every other tool on one model: its file, its size, and its scores on the evaluation set of the study.

All tools get the calibration examples of the spec. What is made from a file is made from the same float
file as Fieldpack's own flavours where its spec has no recipe, and else from the same source model.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack import worker
from fieldpack.build.borders import find_borders
from fieldpack.build.conversion import source_words
from fieldpack.build.examples import Examples, save_source_tensors, save_tensors
from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.errors import FieldpackError
from fieldpack_benchmarks.side_by_side import Scores, SideBySide

TARGETS = "fieldpack_benchmarks.alternatives"
FLOAT_TFLITE, FLOAT_COREML = "tflite-float32", "coreml-fp16"
CONVERTER, EDGE = "TFLiteConverter int8", "ai-edge-quantizer static int8"
LINEAR, PALETTE = "coremltools int8 weights", "coremltools 4-bit palettes"
ONNX, ONNX_CHANNELS = "onnxruntime static int8", "onnxruntime static int8, per channel"
NNCF = "NNCF int8"
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one tool made of one model.

    Attributes
    ----------
    tool : str
        Its name in the table.
    kind : FlavourKind
        How it was run: Core ML on Fieldpack's interpreter, all else as ``tflite``, that is on this machine.
    size_bytes, download_bytes : int or None
        Installed, and after deflate level 6; None where the tool writes no file.
    scores : ndarray or None
        [N, C] on the evaluation set; None when it failed or does not take such a model.
    note : str
        Why there is nothing, or what a reader must know.
    failed : bool
        Whether the tool takes such models and failed on this one.
    """

    tool: str
    kind: FlavourKind
    size_bytes: int | None = None
    download_bytes: int | None = None
    scores: Scores | None = None
    note: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One model with everything that the tools are given.

    Attributes
    ----------
    models : SideBySide
        The spec, the evaluation set and the source model's scores.
    floats : Bundle
        Float flavours of the source model itself, which no recipe has changed.
    calibration : Examples
        The calibration set of the spec.
    folder : Path
        Work folder.
    """

    models: SideBySide
    floats: Bundle
    calibration: Examples
    folder: Path

    @property
    def source(self) -> dict[str, Any]:
        """The source model in the words of the workers."""
        return source_words(self.models.spec)

    def entry(self, name: str) -> FlavourEntry:
        """A float flavour."""
        return next(item for item in self.floats.manifest.flavours if item.name == name)

    def file(self, name: str) -> Path:
        """Its file."""
        return self.floats.path(self.entry(name).path)

    def source_tensors(self, examples: Examples, name: str) -> list[str]:
        """Examples as the source model takes them."""
        return list(save_source_tensors(self.models.spec.contract, examples, self.folder / name).values())


def answered(given: Given, progress: Progress) -> Iterator[Answered]:
    """Every tool in turn; a failure is a fact about the tool."""
    for number, (names, make) in enumerate(_MAKERS):
        progress(names[0], number / len(_MAKERS))
        try:
            found = list(make(given))
        except FieldpackError as error:
            note = f"failed: {_end(error)}"
            found = [Answered(name, FlavourKind.TFLITE, note=note, failed=True) for name in names]
        yield from found


def _end(error: FieldpackError) -> str:
    """The last line of a worker's log, which names the cause."""
    return " ".join(str(error).strip().splitlines()[-1].split())[:300]


def _converter(given: Given) -> Iterator[Answered]:
    path = given.folder / "converter.tflite"
    keras = given.source["kind"].startswith("keras")
    calibration = (
        given.source_tensors(given.calibration, "converter")
        if keras
        else _tflite_calibration(given, "converter")
    )
    words = {"source": given.source, "model": str(given.file(FLOAT_TFLITE))}
    worker.run(
        f"{TARGETS}.tflite_converter:quantize", {"calibration": calibration, "path": str(path), **words}
    )
    note = "" if keras else "from the float TFLite file, by the converter's older quantiser"
    yield _tflite(given, CONVERTER, path, folded=not keras and _folded(given), note=note)


def _edge(given: Given) -> Iterator[Answered]:
    path = given.folder / "edge.tflite"
    words = {"calibration": _tflite_calibration(given, "edge"), "path": str(path)}
    worker.run(f"{TARGETS}.edge_quantizer:quantize", {**words, "model": str(given.file(FLOAT_TFLITE))})
    yield _tflite(given, EDGE, path, folded=_folded(given))


def _coreml(given: Given) -> Iterator[Answered]:
    entry = given.entry(FLOAT_COREML)
    paths = {"linear": given.folder / "linear.mlpackage", "palette": given.folder / "palette.mlpackage"}
    words = {name: str(path) for name, path in paths.items()}
    worker.run(f"{TARGETS}.coreml_tools:compress", {"package": str(given.file(FLOAT_COREML)), **words})
    for tool, path in zip((LINEAR, PALETTE), paths.values(), strict=True):
        folded = any(border.scale is None for border in entry.inputs)
        scores = given.models.file_scores(path, FlavourKind.COREML, folded=folded)
        yield Answered(tool, FlavourKind.COREML, *sizes(path), scores)


def _onnx(given: Given) -> Iterator[Answered]:
    sets = {"calibration": given.calibration, "evaluation": given.models.examples}
    if given.source["kind"] == "torch":
        package, note = "", "exported by torch.onnx"
        arrays = {name: given.source_tensors(items, f"onnx-{name}") for name, items in sets.items()}
    else:
        package, note = _float32_package(given), "translated from a float32 Core ML package"
        inputs, _ = find_borders(FlavourKind.COREML, Path(package), given.models.spec.contract, folded=False)
        arrays = {
            name: list(save_tensors(inputs, items, given.folder / f"onnx-{name}").values())
            for name, items in sets.items()
        }
    made: dict[str, dict[str, Any]] = {
        tool: {
            "path": str(given.folder / f"{name}.onnx"),
            "scores": str(given.folder / f"{name}-scores.npy"),
            "per_channel": tool == ONNX_CHANNELS,
        }
        for tool, name in ((ONNX, "onnx-tensors"), (ONNX_CHANNELS, "onnx-channels"))
    }
    words = {"made": list(made.values()), "source": given.source, "package": package}
    worker.run(f"{TARGETS}.onnx_runtime:quantize", {**arrays, **words})
    for tool, one in made.items():
        yield Answered(tool, FlavourKind.TFLITE, *sizes(Path(one["path"])), np.load(one["scores"]), note)


def _nncf(given: Given) -> Iterator[Answered]:
    if given.source["kind"] != "torch":
        yield Answered(NNCF, FlavourKind.TFLITE, note="takes PyTorch modules only")
        return
    scores = given.folder / "nncf-scores.npy"
    arrays = {
        "calibration": given.source_tensors(given.calibration, "nncf-calibration"),
        "evaluation": given.source_tensors(given.models.examples, "nncf-evaluation"),
    }
    words = {"scores": str(scores), "source": given.source}
    made = worker.run(f"{TARGETS}.nncf_quantiser:quantize", {**arrays, **words})
    counted = f"{made['size_bytes']:,} bytes of int8 weights and float32 biases"
    note = f"run in torch; writes no file, {counted} (counted)"
    yield Answered(NNCF, FlavourKind.TFLITE, None, None, np.load(scores), note)


_MAKERS: tuple[tuple[tuple[str, ...], Callable[[Given], Iterator[Answered]]], ...] = (
    ((CONVERTER,), _converter),
    ((EDGE,), _edge),
    ((LINEAR, PALETTE), _coreml),
    ((ONNX, ONNX_CHANNELS), _onnx),
    ((NNCF,), _nncf),
)


def _tflite(given: Given, tool: str, path: Path, *, folded: bool, note: str = "") -> Answered:
    scores = given.models.file_scores(path, FlavourKind.TFLITE, folded=folded)
    return Answered(tool, FlavourKind.TFLITE, *sizes(path), scores, note)


def _folded(given: Given) -> bool:
    """Whether the float TFLite flavour takes pixels; then no border of it states a scale."""
    return all(border.scale is None for border in given.entry(FLOAT_TFLITE).inputs)


def _tflite_calibration(given: Given, name: str) -> list[str]:
    inputs = given.entry(FLOAT_TFLITE).inputs
    return list(save_tensors(inputs, given.calibration, given.folder / f"{name}-calibration").values())


def _float32_package(given: Given) -> str:
    """A float32 Core ML package of the source model, without scaling in its graph."""
    contract = given.models.spec.contract
    path = str(given.folder / "float32.mlpackage")
    flavour = {
        "name": "float32",
        "path": path,
        "precision": "float32",
        "weights": None,
        "minimum_ios": "16",
        "fold_scaling": None,
        "input_names": [item.name for item in contract.inputs],
        "output_names": [item.name for item in contract.outputs],
        "float32_operators": [],
    }
    worker.run("fieldpack_converters.to_coreml:export", {"source": given.source, "flavours": [flavour]})
    return path


def sizes(path: Path) -> tuple[int, int]:
    """Installed bytes, and bytes after deflate level 6, of a file or of all files of a folder."""
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    contents = [item.read_bytes() for item in files]
    return sum(map(len, contents)), sum(len(zlib.compress(content, 6)) for content in contents)

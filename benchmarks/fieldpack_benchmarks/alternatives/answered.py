"""Every other tool on one model: its file, its size, and its scores on the evaluation set of the study.

All tools get the calibration examples of the spec. What is made from a file is made from the same float
file as Fieldpack's own flavours.
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
ONNX, NNCF = "onnxruntime static int8", "NNCF int8"
NAMES = (CONVERTER, EDGE, LINEAR, PALETTE, ONNX, NNCF)
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one tool made of one model.

    Attributes
    ----------
    tool : str
        One of ``NAMES``.
    kind : FlavourKind
        How it was run: Core ML on Fieldpack's interpreter, all else as ``tflite``, that is on this machine.
    size_bytes, download_bytes : int or None
        Installed, and after deflate level 6; None where the tool writes no file.
    scores : ndarray or None
        [N, C] on the evaluation set; None when it failed or does not take such a model.
    note : str
        Why there is nothing, or what a reader must know.
    """

    tool: str
    kind: FlavourKind
    size_bytes: int | None = None
    download_bytes: int | None = None
    scores: Scores | None = None
    note: str = ""


@dataclass(frozen=True)
class Field:
    """One model with everything that the tools are given.

    Attributes
    ----------
    models : SideBySide
        The spec, the evaluation set and the source model's scores.
    bundle : Bundle
        Fieldpack's flavours of the spec.
    calibration : Examples
        The calibration set of the spec.
    folder : Path
        Work folder.
    """

    models: SideBySide
    bundle: Bundle
    calibration: Examples
    folder: Path

    @property
    def source(self) -> dict[str, Any]:
        """The source model in the words of the workers."""
        return source_words(self.models.spec)

    def entry(self, name: str) -> FlavourEntry:
        """A flavour of the bundle."""
        return next(item for item in self.bundle.manifest.flavours if item.name == name)

    def file(self, name: str) -> Path:
        """Its file."""
        return self.bundle.path(self.entry(name).path)

    def source_tensors(self, examples: Examples, name: str) -> list[str]:
        """Examples as the source model takes them."""
        return list(save_source_tensors(self.models.spec.contract, examples, self.folder / name).values())


def answered(field: Field, progress: Progress) -> Iterator[Answered]:
    """Every tool in turn; a failure is a fact about the tool."""
    for number, (names, make) in enumerate(_MAKERS):
        progress(names[0], number / len(_MAKERS))
        try:
            yield from make(field)
        except FieldpackError as error:
            for name in names:
                yield Answered(name, FlavourKind.TFLITE, note=f"failed: {_end(error)}")


def _end(error: FieldpackError) -> str:
    """The last line of a worker's log, which names the cause."""
    return " ".join(str(error).strip().splitlines()[-1].split())[:300]


def _converter(field: Field) -> Iterator[Answered]:
    path = field.folder / "converter.tflite"
    keras = field.source["kind"].startswith("keras")
    calibration = (
        field.source_tensors(field.calibration, "converter")
        if keras
        else _tflite_calibration(field, "converter")
    )
    words = {"source": field.source, "model": str(field.file(FLOAT_TFLITE))}
    worker.run(
        f"{TARGETS}.tflite_converter:quantize", {"calibration": calibration, "path": str(path), **words}
    )
    note = "" if keras else "from the float TFLite file, by the converter's older quantiser"
    yield _tflite(field, CONVERTER, path, folded=not keras and _folded(field), note=note)


def _edge(field: Field) -> Iterator[Answered]:
    path = field.folder / "edge.tflite"
    words = {"calibration": _tflite_calibration(field, "edge"), "path": str(path)}
    worker.run(f"{TARGETS}.edge_quantizer:quantize", {**words, "model": str(field.file(FLOAT_TFLITE))})
    yield _tflite(field, EDGE, path, folded=_folded(field))


def _coreml(field: Field) -> Iterator[Answered]:
    entry = field.entry(FLOAT_COREML)
    paths = {"linear": field.folder / "linear.mlpackage", "palette": field.folder / "palette.mlpackage"}
    words = {name: str(path) for name, path in paths.items()}
    worker.run(f"{TARGETS}.coreml_tools:compress", {"package": str(field.file(FLOAT_COREML)), **words})
    for tool, path in zip((LINEAR, PALETTE), paths.values(), strict=True):
        folded = any(border.scale is None for border in entry.inputs)
        scores = field.models.file_scores(path, FlavourKind.COREML, folded=folded)
        yield Answered(tool, FlavourKind.COREML, *sizes(path), scores)


def _onnx(field: Field) -> Iterator[Answered]:
    path, scores = field.folder / "static.onnx", field.folder / "onnx-scores.npy"
    sets = {"calibration": field.calibration, "evaluation": field.models.examples}
    if field.source["kind"] == "torch":
        package, note = "", "exported by torch.onnx"
        arrays = {name: field.source_tensors(given, f"onnx-{name}") for name, given in sets.items()}
    else:
        package, note = _float32_package(field), "translated from a float32 Core ML package"
        inputs, _ = find_borders(FlavourKind.COREML, Path(package), field.models.spec.contract, folded=False)
        arrays = {
            name: list(save_tensors(inputs, given, field.folder / f"onnx-{name}").values())
            for name, given in sets.items()
        }
    words = {"path": str(path), "scores": str(scores), "source": field.source, "package": package}
    worker.run(f"{TARGETS}.onnx_runtime:quantize", {**arrays, **words})
    yield Answered(ONNX, FlavourKind.TFLITE, *sizes(path), np.load(scores), note)


def _nncf(field: Field) -> Iterator[Answered]:
    if field.source["kind"] != "torch":
        yield Answered(NNCF, FlavourKind.TFLITE, note="takes PyTorch modules only")
        return
    scores = field.folder / "nncf-scores.npy"
    arrays = {
        "calibration": field.source_tensors(field.calibration, "nncf-calibration"),
        "evaluation": field.source_tensors(field.models.examples, "nncf-evaluation"),
    }
    words = {"scores": str(scores), "source": field.source}
    made = worker.run(f"{TARGETS}.nncf_quantiser:quantize", {**arrays, **words})
    counted = f"{made['size_bytes']:,} bytes of int8 weights and float32 biases"
    note = f"run in torch; writes no file, {counted} (counted)"
    yield Answered(NNCF, FlavourKind.TFLITE, None, None, np.load(scores), note)


_MAKERS: tuple[tuple[tuple[str, ...], Callable[[Field], Iterator[Answered]]], ...] = (
    ((CONVERTER,), _converter),
    ((EDGE,), _edge),
    ((LINEAR, PALETTE), _coreml),
    ((ONNX,), _onnx),
    ((NNCF,), _nncf),
)


def _tflite(field: Field, tool: str, path: Path, *, folded: bool, note: str = "") -> Answered:
    scores = field.models.file_scores(path, FlavourKind.TFLITE, folded=folded)
    return Answered(tool, FlavourKind.TFLITE, *sizes(path), scores, note)


def _folded(field: Field) -> bool:
    """Whether the float TFLite flavour takes pixels; then no border of it states a scale."""
    return all(border.scale is None for border in field.entry(FLOAT_TFLITE).inputs)


def _tflite_calibration(field: Field, name: str) -> list[str]:
    inputs = field.entry(FLOAT_TFLITE).inputs
    return list(save_tensors(inputs, field.calibration, field.folder / f"{name}-calibration").values())


def _float32_package(field: Field) -> str:
    """A float32 Core ML package of the source model, without scaling in its graph."""
    contract = field.models.spec.contract
    path = str(field.folder / "float32.mlpackage")
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
    worker.run("fieldpack_converters.to_coreml:export", {"source": field.source, "flavours": [flavour]})
    return path


def sizes(path: Path) -> tuple[int, int]:
    """Installed bytes, and bytes after deflate level 6, of a file or of all files of a folder."""
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    contents = [item.read_bytes() for item in files]
    return sum(map(len, contents)), sum(len(zlib.compress(content, 6)) for content in contents)

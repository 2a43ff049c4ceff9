"""What a Core ML file states about its ends: a source file, or what Xcode compiled from one.

A compiled model (``.mlmodelc``) carries ``metadata.json``, which repeats inputs, outputs and version;
its weights have another form and are not run here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.errors import ModelFileError, UnsupportedError

if TYPE_CHECKING:
    from fieldpack.coreml.feature import Feature
    from fieldpack.coreml.package import Package

PROGRAM = "mlProgram"
LATER = "later"
SCALING_LAYERS = ("scale", "multiply", "multiplyBroadcastable", "divideBroadcastable", "batchnorm", "unary")
WEIGHTED_LAYERS = ("convolution", "innerProduct")
WEIGHTED_OPERATORS = ("conv", "linear", "matmul")
SCALING_OPERATORS = ("mul", "real_div", "batch_norm", "sub", "add")
COMPILED_DTYPES = {"Float32": "float32", "Double": "float64", "Float16": "float16", "Int32": "int32"}


@dataclass(frozen=True, slots=True)
class CoreMlFacts:
    """One Core ML file.

    Attributes
    ----------
    path : Path
        ``.mlmodel`` file, ``.mlpackage`` or ``.mlmodelc`` folder.
    kind : str
        ``neuralNetwork``, ``mlProgram``, ...
    specification : int
        Version of the Core ML specification.
    ios : str or None
        First iOS that loads it; None where the file does not show it, ``later`` where it is not known here.
    inputs, outputs : tuple of Feature
        As declared.
    classifier : bool
        Whether Vision takes it for a classifier.
    custom : tuple of str
        Layers that an app would have to implement.
    scaled : bool or None
        Whether pixels are scaled or shifted before the first layer with weights; None where that is not seen.
    package : Package or None
        The opened file; None for a compiled one.
    """

    path: Path
    kind: str
    specification: int
    ios: str | None
    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    classifier: bool
    custom: tuple[str, ...]
    scaled: bool | None
    package: Package | None


def read_core_ml(path: Path) -> CoreMlFacts:
    """Read a Core ML file of any form.

    Raises
    ------
    ModelFileError
        The file is malformed.
    FieldpackError
        As ``open_package`` raises.
    """
    if path.suffix == ".mlmodelc":
        return _compiled(path)
    from fieldpack.coreml.neural.network import NETWORKS
    from fieldpack.coreml.package import open_package

    package = open_package(path)
    network = package.network if package.model_type in NETWORKS else None
    custom = () if network is None else tuple(row.name for row in network.rows() if row.kind == "custom")
    return CoreMlFacts(
        path=path,
        kind=package.model_type,
        specification=package.specification_version,
        ios=_oldest(package),
        inputs=package.inputs,
        outputs=package.outputs,
        classifier=bool(package.label_feature) or package.model_type.endswith("Classifier"),
        custom=custom,
        scaled=_scaled(package),
        package=package,
    )


def _oldest(package: Package) -> str:
    try:
        return package.minimum_ios
    except UnsupportedError:
        return LATER


def _scaled(package: Package) -> bool | None:
    """Pixels pass a scaler of the file, or arithmetic before the first convolution or dense layer."""
    from fieldpack.coreml.neural.network import NETWORKS, kind_of

    if package.model_type in NETWORKS:
        kinds = [_arithmetic(kind_of(layer), layer) for layer in package.network.layers]
        return bool(package.network.preprocessing) or _before(kinds, WEIGHTED_LAYERS, SCALING_LAYERS)
    if package.model_type == PROGRAM:
        kinds = [row.type for row in package.operations()]
        return _before(kinds, WEIGHTED_OPERATORS, SCALING_OPERATORS)
    return None


def _arithmetic(kind: str, layer: Any) -> str:
    """Kind of a layer; a linear activation is a factor and a summand."""
    is_linear = kind == "activation" and layer.activation.WhichOneof("NonlinearityType") == "linear"
    return "scale" if is_linear else kind


def _before(kinds: list[str], weighted: tuple[str, ...], scaling: tuple[str, ...]) -> bool:
    """Whether one of `scaling` comes before the first of `weighted`."""
    first = next((place for place, kind in enumerate(kinds) if kind in weighted), len(kinds))
    return any(kind in scaling for kind in kinds[:first])


def _compiled(path: Path) -> CoreMlFacts:
    from fieldpack.coreml.package import IOS_OF_SPECIFICATION

    try:
        stated = json.loads((path / "metadata.json").read_bytes())
        facts: dict[str, Any] = stated[0]
        inputs = tuple(_schema(entry) for entry in facts["inputSchema"])
        outputs = tuple(_schema(entry) for entry in facts["outputSchema"])
        version = int(facts["specificationVersion"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"{path.name} is no compiled Core ML model",
            came=f"{type(error).__name__}: {error}",
            allowed="a folder with metadata.json as Xcode writes it",
        ) from error
    is_program = "mlProgramOperationTypeHistogram" in facts
    layers = facts.get("neuralNetworkLayerTypeHistogram", {})
    return CoreMlFacts(
        path=path,
        kind=PROGRAM if is_program else "neuralNetwork",
        specification=version,
        ios=IOS_OF_SPECIFICATION.get(version),
        inputs=inputs,
        outputs=outputs,
        classifier=bool(facts.get("classLabels")) or any(item.kind == "dictionary" for item in outputs),
        custom=tuple(name for name in layers if str(name).lower() == "custom"),
        scaled=None,
        package=None,
    )


def _schema(entry: dict[str, Any]) -> Feature:
    """One entry of ``inputSchema`` or ``outputSchema``."""
    from fieldpack.coreml.feature import Feature

    name, kind = str(entry["name"]), str(entry["type"]).lower()
    if kind == "image":
        grey = str(entry.get("colorspace", "")).upper().startswith("GRAY") or entry.get("isColor") == "0"
        size = (1, int(entry["height"]), int(entry["width"]), 1 if grey else 3)
        ranges = _any_size(4) if entry.get("hasSizeFlexibility") == "1" else None
        return Feature(name, "image", size, "uint8", "GRAYSCALE" if grey else "RGB", ranges)
    shape = tuple(int(size) for size in json.loads(entry.get("shape") or "[]"))
    dtype = COMPILED_DTYPES.get(str(entry.get("dataType", "")), str(entry.get("dataType", "")).lower())
    flexible = _any_size(len(shape)) if entry.get("hasShapeFlexibility") == "1" else None
    return Feature(name, kind, shape, dtype, None, flexible)


def _any_size(rank: int) -> tuple[tuple[int, int], ...]:
    return ((1, -1),) * rank

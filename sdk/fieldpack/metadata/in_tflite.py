"""Facts of tensors as TFLite's standard metadata, which MediaPipe's readers understand.

MediaPipe wants of a float32 picture its normalisation, takes labels from a file packed behind the model, and
refuses colours that it does not know: blue, green, red is ``UNKNOWN`` there, so that it feeds no such model
wrongly. Quantised files state the normalisation of the float model, as the schema asks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldpack.errors import ModelFileError
from fieldpack.metadata.about import About
from fieldpack.metadata.tensor_facts import Calibration, Picture, Sound, TensorFacts
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.file import open_model
from fieldpack.tflite.metadata.attaching import attach
from fieldpack.tflite.metadata.packing import packed
from fieldpack.tflite.metadata.schema import ENTRY
from fieldpack.tflite.runtime_version import METADATA_ENTRY, minimum_runtime

CONTRACT_FILE = "contract.json"
RUNTIME_BYTES = 16
"""The entry of the oldest runtime is padded to so many, as TensorFlow's converter does."""
COLOR_SPACES = {"rgb": "RGB", "gray": "GRAYSCALE", "bgr": "UNKNOWN"}


def describe_tflite(
    path: Path,
    about: About,
    inputs: Sequence[TensorFacts],
    outputs: Sequence[TensorFacts],
    *,
    with_labels: bool,
) -> None:
    """Write standard metadata into a finished file; what it computes stays the same, to the bit.

    Parameters
    ----------
    path : Path
        The file; it is replaced in one step.
    about : About
        The model that it belongs to.
    inputs, outputs : sequence of TensorFacts
        One for each tensor, in any order.
    with_labels : bool
        Pack label files behind the model.

    Raises
    ------
    ModelFileError
        The file is damaged, or has other tensors.
    UnsupportedError
        It cannot be given metadata.
    StorageError
        It cannot be written.
    """
    model = open_model(path)
    files = {CONTRACT_FILE: about.contract_bytes}
    for facts in outputs:
        files |= files_of(facts) if with_labels else {}
    values = {
        "name": about.name,
        "description": about.description,
        "version": about.version or None,
        "author": about.author or None,
        "license": about.license,
        "subgraph_metadata": [
            {
                "input_tensor_metadata": [
                    _tensor(facts, files) for facts in _in_order(inputs, model.input_names, path)
                ],
                "output_tensor_metadata": [
                    _tensor(facts, files) for facts in _in_order(outputs, model.output_names, path)
                ],
            }
        ],
        "associated_files": [_contract_file(about)],
    }
    attach(path, {**_runtime(model), ENTRY: packed(values)}, files)


def _in_order(facts: Sequence[TensorFacts], names: Sequence[str], path: Path) -> list[TensorFacts]:
    """In the order of the file's tensors, which is that of the metadata."""
    found = {item.tensor: item for item in facts}
    if set(found) != set(names) or len(names) != len(facts):
        raise ModelFileError(
            f"{path} has other tensors than those that are told of",
            came=", ".join(names),
            allowed=", ".join(found),
        )
    return [found[name] for name in names]


def _runtime(model: TfliteModel) -> dict[str, bytes]:
    """The oldest runtime as the operators show it; quantising may have left an older one in the file."""
    needed = minimum_runtime(model)
    if needed.version is None or needed.unknown:
        return {}
    return {METADATA_ENTRY: needed.version.encode().ljust(RUNTIME_BYTES, b"\0")}


def _contract_file(about: About) -> dict[str, str]:
    model = f"{about.name} {about.version}".rstrip()
    told = f"Everything that changes a number: the contract of {model}, canonical JSON, "
    digest = f"SHA-256 {about.contract_digest}."
    return {"name": CONTRACT_FILE, "description": told + digest, "type": "DESCRIPTIONS"}


def _tensor(facts: TensorFacts, files: Mapping[str, bytes]) -> dict[str, Any]:
    named = [_labels_file(facts), _calibration_file(facts)]
    stats = {"max": facts.high, "min": facts.low} if facts.low else None
    return {
        "name": facts.name,
        "description": facts.description,
        "dimension_names": facts.dimensions or None,
        "content": {"content_properties": _content(facts.content)},
        "process_units": [{"options": unit} for unit in _units(facts, files)] or None,
        "stats": stats,
        "associated_files": [item for item in named if item["name"] in files] or None,
    }


def _content(content: Picture | Sound | None) -> tuple[str, dict[str, Any]]:
    if isinstance(content, Picture):
        size = {"width": content.width, "height": content.height}
        space = COLOR_SPACES[content.color_order]
        return "ImageProperties", {"color_space": space, "default_size": size}
    if isinstance(content, Sound):
        return "AudioProperties", {"sample_rate": content.sample_rate_hz, "channels": 1}
    return "FeatureProperties", {}


def _units(facts: TensorFacts, files: Mapping[str, bytes]) -> list[tuple[str, dict[str, Any]]]:
    units: list[tuple[str, dict[str, Any]]] = []
    if facts.normalisation is not None:
        mean, std = facts.normalisation.mean, facts.normalisation.std
        units.append(("NormalizationOptions", {"mean": mean, "std": std}))
    calibrated = _calibration_file(facts)["name"] in files
    if facts.calibration is not None and calibrated:
        # The schema's only form is a sigmoid; scores come through it unchanged by way of their logits.
        transformation = "INVERSE_LOGISTIC" if facts.calibration.slope is None else "IDENTITY"
        words = {"score_transformation": transformation, "default_score": 0.0}
        units.append(("ScoreCalibrationOptions", words))
    if facts.threshold is not None and (facts.calibration is None or calibrated):
        units.append(("ScoreThresholdingOptions", {"global_score_threshold": facts.threshold}))
    return units


def _labels_file(facts: TensorFacts) -> dict[str, str]:
    told = "Labels, one a line, in the order of the output's numbers."
    return {"name": f"{facts.name}.labels.txt", "description": told, "type": "TENSOR_AXIS_LABELS"}


def _calibration_file(facts: TensorFacts) -> dict[str, str]:
    told = "Scale, slope, offset and smallest number of each label, one a line; empty where none counts."
    name = f"{facts.name}.score_calibration.csv"
    return {"name": name, "description": told, "type": "TENSOR_AXIS_SCORE_CALIBRATION"}


def files_of(facts: TensorFacts) -> dict[str, bytes]:
    """The files of a tensor that are packed behind the model."""
    files = {}
    if facts.labels:
        files[_labels_file(facts)["name"]] = "".join(f"{label}\n" for label in facts.labels).encode()
    if facts.calibration is not None:
        # No line feed at the end: readers take what follows for one label more.
        lines = "\n".join(_line(facts.calibration, least) for least in facts.calibration.least)
        files[_calibration_file(facts)["name"]] = lines.encode()
    return files


def _line(calibration: Calibration, least: float | None) -> str:
    slope = 1.0 if calibration.slope is None else calibration.slope
    if least is None:
        return f"1,{slope:.9g},0"
    return f"1,{slope:.9g},0,{least:.9g}" if math.isfinite(least) else ""

"""What stands in a model file, read without running it, in the same words for both formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fieldpack.modelfile.slot import Slot


class Layer(NamedTuple):
    """One operator, its name, and the stored bytes of its weights."""

    operator: str
    name: str
    weight_bytes: int


@dataclass(frozen=True, slots=True)
class EngineCover:
    """Whether an engine runs the file, and if not, what is missing."""

    engine: str
    runs: bool
    missing: tuple[str, ...] = ()
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "engine": self.engine,
            "runs": self.runs,
            "missing": list(self.missing),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that ``fieldpack explain`` prints.

    Attributes
    ----------
    file, format : str
        Name of the file, and what kind of model it is.
    size_bytes : int
        Of the file, or of all files of the package.
    needs : str
        Oldest system or runtime that runs it; ``unknown`` where the file does not show it.
    reasons : tuple of str
        Where ``needs`` comes from.
    inputs, outputs, states : tuple of Slot
        As the file declares them.
    functions : tuple of str
        Functions of a Core ML package or signatures of a TFLite file, the default one first.
    operators : dict
        How often each operator occurs, most frequent first.
    tensors : dict
        How many computed tensors have each element type.
    weights : dict
        Stored bytes of the weights by element type.
    compression : dict
        How many weights are stored in each compressed form.
    layers : tuple of Layer
        Every operator in the order of the file; the bytes add up to the weights.
    labels : tuple of str
        Class labels that the file holds.
    metadata : dict
        What its author wrote into it.
    engines : tuple of EngineCover
        What can run it here.
    details : dict
        Facts of one format only, for ``--json``.
    """

    file: str
    format: str
    size_bytes: int
    needs: str
    reasons: tuple[str, ...]
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    states: tuple[Slot, ...]
    functions: tuple[str, ...]
    operators: dict[str, int]
    tensors: dict[str, int]
    weights: dict[str, int]
    compression: dict[str, int]
    layers: tuple[Layer, ...]
    labels: tuple[str, ...]
    metadata: dict[str, str]
    engines: tuple[EngineCover, ...]
    details: dict[str, Any]

    @property
    def weight_bytes(self) -> int:
        """Stored bytes of all weights."""
        return sum(self.weights.values())

    @property
    def largest_layers(self) -> list[Layer]:
        """Layers with weights, the largest first."""
        return sorted((layer for layer in self.layers if layer.weight_bytes), key=lambda la: -la.weight_bytes)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "file": self.file,
            "format": self.format,
            "size_bytes": self.size_bytes,
            "weight_bytes": self.weight_bytes,
            "needs": self.needs,
            "reasons": list(self.reasons),
            "inputs": [slot.as_dict() for slot in self.inputs],
            "outputs": [slot.as_dict() for slot in self.outputs],
            "states": [slot.as_dict() for slot in self.states],
            "functions": list(self.functions),
            "operators": self.operators,
            "tensors": self.tensors,
            "weights": self.weights,
            "compression": self.compression,
            "layers": [layer._asdict() for layer in self.layers],
            "labels": list(self.labels),
            "metadata": self.metadata,
            "engines": [engine.as_dict() for engine in self.engines],
            **self.details,
        }


def explain(path: Path, function: str | None = None) -> Explanation:
    """Read what a ``.mlpackage``, ``.mlmodel`` or ``.tflite`` says about itself.

    Parameters
    ----------
    path : Path
        The file.
    function : str, optional
        Which function of a multi-function Core ML package; its default one otherwise.

    Raises
    ------
    ModelFileError
        The file is malformed.
    InputError
        It has no such function.
    UnsupportedError
        A kind of model that is not looked into.
    """
    if path.suffix == ".tflite":
        from fieldpack.modelfile.tflite_explanation import explain_tflite

        return explain_tflite(path, function)
    from fieldpack.modelfile.coreml_explanation import explain_coreml

    return explain_coreml(path, function)

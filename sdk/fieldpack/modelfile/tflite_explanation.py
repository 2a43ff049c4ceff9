"""``explain`` for ``.tflite`` files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fieldpack.errors import InputError, ModelFileError
from fieldpack.modelfile.explanation import EngineCover, Explanation, Layer
from fieldpack.modelfile.opened import tflite_slot
from fieldpack.modelfile.tflite_metadata import stated_in
from fieldpack.tflite.facts import Operator, TfliteModel
from fieldpack.tflite.file import open_model
from fieldpack.tflite.load_check import check_loads
from fieldpack.tflite.runner import tensor_specs
from fieldpack.tflite.runtime_table import TABLE_STATE
from fieldpack.tflite.runtime_version import RuntimeRequirement, minimum_runtime

MOST_REASON = 160
"""Characters of what LiteRT says that are kept; it says the same of every tensor."""


def explain_tflite(path: Path, function: str | None = None) -> Explanation:
    """See :func:`fieldpack.modelfile.explanation.explain`."""
    if function is not None:
        raise InputError("A TFLite file has no functions", came=function, hint="leave it out")
    model = open_model(path)
    stated = stated_in(path, model)
    needed = minimum_runtime(model)
    unknown = tuple(needed.unknown)
    return Explanation(
        file=path.name,
        format="TFLite",
        size_bytes=model.file_bytes,
        needs=_needs(needed),
        reasons=("the versions of its operators",),
        inputs=tuple(map(tflite_slot, tensor_specs(model.inputs, model.input_names))),
        outputs=tuple(map(tflite_slot, tensor_specs(model.outputs, model.output_names))),
        states=(),
        functions=tuple(signature.key for signature in model.signatures),
        operators=model.op_histogram(),
        tensors=model.activation_dtypes(),
        weights=model.weight_bytes_by_dtype(),
        compression={},
        layers=layers_of(model),
        labels=stated.labels,
        metadata=stated.words,
        engines=(_litert(path, model),),
        details={
            "operator_versions": model.op_versions(),
            "custom_operators": list(model.custom_ops),
            "unknown_operators": list(unknown),
            "minimum_runtime": needed.version,
        },
    )


def _needs(needed: RuntimeRequirement) -> str:
    """The oldest runtime; no more than a lower bound where an operator is newer than what is known."""
    newer = [pair for pair in needed.unknown if not pair.startswith("custom ")]
    if newer:
        return f"a TFLite newer than {TABLE_STATE}, for {', '.join(newer)}"
    return f"TFLite {needed.version}" if needed.version else "unknown"


def _litert(path: Path, model: TfliteModel) -> EngineCover:
    """Whether LiteRT runs the file, tried on zeros in a process that may die."""
    if model.custom_ops:
        return EngineCover("LiteRT", False, model.custom_ops)
    try:
        check_loads(path)
    except ModelFileError as error:
        return EngineCover("LiteRT", False, reason=str(error.came or error.what)[:MOST_REASON])
    return EngineCover("LiteRT", True)


def layers_of(model: TfliteModel) -> tuple[Layer, ...]:
    """Operators of the graph that runs, by the names of what they write; a shared buffer counts once.

    Where those tensors have no name, as in files that were compacted, an operator is the n-th of its kind,
    ``CONV_2D 3``: what is put in of another kind, such as a QUANTIZE at the border, renames no layer.
    """
    spent: set[int] = set()
    kinds: Counter[str] = Counter()
    layers = []
    for node in model.main.operators:
        kinds[node.name] += 1
        name = ";".join(model.main.tensors[index].name for index in node.outputs)
        named = name if name.strip(";") else f"{node.name} {kinds[node.name]}"
        layers.append(Layer(node.name, named, _weight_bytes(model, node, spent)))
    return tuple(layers)


def _weight_bytes(model: TfliteModel, node: Operator, spent: set[int]) -> int:
    constants = {
        tensor.buffer: tensor.buffer_bytes
        for tensor in (model.main.tensors[index] for index in node.inputs if index >= 0)
        if tensor.is_constant and tensor.buffer not in spent
    }
    spent |= set(constants)
    return sum(constants.values())

"""Worker target: source model in, float32 TFLite out, checked against the source.

Keras goes through ``TFLiteConverter.from_keras_model`` (never ``from_concrete_functions``, which
returns a file that answers NaN), SavedModels through ``from_saved_model``, PyTorch through
litert-torch with channel-last input.  Every later TFLite flavour is made from this one file.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from pathlib import Path
from typing import Any

from fieldpack.errors import ConversionError, UnsupportedError
from fieldpack.spec import SourceKind
from fieldpack_converters.agreement import (
    CheckInputs,
    check_inputs,
    demand_agreement,
    largest_difference,
    matched_order,
)
from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact
from fieldpack_converters.saved_model_source import signature_key
from fieldpack_converters.scaling import PREFIX, Scaling, scaling_from
from fieldpack_converters.source import (
    Report,
    called_in_batches,
    loaded_inputs,
    open_source,
    run_opened,
    silent,
)
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite

LIMIT = 1e-3


def export(
    source: dict[str, Any],
    path: str,
    scaling: dict[str, list[float]] | None = None,
    run: dict[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """Write the float32 TFLite flavour of a source model, batch 1.

    Parameters
    ----------
    path : str
        File to write.
    scaling : dict, optional
        ``{"scale": [c], "offset": [c]}``: fold ``x * scale + offset`` into the front of the
        graph, so that the file takes raw values (pixels 0..255).
    run : dict, optional
        ``{"inputs": {...}, "outputs": folder, "batch": 32}``: also run the source model, as
        ``source:run`` does, in this same process.

    Returns
    -------
    dict
        The facts of ``source:describe``, ``difference`` (largest relative difference to the
        source on the check inputs), ``inputs_tflite``, ``outputs_tflite``,
        ``channel_last_inputs`` and ``channel_last_outputs`` (places that are NCHW in the source
        and NHWC in the file), ``size_bytes`` and ``run`` (None unless asked).

    Raises
    ------
    ConversionError
        If the converter refuses the model, or the file does not compute what the source does.
    """
    report("open the source model", 0.0)
    opened = open_source(source)
    fact = opened.inputs[0]
    channels = fact.shape[1 if opened.layout == "NCHW" else -1] if len(fact.shape) > 1 else None
    factors = scaling_from(scaling, opened.layout, channels)
    report("convert to TFLite", 0.2)
    content = _converted(opened, factors, source)
    report("check the TFLite file against the source", 0.7)
    given = loaded_inputs(opened.inputs, run["inputs"]) if run else None
    content, difference = _checked(opened, content, check_inputs(opened.inputs, factors, given))
    Path(path).write_bytes(content)
    graph = TFLiteGraph(content)
    return {
        **opened.as_dict(),
        "difference": difference,
        "inputs_tflite": graph.facts(graph.inputs),
        "outputs_tflite": graph.facts(graph.outputs),
        "channel_last_inputs": channel_last(opened, opened.inputs),
        "channel_last_outputs": channel_last(opened, opened.outputs),
        "size_bytes": len(content),
        "run": run_opened(opened, run["inputs"], run["outputs"], run.get("batch", 32), report)
        if run
        else None,
    }


def _converted(opened: OpenedSource, scaling: Scaling | None, source: dict[str, Any]) -> bytes:
    try:
        if opened.kind in (SourceKind.KERAS, SourceKind.KERAS_LEGACY):
            return _from_keras(opened, scaling)
        if opened.kind is SourceKind.SAVED_MODEL:
            return _from_saved_model(opened, scaling, source["path"])
        return _from_torch(opened, scaling)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        if isinstance(error, (ConversionError, UnsupportedError)):
            raise
        raise ConversionError(
            f"The {opened.kind.value} model could not be converted to TFLite.",
            came=f"{type(error).__name__}: {str(error).strip()[:600]}",
            hint="the message names the operator that the converter does not know",
        ) from error


def _from_keras(opened: OpenedSource, scaling: Scaling | None) -> bytes:
    keras = keras_library(opened.kind)
    import tensorflow as tf

    inputs = [
        keras.Input(batch_shape=fact.fixed(), dtype=fact.dtype, name=fact.name)
        if opened.kind is SourceKind.KERAS
        else keras.Input(batch_size=1, shape=fact.fixed()[1:], dtype=fact.dtype, name=fact.name)
        for fact in opened.inputs
    ]
    fed = list(inputs)
    if scaling is not None:
        layer = keras.layers.Rescaling(list(scaling.scale), list(scaling.offset), name=PREFIX)
        fed[0] = layer(inputs[0])
    outputs = opened.model(fed if len(fed) > 1 else fed[0], training=False)
    fixed = keras.Model(inputs, outputs, name="fieldpack")
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(tf.lite.TFLiteConverter.from_keras_model(fixed).convert())


def _from_saved_model(opened: OpenedSource, scaling: Scaling | None, path: str) -> bytes:
    import tensorflow as tf

    if scaling is not None:
        raise UnsupportedError(
            "A scaling cannot be folded into a SavedModel.",
            allowed="keras, keras_legacy, torch, torch_export, onnx",
            hint="save the model as .keras, or put the scaling into the SavedModel itself",
        )
    converter = tf.lite.TFLiteConverter.from_saved_model(path, signature_keys=[signature_key(opened.model)])
    return bytes(converter.convert())


def _from_torch(opened: OpenedSource, scaling: Scaling | None) -> bytes:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import litert_torch
    import torch

    from fieldpack_converters.torch_scaling import scaled_module

    rank = len(opened.inputs[0].shape)
    module = opened.model if scaling is None else scaled_module(opened.model, scaling, rank)
    sample = [torch.zeros(fact.fixed(), dtype=getattr(torch, fact.dtype)) for fact in opened.inputs]
    last = channel_last(opened, opened.inputs)
    if last:
        module = litert_torch.to_channel_last_io(
            module, args=last, outputs=channel_last(opened, opened.outputs)
        )
        for index in last:
            sample[index] = sample[index].permute(0, 2, 3, 1).contiguous()
    if opened.kind is not SourceKind.TORCH_EXPORT or last or scaling is not None:
        module = _evaluating(module)
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(litert_torch.convert(module, tuple(sample)).model_content())


def _evaluating(module: Any) -> Any:
    for part in module.modules():
        part.training = False
    return module


def channel_last(opened: OpenedSource, facts: tuple[TensorFact, ...]) -> list[int]:
    """The inputs (or outputs) that are NCHW in the source and NHWC in the TFLite file."""
    if not opened.kind.is_torch or opened.layout != "NCHW":
        return []
    return [index for index, fact in enumerate(facts) if len(fact.shape) == 4]


def _turned(arrays: list[Array], places: list[int]) -> list[Array]:
    return [array.transpose(0, 2, 3, 1) if index in places else array for index, array in enumerate(arrays)]


def _checked(opened: OpenedSource, content: bytes, inputs: CheckInputs) -> tuple[bytes, float]:
    fed = _turned(inputs.raw, channel_last(opened, opened.inputs))
    reference = _turned(called_in_batches(opened, inputs.scaled), channel_last(opened, opened.outputs))
    graph, fed_order = _with_ordered_inputs(content, fed, reference)
    came = run_tflite(graph.content() if fed_order else content, fed)
    order = matched_order(reference, came)
    if order != tuple(range(len(order))):
        graph.main.outputs = [graph.main.outputs[place] for place in order]
        fed_order = True
        came = [came[place] for place in order]
    difference = demand_agreement(reference, came, LIMIT, "The TFLite file")
    return graph.content() if fed_order else content, difference


def _with_ordered_inputs(
    content: bytes, fed: list[Array], reference: list[Array]
) -> tuple[TFLiteGraph, bool]:
    """The graph with its inputs in the source's order (converters sort them by name)."""
    graph = TFLiteGraph(content)
    given = list(graph.main.inputs)
    if len(given) != len(fed):
        raise ConversionError(f"The TFLite file has {len(given)} inputs, the source model {len(fed)}.")
    best: tuple[float, tuple[int, ...]] | None = None
    for order in itertools.permutations(range(len(given))) if 1 < len(given) <= 4 else ():
        if any(
            graph.shape(given[place])[1:] != array.shape[1:] for place, array in zip(order, fed, strict=True)
        ):
            continue
        graph.main.inputs = [given[place] for place in order]
        came = run_tflite(graph.content(), [array[:2] for array in fed])
        matched = [came[place] for place in matched_order([item[:2] for item in reference], came)]
        score = largest_difference([item[:2] for item in reference], matched)
        best = min(best or (score, order), (score, order))
    graph.main.inputs = given if best is None else [given[place] for place in best[1]]
    return graph, best is not None and list(best[1]) != list(range(len(given)))

"""Worker target: source model in, several Core ML packages out, with one coremltools import.

PyTorch goes through a trace (NCHW stays NCHW), Keras through ``ct.convert(model,
source="tensorflow")``.  The packages are ML Programs; what became of their weights
(``coreml_weights.py``) is counted in the written package.  What a package computes is checked by the Core ML
runtime of ``fieldpack.coreml`` afterwards: coremltools cannot run a model outside macOS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.errors import ConversionError, SpecError, UnsupportedError
from fieldpack.recipe import Method
from fieldpack.spec import SourceKind
from fieldpack_converters.coreml_graph import (
    PackageCounts,
    counted,
    float32_operators,
    rename_in_nested_blocks,
    weight_bytes,
)
from fieldpack_converters.coreml_weights import WeightSettings, compressed
from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import OpenedSource
from fieldpack_converters.quiet import quiet
from fieldpack_converters.scaling import PREFIX, Scaling, scaling_from
from fieldpack_converters.source import Report, open_source, run_opened, silent

_PRECISIONS = ("float32", "float16")
_IOS = ("15", "16", "17", "18")


@dataclass(frozen=True, slots=True)
class CoreMLFlavour:
    """One package to write; `float32_operators` are expressions for a whole op type or part of a name."""

    name: str
    path: str
    precision: str
    weights: WeightSettings | None
    minimum_ios: str
    scaling: Scaling | None
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    float32_operators: tuple[str, ...]

    @property
    def has_islands(self) -> bool:
        """Whether some operators of a float16 package stay in float32."""
        return self.precision == "float16" and bool(self.float32_operators)


def export(
    source: dict[str, Any],
    flavours: list[dict[str, Any]],
    run: dict[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """Write Core ML flavours of a source model.

    Parameters
    ----------
    flavours : list of dict
        ``name``, ``path`` (.mlpackage), ``precision`` (float32 | float16), ``weights`` (the fields
        of ``WeightSettings``, or None), ``minimum_ios`` ("15".."18"), ``fold_scaling`` ({"scale", "offset"} |
        None), ``input_name`` (or ``input_names``), ``output_names``, ``float32_operators``.
    run : dict, optional
        As in ``to_tflite:export``: also run the source model in this process.

    Returns
    -------
    dict
        The facts of ``source:describe``, ``run``, and ``flavours``: per name ``path``,
        ``constexpr_ops``, ``weight_bytes_before``, ``weight_bytes``, ``operators``,
        ``float16_tensors``, ``float32_operators``.

    Raises
    ------
    SpecError
        If a flavour is wrong, or one of its float32_operators matches nothing.
    ConversionError
        If coremltools refuses the model, or the package does not hold what was asked.
    UnsupportedError
        If the kind of source has no route to Core ML.
    """
    report("open the source model", 0.0)
    opened = open_source(source)
    if opened.kind is SourceKind.SAVED_MODEL:
        raise UnsupportedError(
            "A SavedModel has no route to Core ML: its functions lose their single signature.",
            allowed="keras, keras_legacy, torch, torch_export, onnx",
            hint="keep the .keras or .h5 file of the model and name it as the source",
        )
    wanted = [_flavour(opened, words) for words in flavours]
    ran = run_opened(opened, run["inputs"], run["outputs"], run.get("batch", 32), report) if run else None
    written: dict[str, dict[str, object]] = {}
    for number, flavour in enumerate(wanted):
        report(f"convert to Core ML: {flavour.name}", 0.2 + 0.8 * number / len(wanted))
        with quiet():
            written[flavour.name] = _written(opened, flavour)
    return {**opened.as_dict(), "run": ran, "flavours": written}


def _flavour(opened: OpenedSource, words: dict[str, Any]) -> CoreMLFlavour:
    fact = opened.inputs[0]
    channels = fact.shape[1 if opened.layout == "NCHW" else -1] if len(fact.shape) > 1 else None
    names = words.get("input_names") or ([words["input_name"]] if words.get("input_name") else [])
    flavour = CoreMLFlavour(
        name=words["name"],
        path=words["path"],
        precision=words.get("precision", "float16"),
        weights=_weights(words.get("weights")),
        minimum_ios=str(words.get("minimum_ios", "16")),
        scaling=scaling_from(words.get("fold_scaling"), opened.layout, channels),
        input_names=tuple(names),
        output_names=tuple(words.get("output_names") or ()),
        float32_operators=tuple(words.get("float32_operators") or ()),
    )
    for came, allowed in (
        (flavour.precision, _PRECISIONS),
        (flavour.minimum_ios, _IOS),
    ):
        if came not in allowed:
            raise SpecError(
                f"Core ML flavour {flavour.name} is wrong.", came=came, allowed=", ".join(allowed)
            )
    for given, facts in ((flavour.input_names, opened.inputs), (flavour.output_names, opened.outputs)):
        if given and len(given) != len(facts):
            raise SpecError(
                f"Core ML flavour {flavour.name} names a wrong number of inputs or outputs.",
                came=", ".join(given),
                allowed=f"{len(facts)} names",
            )
    return flavour


def _weights(words: dict[str, Any] | None) -> WeightSettings | None:
    return WeightSettings(**{**words, "method": Method(words["method"])}) if words else None


def _written(opened: OpenedSource, flavour: CoreMLFlavour) -> dict[str, object]:
    import coremltools as ct

    try:
        model = _converted(opened, flavour)
        model = _renamed(model, opened, flavour)
        before = weight_bytes(model)
        if flavour.weights is not None:
            kept = float32_operators(model.get_spec()) if flavour.has_islands else ()
            model = compressed(model, flavour.weights, kept)
    except (
        RuntimeError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        NotImplementedError,
        IndexError,
    ) as error:
        if isinstance(error, (ConversionError, UnsupportedError, SpecError)):
            raise
        raise ConversionError(
            f"The {opened.kind.value} model could not be converted to Core ML ({flavour.name}).",
            came=f"{type(error).__name__}: {str(error).strip()[:600]}",
            hint="the message names the operator that the converter does not know",
        ) from error
    model.short_description = ""
    model.save(flavour.path)
    spec = ct.models.MLModel(flavour.path, skip_model_load=True).get_spec()
    counts, float32 = counted(spec), float32_operators(spec)
    after = weight_bytes(model)
    _demand_promises(flavour, counts, before, after)
    if flavour.has_islands and not float32:
        raise ConversionError(
            f"Core ML flavour {flavour.name} was to keep operators in float32 and holds none.",
            came=", ".join(flavour.float32_operators),
        )
    return {
        "path": flavour.path,
        "constexpr_ops": counts.constexpr,
        "weight_bytes_before": before,
        "weight_bytes": after,
        "operators": counts.operators,
        "float16_tensors": counts.float16,
        "float32_operators": len(float32),
    }


def _converted(opened: OpenedSource, flavour: CoreMLFlavour) -> Any:
    import coremltools as ct

    matched: set[str] = set()
    arguments: dict[str, Any] = {
        "convert_to": "mlprogram",
        "minimum_deployment_target": getattr(ct.target, f"iOS{flavour.minimum_ios}"),
        "compute_precision": _precision(flavour, matched),
        "skip_model_load": True,
    }
    if flavour.scaling is None:
        model = opened.model
    elif opened.kind.is_torch:
        from fieldpack_converters.torch_scaling import scaled_module

        model = scaled_module(opened.model, flavour.scaling, len(opened.inputs[0].shape))
    else:
        model = _scaled_keras(opened, flavour.scaling)
    convert = _from_torch if opened.kind.is_torch else _from_keras
    converted = convert(opened, model, arguments)
    idle = [text for text in flavour.float32_operators if text not in matched]
    if idle and flavour.precision == "float16":
        raise SpecError(
            f"float32_operators of Core ML flavour {flavour.name} match no operator.",
            came=", ".join(idle),
            allowed="operator types of the ML Program (conv, softmax, sin), or expressions over names",
        )
    return converted


def _precision(flavour: CoreMLFlavour, matched: set[str]) -> Any:
    """coremltools' precision setting; the kept operators' patterns are noted in `matched`."""
    import coremltools as ct

    if flavour.precision == "float32":
        return ct.precision.FLOAT32
    if not flavour.float32_operators:
        return ct.precision.FLOAT16

    def halved(operation: Any) -> bool:
        kept = {
            text
            for text in flavour.float32_operators
            if re.fullmatch(text, operation.op_type) or re.search(text, str(operation.name))
        }
        matched.update(kept)
        return not kept

    return ct.transform.FP16ComputePrecision(op_selector=halved)


def _from_torch(opened: OpenedSource, model: Any, arguments: dict[str, Any]) -> Any:
    import coremltools as ct
    import torch

    batch = opened.fixed_batch or 1
    samples = tuple(
        torch.zeros(fact.fixed(batch), dtype=getattr(torch, fact.dtype)) for fact in opened.inputs
    )
    with torch.no_grad():
        traced = torch.jit.trace(model, samples, check_trace=False)
    inputs = [
        ct.TensorType(name=f"input_{index}", shape=tuple(sample.shape), dtype=_numpy(fact.dtype))
        for index, (fact, sample) in enumerate(zip(opened.inputs, samples, strict=True))
    ]
    return ct.convert(traced, inputs=inputs, **arguments)


def _from_keras(opened: OpenedSource, model: Any, arguments: dict[str, Any]) -> Any:
    import coremltools as ct

    names = [str(tensor.name).split(":")[0] for tensor in model.inputs]
    inputs = [
        ct.TensorType(shape=fact.fixed()) if len(names) == 1 else ct.TensorType(name=name, shape=fact.fixed())
        for name, fact in zip(names, opened.inputs, strict=True)
    ]
    return ct.convert(model, source="tensorflow", inputs=inputs, **arguments)


def _scaled_keras(opened: OpenedSource, scaling: Scaling) -> Any:
    keras = keras_library(opened.kind)
    inputs = [keras.Input(shape=fact.fixed()[1:], dtype=fact.dtype, name=fact.name) for fact in opened.inputs]
    fed = list(inputs)
    fed[0] = keras.layers.Rescaling(list(scaling.scale), list(scaling.offset), name=PREFIX)(inputs[0])
    outputs = opened.model(fed if len(fed) > 1 else fed[0], training=False)
    return keras.Model(inputs, outputs, name="fieldpack")


def _numpy(word: str) -> Any:
    import numpy as np

    return np.int32 if np.dtype(word).kind in "iu" else np.float32


def _renamed(model: Any, opened: OpenedSource, flavour: CoreMLFlavour) -> Any:
    import coremltools as ct

    spec = model.get_spec()
    description = spec.description
    pairs = [
        *zip([item.name for item in description.input], flavour.input_names, strict=False),
        *zip([item.name for item in description.output], flavour.output_names, strict=False),
    ]
    pairs = [(old, new) for old, new in pairs if old != new]
    if not pairs:
        return model
    # Two steps, so that two names may change places.
    steps = [(old, f"fieldpack_renamed_{step}") for step, (old, _) in enumerate(pairs)]
    steps += [(f"fieldpack_renamed_{step}", new) for step, (_, new) in enumerate(pairs)]
    for old, new in steps:
        ct.utils.rename_feature(spec, old, new)
        rename_in_nested_blocks(spec, old, new)
    return ct.models.MLModel(spec, weights_dir=model.weights_dir, skip_model_load=True)


def _demand_promises(flavour: CoreMLFlavour, counts: PackageCounts, before: int, after: int) -> None:
    if flavour.weights is not None and (counts.constexpr == 0 or after >= before):
        raise ConversionError(
            f"Core ML flavour {flavour.name} has no {flavour.weights.method.value} weights.",
            came=f"{counts.constexpr} compressed weights, {before} -> {after} bytes",
            hint="choose a block_size or group_size that divides the channels of the model's weights",
        )
    if flavour.precision == "float32" and counts.float16:
        raise ConversionError(
            f"Core ML flavour {flavour.name} was to be float32 and holds float16 tensors.",
            came=counts.float16,
        )
    if flavour.precision == "float16" and not counts.float16:
        raise ConversionError(f"Core ML flavour {flavour.name} was to be float16 and holds none.")
    if not Path(flavour.path).is_dir():
        raise ConversionError(f"Core ML flavour {flavour.name} was not written.", came=flavour.path)

"""Worker target: a float16 Core ML package in, one with 8-bit weights and 8-bit activations out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.errors import ConversionError
from fieldpack.recipe import Method
from fieldpack_converters.coreml_activations import activation_ranges, with_int8_activations
from fieldpack_converters.coreml_graph import counted, float32_operators, weight_bytes
from fieldpack_converters.coreml_weights import WeightSettings, compressed
from fieldpack_converters.output_heads import head_operators
from fieldpack_converters.quiet import quiet
from fieldpack_converters.ranges import RangeChoice
from fieldpack_converters.source import Report, silent


def quantize(
    package: str,
    path: str,
    calibration: dict[str, str],
    ranges: dict[str, Any] | None = None,
    float_heads: list[str] | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """Quantise a package statically to int8 (W8A8).

    Parameters
    ----------
    package, path : str
        The float16 ``.mlpackage`` for iOS 17 or later, and where to write the new one.
    calibration : dict
        Position of the input -> ``.npy`` as the package takes it.
    ranges : dict, optional
        ``{"kind": "min_max" | "percentile" | "mse", "percentile": 99.99}``.
    float_heads : list of str, optional
        Names of outputs whose last layers stay in floats.

    Returns
    -------
    dict
        ``constexpr_ops``, ``quantize_ops``, ``operators``, ``float16_tensors``, ``float32_operators``,
        ``weight_bytes``.

    Raises
    ------
    ConversionError
        coremltools refuses, or the written package holds no 8-bit activations or weights.
    """
    import coremltools as ct

    found = activation_ranges(Path(package), calibration, RangeChoice.from_words(dict(ranges or {})), report)
    report("quantise the package", 0.9)
    with quiet():
        model = ct.models.MLModel(package, skip_model_load=True)
        try:
            kept = float32_operators(model.get_spec())
            floats = (*kept, *head_operators(model.get_spec(), float_heads or []))
            model = with_int8_activations(model, found, floats)
            model = compressed(model, WeightSettings(Method.WEIGHT_INT8), floats)
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConversionError(
                "The Core ML package could not be quantised.",
                came=f"{type(error).__name__}: {str(error).strip()[:600]}",
                hint='keep the operator in float with float32_layers, or take method = "weight_int8"',
            ) from error
        model.short_description = ""
        model.save(path)
        spec = ct.models.MLModel(path, skip_model_load=True).get_spec()
    counts, float32 = counted(spec), float32_operators(spec)
    if lost := set(kept) - set(float32):
        raise ConversionError("Operators kept in float32 did not stay so.", came=", ".join(sorted(lost)[:5]))
    if counts.quantize == 0 or counts.constexpr == 0:
        raise ConversionError(
            "The Core ML package was to have 8-bit weights and activations and has none.",
            came=f"{counts.constexpr} weights, {counts.quantize} activations",
            allowed="at least one of each",
            hint="coremltools quantises conv, linear, pooling and add; without these take weight_int8",
        )
    return {
        "constexpr_ops": counts.constexpr,
        "quantize_ops": counts.quantize,
        "operators": counts.operators,
        "float16_tensors": counts.float16,
        "float32_operators": len(float32),
        "weight_bytes": weight_bytes(model),
    }

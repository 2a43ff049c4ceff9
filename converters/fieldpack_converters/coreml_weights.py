"""Compressed weights of a Core ML model: integers with scales, or palettes.

coremltools rewrites the weights; all of it runs on Linux. K-means starts from a fixed seed, so the
same model gives the same palette.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.recipe import Method


@dataclass(frozen=True, slots=True)
class WeightSettings:
    """What is done to the weights.

    Attributes
    ----------
    method : Method
        ``weight_int8`` (one scale a channel), ``weight_int4`` (one scale a block or channel), ``palette``.
    block_size : int or None
        Weights that share a scale, along the input channels; for ``weight_int4``; a whole channel where None.
    palette_bits : int or None
        Bits of an index into the palette; for ``palette``.
    group_size : int or None
        Output channels that share a palette; one palette a weight where None.
    """

    method: Method
    block_size: int | None = None
    palette_bits: int | None = None
    group_size: int | None = None
    layers: str | None = None
    """Expression over names of operators and weights; all weights where None."""


def compressed(model: Any, settings: WeightSettings, kept: tuple[str, ...] = ()) -> Any:
    """The coremltools model with its weights stored as the settings say, but for the operators `kept`.

    A weight stays as it is where the settings do not fit it: channels that ``block_size`` or
    ``group_size`` does not divide, or fewer than four values for each entry of the palette.
    """
    import coremltools.optimize.coreml as cto

    configured = partial(_configured, model, settings.layers, kept)
    if settings.method is Method.PALETTE:
        bits = int(settings.palette_bits or 0)
        grouped = {"granularity": "per_grouped_channel", "group_size": settings.group_size}
        palette = cto.OpPalettizerConfig(
            mode="kmeans",
            nbits=bits,
            weight_threshold=4 * 2**bits,
            **(grouped if settings.group_size else {}),
        )
        return cto.palettize_weights(model, configured(palette))
    blocks: dict[str, Any] = {"dtype": "int4", "granularity": "per_channel"}
    if settings.block_size is not None:
        blocks = {"dtype": "int4", "granularity": "per_block", "block_size": settings.block_size}
    linear = cto.OpLinearQuantizerConfig(
        mode="linear_symmetric",
        weight_threshold=0,
        **(blocks if settings.method is Method.WEIGHT_INT4 else {}),
    )
    return cto.linear_quantize_weights(model, configured(linear))


def _configured(model: Any, layers: str | None, kept: tuple[str, ...], config: Any) -> Any:
    """coremltools' settings: `config` for the named layers, or for all but the operators `kept`."""
    import coremltools.optimize.coreml as cto

    if layers is None:
        return cto.OptimizationConfig(config, op_name_configs=dict.fromkeys(kept))
    named = {
        weight: [weight, *(child.name for child in found.child_ops)]
        for weight, found in cto.get_weights_metadata(model, weight_threshold=0).items()
    }
    chosen = [
        weight
        for weight, names in named.items()
        if any(re.search(layers, name) for name in names) and not set(names) & set(kept)
    ]
    if not chosen:
        raise SpecError(
            "weight_layers match no weight of the Core ML model",
            came=layers,
            allowed="names such as " + ", ".join(list(named)[:6]),
        )
    return cto.OptimizationConfig(op_name_configs=dict.fromkeys(chosen, config))

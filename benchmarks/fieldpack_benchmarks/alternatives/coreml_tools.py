"""Worker target: coremltools' default int8 weights and default 4-bit palettes of a float16 package."""

from __future__ import annotations

from typing import Any


def compress(package: str, linear: str, palette: str) -> dict[str, Any]:
    """Write both packages.

    Parameters
    ----------
    package : str
        A float16 ML Program.
    linear, palette : str
        ``.mlpackage`` folders to write: symmetric int8 weights, and tables of 16 values by k-means.
    """
    import coremltools as ct
    from coremltools.optimize import coreml as optimize

    model = ct.models.MLModel(package, skip_model_load=True)
    whole = optimize.OptimizationConfig(global_config=optimize.OpLinearQuantizerConfig())
    optimize.linear_quantize_weights(model, config=whole).save(linear)
    tables = optimize.OptimizationConfig(global_config=optimize.OpPalettizerConfig(mode="kmeans", nbits=4))
    optimize.palettize_weights(model, config=tables).save(palette)
    return {"linear": linear, "palette": palette}

"""``Resize``: another size by nearest, linear or cubic sampling, in every coordinate mode.

Where torch's own interpolation is the same it is taken, else one constant matrix an axis.

Covers versions 11, 13, 18 and 19 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.sampling import Sampling, axis_plans, resized

VERSIONS = (11, 13, 18, 19)


def run(
    x: Tensor,
    roi: tuple[float, ...] | None = None,
    scales: tuple[float, ...] | None = None,
    sizes: tuple[int, ...] | None = None,
    *,
    antialias: int = 0,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:
    rule = Sampling(
        mode=mode,
        coordinates=coordinate_transformation_mode,
        nearest=nearest_mode,
        cubic=cubic_coeff_a,
        exclude_outside=bool(exclude_outside),
        outside=extrapolation_value,
        antialias=bool(antialias),
    )
    plans = axis_plans(x, axes, scales, sizes, roi, keep_aspect_ratio_policy, rule)
    return resized(x, plans, rule)

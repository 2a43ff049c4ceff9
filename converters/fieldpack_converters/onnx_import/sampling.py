"""Resampling of one axis after the other, after the rules of ``Resize``.

Each axis is a list of source places (nearest) or a matrix [out, in] of weights (linear, cubic), computed when
the sizes are known.  Where torch's own interpolation gives the same it is taken: converters know it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes


@dataclass(frozen=True, slots=True)
class Sampling:
    """The attributes of a node, in the specification's words."""

    mode: str
    coordinates: str
    nearest: str = "round_prefer_floor"
    cubic: float = -0.75
    exclude_outside: bool = False
    outside: float = 0.0
    antialias: bool = False


@dataclass(frozen=True, slots=True)
class AxisPlan:
    """One axis: sizes before and after, and the source coordinate of every place of the result."""

    axis: int
    size: int
    wanted: int
    scale: float
    coordinates: tuple[float, ...]


def axis_plans(
    x: Tensor,
    axes: Sequence[int] | None,
    scales: Sequence[float] | None,
    wanted: Sequence[int] | None,
    roi: Sequence[float] | None,
    policy: str,
    rule: Sampling,
) -> list[AxisPlan]:
    """A plan for each axis that changes.

    Raises
    ------
    ValueError
        If neither scales nor sizes are given, or a word is unknown.
    """
    shape = sizes(x)
    places = [axis % len(shape) for axis in axes] if axes is not None else list(range(len(shape)))
    if wanted:
        targets, factors = _targets([shape[place] for place in places], wanted, policy)
    elif scales:
        factors = list(scales)
        targets = [math.floor(shape[place] * scale) for place, scale in zip(places, scales, strict=True)]
    else:
        raise ValueError("neither scales nor sizes are given")
    ends = list(roi or ()) or [0.0] * len(places) + [1.0] * len(places)
    plans = []
    for number, place in enumerate(places):
        frame = (ends[number], ends[number + len(places)])
        found = _coordinates(shape[place], targets[number], factors[number], frame, rule.coordinates)
        plan = AxisPlan(place, shape[place], targets[number], factors[number], found)
        if found != tuple(float(item) for item in range(shape[place])):
            plans.append(plan)
    return plans


def _targets(shape: list[int], wanted: Sequence[int], policy: str) -> tuple[list[int], list[float]]:
    factors = [target / size for target, size in zip(wanted, shape, strict=True)]
    if policy == "stretch":
        return [int(item) for item in wanted], factors
    if policy not in ("not_larger", "not_smaller"):
        raise ValueError(f"keep_aspect_ratio_policy {policy!r} is unknown")
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(size * factor + 0.5) for size in shape], [factor] * len(shape)


def _coordinates(
    size: int, wanted: int, scale: float, frame: tuple[float, float], mode: str
) -> tuple[float, ...]:
    places = range(wanted)
    if mode == "asymmetric":
        return tuple(place / scale for place in places)
    if mode == "align_corners":
        return tuple(place * (size - 1) / (wanted - 1) if wanted > 1 else 0.0 for place in places)
    if mode == "tf_crop_and_resize":
        start, end = frame
        if wanted == 1:
            return (0.5 * (start + end) * (size - 1),)
        return tuple((start + place * (end - start) / (wanted - 1)) * (size - 1) for place in places)
    if mode == "pytorch_half_pixel" and wanted == 1:
        return (0.0,)
    if mode not in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"):
        raise ValueError(f"coordinate_transformation_mode {mode!r} is unknown")
    shift = size / 2 * (1 - wanted / (size * scale)) if mode == "half_pixel_symmetric" else 0.0
    return tuple(shift + (place + 0.5) / scale - 0.5 for place in places)


def resized(x: Tensor, plans: list[AxisPlan], rule: Sampling) -> Tensor:
    """`x` resampled along the axes of the plans."""
    result = x
    if rule.mode == "nearest":
        whole = _repeated(x, plans, rule)
        if whole is not None:
            return whole
    elif _is_native(x, plans, rule):
        size = [_target(x, plans, axis) for axis in range(2, x.dim())]
        word = "linear" if x.dim() == 3 else "bilinear"
        return F.interpolate(x, size=size, mode=word, align_corners=rule.coordinates == "align_corners")
    for plan in plans:
        if rule.mode == "nearest":
            result = torch.index_select(result, plan.axis, torch.tensor(_nearest(plan, rule)))
        else:
            matrix = torch.tensor(_matrix(plan, rule), dtype=x.dtype)
            result = torch.matmul(result.transpose(plan.axis, -1), matrix.T).transpose(plan.axis, -1)
    if rule.coordinates == "tf_crop_and_resize":
        result = _filled_outside(result, plans, rule.outside)
    return result


def _target(x: Tensor, plans: list[AxisPlan], axis: int) -> int:
    return next((plan.wanted for plan in plans if plan.axis == axis), sizes(x)[axis])


def _is_native(x: Tensor, plans: list[AxisPlan], rule: Sampling) -> bool:
    """Whether ``F.interpolate`` computes the same linear sampling."""
    return (
        rule.mode == "linear"
        and not rule.antialias
        and not rule.exclude_outside
        and x.dim() in (3, 4)
        and x.is_floating_point()
        and all(plan.axis >= 2 for plan in plans)
        and (
            rule.coordinates == "align_corners"
            or (
                rule.coordinates in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")
                and all(
                    abs(plan.size * plan.scale - plan.wanted) < 1e-6 and plan.wanted > 1 for plan in plans
                )
            )
        )
    )


def _repeated(x: Tensor, plans: list[AxisPlan], rule: Sampling) -> Tensor | None:
    """Nearest sampling of a picture that repeats every pixel a whole number of times, by torch's own."""
    if x.dim() != 4 or not x.is_floating_point() or {plan.axis for plan in plans} != {2, 3}:
        return None
    factors = [plan.wanted / plan.size for plan in sorted(plans, key=lambda plan: plan.axis)]
    for plan in plans:
        if plan.wanted % plan.size or _nearest(plan, rule) != [
            place // (plan.wanted // plan.size) for place in range(plan.wanted)
        ]:
            return None
    return F.interpolate(x, scale_factor=factors, mode="nearest")


def _nearest(plan: AxisPlan, rule: Sampling) -> list[int]:
    rounding = {
        "round_prefer_floor": lambda value: math.ceil(value - 0.5),
        "round_prefer_ceil": lambda value: math.floor(value + 0.5),
        "floor": math.floor,
        "ceil": math.ceil,
    }
    if rule.nearest not in rounding:
        raise ValueError(f"nearest_mode {rule.nearest!r} is not one of {', '.join(rounding)}")
    return [min(max(rounding[rule.nearest](place), 0), plan.size - 1) for place in plan.coordinates]


def _matrix(plan: AxisPlan, rule: Sampling) -> list[list[float]]:
    """Weights [wanted, size]; a place outside counts for the end, unless it is excluded."""
    if rule.mode not in ("linear", "cubic"):
        raise ValueError(f"mode {rule.mode!r} is not one of nearest, linear, cubic")
    narrowing = min(plan.scale, 1.0) if rule.antialias else 1.0
    reach = math.ceil((1 if rule.mode == "linear" else 2) / narrowing)
    matrix = [[0.0] * plan.size for _ in range(plan.wanted)]
    for row, center in zip(matrix, plan.coordinates, strict=True):
        base = math.floor(center)
        near = range(base - reach + 1, base + reach + 1)
        weights = [_kernel(abs(place - center) * narrowing, rule) for place in near]
        if rule.exclude_outside:
            weights = [w if 0 <= place < plan.size else 0.0 for w, place in zip(weights, near, strict=True)]
        total = sum(weights)
        for weight, place in zip(weights, near, strict=True):
            row[min(max(place, 0), plan.size - 1)] += weight / total
    return matrix


def _kernel(distance: float, rule: Sampling) -> float:
    """The triangle, or Keys' cubic (IEEE Trans. ASSP 29, 1981) with its parameter."""
    if rule.mode == "linear":
        return max(0.0, 1.0 - distance)
    a = rule.cubic
    if distance <= 1:
        return ((a + 2) * distance - (a + 3)) * distance**2 + 1
    return (((distance - 5) * distance + 8) * distance - 4) * a if distance < 2 else 0.0


def _filled_outside(x: Tensor, plans: list[AxisPlan], value: float) -> Tensor:
    for plan in plans:
        outside = torch.tensor([not 0 <= place <= plan.size - 1 for place in plan.coordinates])
        if bool(outside.any()):
            mask = outside.reshape([-1 if axis == plan.axis else 1 for axis in range(x.dim())])
            x = torch.where(mask, torch.full_like(x, value), x)
    return x

"""Is a written file the source model?  Compared on real and on seeded random inputs.

Three public conversion routes finish without a warning and give wrong numbers, so every exporter
ends here: a NaN, or a difference larger than rounding can explain, is a ``ConversionError``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fieldpack.errors import ConversionError
from fieldpack_converters.opened_source import Array, TensorFact
from fieldpack_converters.scaling import Scaling

_SAMPLES = 4
_PERMUTED = 5


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """The same samples twice: `raw` for the written file, `scaled` for the source."""

    raw: list[Array]
    scaled: list[Array]


def check_inputs(
    facts: tuple[TensorFact, ...], scaling: Scaling | None, given: list[Array] | None
) -> CheckInputs:
    """Seeded random samples, and the first of the given ones (which are in source values)."""
    generator = np.random.default_rng(20)
    scaled = []
    for position, fact in enumerate(facts):
        drawn = _drawn(generator, fact, scaling if position == 0 else None)
        if given is not None:
            drawn = np.concatenate([np.asarray(given[position][:_SAMPLES], drawn.dtype), drawn])
        scaled.append(drawn)
    raw = list(scaled)
    if scaling is not None:
        raw[0] = scaling.undone(scaled[0])
    return CheckInputs(raw, scaled)


def _drawn(generator: np.random.Generator, fact: TensorFact, scaling: Scaling | None) -> Array:
    shape = fact.fixed(_SAMPLES)
    if np.dtype(fact.dtype).kind in "iub":
        return generator.integers(0, 2, shape).astype(fact.dtype)
    if scaling is not None:
        return scaling.applied(generator.integers(0, 256, shape).astype(np.float32))
    half = shape[0] // 2
    values = generator.standard_normal(shape)
    values[:half] = np.abs(values[:half])
    return np.asarray(values, fact.dtype)


def largest_difference(reference: list[Array], came: list[Array]) -> float:
    """Largest |difference| over the outputs, relative to the reference's largest |value|.

    Places where the reference itself is not finite are left out; a value that is not finite
    where the reference is gives infinity.
    """
    worst = 0.0
    for expected, value in zip(reference, came, strict=True):
        if expected.shape[0] != value.shape[0] or expected.size != value.size:
            return float("inf")
        flat = expected.astype(np.float64).ravel()
        other = value.astype(np.float64).ravel()
        known = np.isfinite(flat)
        if not np.all(np.isfinite(other[known])):
            return float("inf")
        size = float(np.max(np.abs(flat[known]), initial=0.0))
        gap = float(np.max(np.abs(flat[known] - other[known]), initial=0.0))
        worst = max(worst, gap / size if size > 0 else gap)
    return worst


def matched_order(reference: list[Array], came: list[Array]) -> tuple[int, ...]:
    """For every reference output the position in `came` that agrees best.

    Converters reorder the outputs of a model with several; the order is settled by value.
    """
    count = len(reference)
    if count == 1 or count > _PERMUTED or len(came) != count:
        return tuple(range(len(came)))
    return min(
        itertools.permutations(range(count)),
        key=lambda order: (largest_difference(reference, [came[place] for place in order]), order),
    )


def demand_agreement(reference: list[Array], came: list[Array], limit: float, what: str) -> float:
    """The largest relative difference, when it is within `limit`.

    Raises
    ------
    ConversionError
        If the number of outputs differs, a value is not finite, or the difference is larger.
    """
    if len(reference) != len(came):
        raise ConversionError(f"{what} has {len(came)} outputs, the source model {len(reference)}.")
    if not any(np.any(np.isfinite(values)) for values in reference):
        raise ConversionError(
            "The source model gives no finite value on the check inputs.",
            hint="hand over real inputs, so that the conversion can be checked on them",
        )
    difference = largest_difference(reference, came)
    if not difference <= limit:
        raise ConversionError(
            f"{what} does not compute what the source model computes.",
            came=f"largest relative difference {difference:.3g} (not a number counts as infinity)",
            allowed=f"at most {limit:.3g}",
            hint="the conversion is silently wrong; report the operators of this model",
        )
    return difference

"""Estimates of a build: intervals refitted on each flavour's own answers, and errors against the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fieldpack.build.conversion import Conversion, Made
from fieldpack.build.examples import Examples, save_source_tensors
from fieldpack.build.measurement import Measured, Outputs, run_flavour, source_outputs
from fieldpack.contract import Contract
from fieldpack.errors import SpecError
from fieldpack.estimates.conformal import fit_interval
from fieldpack.estimates.fit import IntervalFit
from fieldpack.estimates.intervals import as_stated, interval_ends
from fieldpack.parity.estimates import Estimates, Range, compare_estimates
from fieldpack.runtime.flavour import EVIDENCE, PRECISIONS
from fieldpack.spec import Spec

NAME = "estimates"
Progress = Callable[[str, str, float], None]
Fits = tuple[IntervalFit, ...]


def check_truth(spec: Spec, calibration: Examples | None) -> None:
    """Refuse a refit that has nothing to be fitted on.

    Raises
    ------
    SpecError
        There is no calibration data, or it has no truth of the interval's quantity.
    """
    for interval in spec.contract.intervals:
        if interval.refit == "none":
            continue
        if calibration is None or interval.quantity not in calibration.prepared.targets:
            raise SpecError(
                f"interval {interval.name} is refitted, and [data.calibration] has no truth of it",
                came="no such data" if calibration is None else "no truth",
                allowed=f"true values of {interval.quantity}: targets of arrays, truth of scenes, or a "
                "provider's mapping",
                hint='or give the interval refit = "none"',
            )


def add_estimates(
    spec: Spec,
    made: Sequence[Made],
    measured: Measured,
    evaluation: Examples,
    calibration: Examples | None,
    folder: Path,
    progress: Progress,
) -> None:
    """Fit the intervals of every flavour, and hold all estimates against the truth where it is known.

    Parameters
    ----------
    spec : Spec
        Its contract has the estimates and the intervals.
    made : sequence of Made
        The flavours.
    measured : Measured
        Their outputs. ``fits`` is filled, and ``estimates`` of each flavour added to the evidence.
    evaluation, calibration : Examples
        With the truth.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    """
    contract = spec.contract
    fits, own = _fits(spec, made, calibration, folder, progress)
    measured.fits.update(own)
    truth = evaluation.prepared.targets
    for item in made:
        runs: dict[str, Any] = {}
        for precision, outputs in measured.flavours[item.name].items():
            runs[precision] = {
                quantity: compare_estimates(
                    _estimates(contract, quantity, measured.source, fits),
                    _estimates(contract, quantity, outputs, own[item.name]),
                    truth[quantity],
                    bins=_bins(contract, quantity),
                    blocks=evaluation.prepared.blocks,
                    evidence=EVIDENCE[item.kind],
                ).as_dict()
                for quantity in contract.quantities
                if quantity in truth
            }
        if truth:
            measured.evidence["flavours"][item.name][NAME] = runs


def _fits(
    spec: Spec, made: Sequence[Made], calibration: Examples | None, folder: Path, progress: Progress
) -> tuple[Fits, dict[str, Fits]]:
    """Fits of the source model, and of each flavour on its own answers."""
    refits = any(interval.refit == "conformal" for interval in spec.contract.intervals)
    if calibration is None or not refits:
        stated = tuple(as_stated(interval) for interval in spec.contract.intervals)
        return stated, {item.name: stated for item in made}
    place = folder / "calibration-answers"
    place.mkdir(parents=True, exist_ok=True)
    tensors = save_source_tensors(spec.contract, calibration, place / "tensors")
    facts = Conversion(spec, place, calibration, None, tensors, progress).answers_of_source()
    own = {}
    for item in made:
        answers = run_flavour(item, PRECISIONS[item.kind][0], calibration, place, progress)
        own[item.name] = _fitted(spec.contract, answers, calibration)
    return _fitted(spec.contract, source_outputs(spec.contract, facts), calibration), own


def _fitted(contract: Contract, answers: Outputs, calibration: Examples) -> Fits:
    truth = calibration.prepared.targets
    return tuple(
        fit_interval(contract, interval, _of(contract, interval.quantity, answers), truth[interval.quantity])
        if interval.refit == "conformal"
        else as_stated(interval)
        for interval in contract.intervals
    )


def _estimates(contract: Contract, quantity: str, outputs: Outputs, fits: Fits) -> Estimates:
    point = contract.point(quantity)
    values = _of(contract, quantity, outputs)
    ranges = [
        Range(interval.coverage, *interval_ends(contract, interval, fit, values))
        for interval, fit in zip(contract.intervals, fits, strict=True)
        if interval.quantity == quantity
    ]
    return Estimates(None if point is None else outputs[point.name], ranges)


def _of(contract: Contract, quantity: str, outputs: Outputs) -> Outputs:
    """The outputs that speak of a quantity; others may have other shapes."""
    return {
        item.name: outputs[item.name]
        for item in contract.outputs
        if item.estimate is not None and item.estimate.quantity == quantity
    }


def _bins(contract: Contract, quantity: str) -> tuple[float, ...]:
    """The bins that the contract names for a quantity, which serve for the bias too."""
    return next((item.bins for item in contract.intervals if item.quantity == quantity and item.bins), ())

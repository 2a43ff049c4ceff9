"""The contract itself: inputs and outputs under unique names."""

from __future__ import annotations

from pydantic import Field, model_validator

from fieldpack.contract.estimates import Mean, PredictionInterval, Quantile, QuantileEnds, Spread
from fieldpack.contract.inputs import Input
from fieldpack.contract.outputs import Output
from fieldpack.model import Strict


class Contract(Strict):
    """What goes into a model and what comes out.

    Inputs and outputs stand in the order of the source model's.
    """

    inputs: tuple[Input, ...] = Field(min_length=1, description="one table a model input")
    outputs: tuple[Output, ...] = Field(min_length=1, description="one table a model output")
    intervals: tuple[PredictionInterval, ...] = Field(
        default=(), description="prediction intervals that outputs with an estimate make"
    )

    @model_validator(mode="after")
    def _unique(self) -> Contract:
        parts = (*self.inputs, *self.outputs, *self.intervals)
        names = [item.name for item in parts]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(
                f"names must be unique over inputs, outputs and intervals; used twice: {', '.join(double)}"
            )
        return self

    @model_validator(mode="after")
    def _estimates_agree(self) -> Contract:
        for quantity in self.quantities:
            same = [item.estimate for item in self.outputs if _quantity(item) == quantity]
            if sum(isinstance(estimate, Mean) for estimate in same) > 1:
                raise ValueError(f"{quantity} has two means")
            units = {_unit(item) for item in self.outputs if _quantity(item) == quantity}
            if len(units - {None}) > 1:
                raise ValueError(f"the mean and quantiles of {quantity} have different units")
        for interval in self.intervals:
            self._check_interval(interval)
        return self

    def _check_interval(self, interval: PredictionInterval) -> None:
        """The ends are estimates of the interval's quantity, of the kind that they are taken for."""
        found = {item.name: item.estimate for item in self.outputs if _quantity(item) == interval.quantity}
        ends = interval.ends
        wanted: list[tuple[str, type[Mean | Quantile | Spread]]] = (
            [(ends.lower, Quantile), (ends.upper, Quantile)]
            if isinstance(ends, QuantileEnds)
            else [(ends.mean, Mean), (ends.spread, Spread)]
        )
        for name, kind in wanted:
            if not isinstance(found.get(name), kind):
                raise ValueError(
                    f"interval {interval.name} needs {name}, an output whose estimate is a "
                    f"{kind.__name__.lower()} of {interval.quantity}"
                )
        levels = [estimate.level for name, _ in wanted if isinstance(estimate := found[name], Quantile)]
        if levels and not levels[0] < levels[1]:
            raise ValueError(f"interval {interval.name}: the level of lower must be below that of upper")
        if interval.bins and self.point(interval.quantity) is None:
            raise ValueError(f"bins of interval {interval.name} need a mean or a median of its quantity")

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is estimated, in the order of the outputs."""
        return tuple(dict.fromkeys(name for item in self.outputs if (name := _quantity(item)) is not None))

    def point(self, quantity: str) -> Output | None:
        """The output that answers with one number: the mean, else the median; None where there is neither."""
        own = [item for item in self.outputs if _quantity(item) == quantity]
        means = [item for item in own if isinstance(item.estimate, Mean)]
        medians = [item for item in own if isinstance(item.estimate, Quantile) and item.estimate.level == 0.5]
        return next(iter([*means, *medians]), None)


def _quantity(output: Output) -> str | None:
    return None if output.estimate is None else output.estimate.quantity


def _unit(output: Output) -> str | None:
    """The unit of a value; a spread may be in other words (a variance)."""
    return None if isinstance(output.estimate, Spread) else output.unit

"""What a number of a regression says of a quantity, and the intervals that are promised for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.contract.axes import Name
from fieldpack.model import Strict

Quantity = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$",
        description="what is estimated; the data give its truth under this name",
        examples=["canopy_height"],
    ),
]


class Mean(Strict):
    """The expected value."""

    kind: Literal["mean"]
    quantity: Quantity


class Quantile(Strict):
    """The value below which the truth lies with probability `level`."""

    kind: Literal["quantile"]
    quantity: Quantity
    level: float = Field(gt=0, lt=1, description="probability", examples=[0.05])


class Spread(Strict):
    """How far the truth lies from the mean."""

    kind: Literal["spread"]
    quantity: Quantity
    form: Literal["std", "variance", "log_variance"] = Field(
        description="what the number is; logarithms are natural", examples=["log_variance"]
    )


Estimate = Annotated[Mean | Quantile | Spread, Field(discriminator="kind")]


class QuantileEnds(Strict):
    """The interval between two quantiles; refitted by conformalised quantile regression.

    Each end is moved outwards by an offset (Romano, Patterson and Candes, NeurIPS 2019).
    """

    kind: Literal["quantiles"]
    lower: Name
    upper: Name


class ScaledSpread(Strict):
    """The mean less and plus a multiple of the standard deviation; the multiple is what is refitted."""

    kind: Literal["mean_spread"]
    mean: Name
    spread: Name


class PredictionInterval(Strict):
    """One prediction interval: which outputs make it, and how it keeps its promise after compression.

    The refit takes ``[data.calibration]``, each flavour's own answers on it, and the truth there. With `bins`
    it is done for each bin of the answer apart (Mondrian), since the truth is not known where it is applied.
    """

    name: Name
    quantity: Quantity
    coverage: float = Field(
        gt=0, lt=1, description="share of truths that lie inside, as promised", examples=[0.9]
    )
    ends: Annotated[QuantileEnds | ScaledSpread, Field(discriminator="kind")] = Field(
        description="outputs that it is made of",
        examples=[{"kind": "quantiles", "lower": "q05", "upper": "q95"}],
    )
    refit: Literal["conformal", "none"] = Field(
        description="conformal: fitted on each flavour's own answers on the calibration data; none: as the "
        "model says",
        examples=["conformal"],
    )
    bins: tuple[float, ...] = Field(
        default=(),
        description="inner ends of bins of the answer, in its unit, that are refitted apart",
        examples=[[5.0, 15.0, 30.0]],
    )

    @model_validator(mode="after")
    def _rising(self) -> PredictionInterval:
        if any(not first < second for first, second in zip(self.bins, self.bins[1:], strict=False)):
            raise ValueError("bins must rise")
        if self.bins and self.refit == "none":
            raise ValueError('bins go with refit = "conformal"')
        return self

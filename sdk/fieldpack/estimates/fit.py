"""What a refit leaves in the bundle: a few numbers for each interval of a flavour."""

from __future__ import annotations

from pydantic import Field, model_validator

from fieldpack.model import Strict


class IntervalFit(Strict):
    """The numbers of one interval, one for each bin of the answer, the lowest first.

    Between quantiles the ends move outwards by them (inwards where negative), in the unit of the quantity;
    around a mean the standard deviation is multiplied with them.
    """

    interval: str = Field(description="name of the contract's interval")
    numbers: tuple[float, ...] = Field(min_length=1, description="offsets or multiples, one a bin")
    counts: tuple[int, ...] = Field(description="calibration values in each bin; 0 where nothing was fitted")

    @model_validator(mode="after")
    def _of_one_length(self) -> IntervalFit:
        if len(self.counts) != len(self.numbers):
            raise ValueError("numbers and counts need one entry a bin")
        return self

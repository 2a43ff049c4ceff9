"""What a map holds: the answers of the outputs, with intervals in place of the outputs that make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import Contract, PredictionInterval, QuantileEnds
from fieldpack.estimates.fit import IntervalFit
from fieldpack.estimates.intervals import interval_ends
from fieldpack.scenes.writing import MapBand


@dataclass(frozen=True, slots=True)
class MapContent:
    """The bands of a map, made from the outputs.

    Attributes
    ----------
    contract : Contract
        What the outputs are.
    fits : tuple of IntervalFit
        Of the flavour, one an interval.
    """

    contract: Contract
    fits: tuple[IntervalFit, ...]

    @property
    def bands(self) -> tuple[MapBand, ...]:
        """Outputs that are no end of an interval, then lower and upper end of each interval."""
        units = {item.name: item.unit or "" for item in self.contract.outputs}
        plain = [MapBand(name, units[name]) for name in self._plain]
        ends = [
            MapBand(f"{interval.name}_{end}", units[_unit_of(interval)])
            for interval in self.contract.intervals
            for end in ("low", "high")
        ]
        return (*plain, *ends)

    def made(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bands [bands, ...] from outputs [outputs, ...]; NaN stays NaN."""
        outputs = {item.name: values[place] for place, item in enumerate(self.contract.outputs)}
        layers = [outputs[name] for name in self._plain]
        for interval, fit in zip(self.contract.intervals, self.fits, strict=True):
            layers += interval_ends(self.contract, interval, fit, outputs)
        return np.stack(layers)

    @property
    def _plain(self) -> Sequence[str]:
        ends = {
            name
            for interval in self.contract.intervals
            if isinstance(interval.ends, QuantileEnds)
            for name in (interval.ends.lower, interval.ends.upper)
        }
        return [item.name for item in self.contract.outputs if item.name not in ends]


def _unit_of(interval: PredictionInterval) -> str:
    return interval.ends.lower if isinstance(interval.ends, QuantileEnds) else interval.ends.mean

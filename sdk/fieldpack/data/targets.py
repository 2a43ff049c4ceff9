"""True values of the quantities that a regression estimates, example by example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.data.example import Example
from fieldpack.data.store import RowStore
from fieldpack.errors import InputError


class TargetStore:
    """Collects the truth of each quantity; all examples of a data set have it, or none.

    Parameters
    ----------
    quantities : sequence of str
        Of the contract; others in the data are refused.
    """

    def __init__(self, quantities: Sequence[str]) -> None:
        self._quantities = tuple(quantities)
        self._stores: dict[str, RowStore] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._seen = False

    def append(self, example: Example, items: int) -> None:
        """Add the truth of an example that gave so many items.

        Raises
        ------
        InputError
            A quantity is unknown or missing, its values are no real numbers or infinite, or their shape is
            another than before.
        """
        if not self._seen:
            self._begin(example)
        if set(example.targets) != set(self._stores):
            raise InputError(
                f"example {example.id} has the truth of other quantities than the first one",
                came=", ".join(sorted(example.targets)) or "none",
                allowed=", ".join(sorted(self._stores)) or "none",
                hint="where the truth is not known, give NaN",
            )
        for name, values in example.targets.items():
            row = self._row(example, name, values)
            self._stores[name].append(np.broadcast_to(row, (items, *row.shape)))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Quantity -> float32 [N, ...]."""
        return {name: store.array() for name, store in self._stores.items()}

    def _begin(self, example: Example) -> None:
        self._seen = True
        strangers = sorted(set(example.targets) - set(self._quantities))
        if strangers:
            raise InputError(
                f"example {example.id} has the truth of a quantity that no output estimates",
                came=", ".join(strangers),
                allowed=", ".join(self._quantities) or "none: no output of the contract has an estimate",
            )
        for name, values in example.targets.items():
            self._shapes[name] = np.shape(values)
            self._stores[name] = RowStore(self._shapes[name], np.dtype(np.float32))

    def _row(self, example: Example, name: str, values: Any) -> NDArray[np.float32]:
        array = np.asarray(values)
        if array.dtype.kind not in "fiu" or array.shape != self._shapes[name]:
            raise InputError(
                f"the truth of {name} in example {example.id} has another form than in the first one",
                came=f"{array.dtype} {list(array.shape)}",
                allowed=f"real numbers {list(self._shapes[name])}",
            )
        row = array.astype(np.float32)
        if np.isinf(row).any():
            raise InputError(
                f"the truth of {name} in example {example.id} is infinite", allowed="numbers, or NaN"
            )
        return row

"""The scores of a recording's windows, joined into one by the rule of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldpack.contract.resampling import LogMeanExp, Pooling
from fieldpack.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pooled(scores: NDArray[Any], groups: NDArray[Any], pooling: Pooling) -> NDArray[Any]:
    """Scores of the windows of one example joined into one.

    Parameters
    ----------
    scores : ndarray [N, ...]
        One row a window.
    groups : ndarray [N]
        0..G-1 in rising order, the example that a window came from.
    pooling : Pooling
        Of the contract.

    Returns
    -------
    ndarray [G, ...]
        In the number format of `scores`.
    """
    import numpy as np

    starts = np.searchsorted(groups, np.arange(int(groups[-1]) + 1))
    if pooling == "max":
        return np.maximum.reduceat(scores, starts, axis=0)
    if isinstance(pooling, LogMeanExp):
        return _log_mean_exp(scores, groups, starts, pooling.sharpness)
    return _means(scores.astype(np.float64), starts).astype(scores.dtype)


def _log_mean_exp(
    scores: NDArray[Any], groups: NDArray[Any], starts: NDArray[Any], sharpness: float
) -> NDArray[Any]:
    import numpy as np

    largest = np.maximum.reduceat(scores, starts, axis=0).astype(np.float64)
    means = _means(np.exp(sharpness * (scores - largest[groups])), starts)
    joined: NDArray[Any] = (largest + np.log(means) / sharpness).astype(scores.dtype)
    return joined


def _means(values: NDArray[Any], starts: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    counts = np.diff([*starts, len(values)]).reshape(-1, *([1] * (values.ndim - 1)))
    means: NDArray[Any] = np.add.reduceat(values, starts, axis=0) / counts
    return means


def pooling_words(pooling: Pooling) -> str:
    """How the rule is called in a sentence."""
    if isinstance(pooling, LogMeanExp):
        return f"log-mean-exp of sharpness {pooling.sharpness:g}"
    return {"mean": "mean", "max": "maximum"}[pooling]


class RunningPool:
    """The same rule over windows that come one by one, in memory for one.

    Parameters
    ----------
    pooling : Pooling
        Of the contract.
    """

    def __init__(self, pooling: Pooling) -> None:
        self._pooling = pooling
        self._total: NDArray[Any] | None = None
        self.count = 0

    def add(self, scores: NDArray[Any]) -> None:
        """Take one window, [...]."""
        import numpy as np

        value = scores.astype(np.float64)
        if isinstance(self._pooling, LogMeanExp):
            value = self._pooling.sharpness * value
        self.count += 1
        if self._total is None:
            self._total = value
        elif isinstance(self._pooling, LogMeanExp):
            self._total = np.logaddexp(self._total, value)
        else:
            self._total = np.maximum(self._total, value) if self._pooling == "max" else self._total + value

    def result(self) -> NDArray[Any]:
        """The windows so far as one, float64 [...].

        Raises
        ------
        InputError
            There was no window.
        """
        import numpy as np

        if self._total is None:
            raise InputError("there is no window whose scores could be joined")
        if isinstance(self._pooling, LogMeanExp):
            return np.asarray((self._total - np.log(self.count)) / self._pooling.sharpness)
        return self._total if self._pooling == "max" else self._total / self.count

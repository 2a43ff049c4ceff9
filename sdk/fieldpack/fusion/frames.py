"""Smoothing over the last results of a camera, as the plugin's JavaScript does it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from fieldpack.errors import InputError
from fieldpack.fusion.answer import Prediction
from fieldpack.fusion.phones import major

STORED = 5
PENALTY = 0.5


class StoredResults:
    """The last results of a camera; the one whose last taxon scores best is told.

    Going back from the newest, the result of each step is held with ``1 - 0.5 / (n - 1)`` of its score a step
    against the best so far, and wins when it is higher; the best is then remembered with its whole score, so
    an older one must beat that.

    Parameters
    ----------
    stored : int
        How many results are kept; 0 is read as 5.

    Raises
    ------
    InputError
        A negative number.
    """

    def __init__(self, stored: int = STORED) -> None:
        if stored < 0:
            raise InputError("the number of stored results is negative", came=stored, allowed="0 or more")
        self.limit = stored or STORED
        self._results: deque[tuple[Prediction, ...]] = deque(maxlen=self.limit)

    def add(self, branch: Sequence[Prediction], confidence_percent: float = 0.0) -> list[Prediction]:
        """Store a frame's best branch (scores 0 to 1, Life first) and return what the app is told.

        Ranks of whole tens of the winning result with a score above the confidence; scores 0 to 100.
        """
        self._results.append(tuple(branch))
        winner, best = tuple(branch), _last_score(branch)
        for age, result in enumerate(reversed(self._results)):
            if _last_score(result) * self._weight(age) > best:
                winner, best = result, _last_score(result)
        return [item for item in major(winner) if item.score > confidence_percent]

    def _weight(self, age: int) -> float:
        """Of a result so many steps old; with one stored result there is only the newest."""
        return 1.0 if age == 0 else 1.0 - PENALTY / (self.limit - 1) * age


def _last_score(result: Sequence[Prediction]) -> float:
    return result[-1].score if result else 0.0

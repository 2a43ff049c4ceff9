"""Detections: which label was heard from when to when, put together from windows as they come.

A label is present in a window whose score reaches the threshold; where neither contract nor caller has one,
the best label of the window is. Windows that follow each other without a gap and hold the same label
become one detection, whose score is pooled by the rule of the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fieldpack.contract import Output, Pooling
from fieldpack.recordings.pooling import RunningPool

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detection:
    """One label over one stretch of a recording.

    Attributes
    ----------
    start_s, end_s : float
        Seconds from the beginning of the recording.
    label : str
        As the label file has it.
    score : float
        0..1, pooled over its windows.
    name : str
        What to show: the common name where there is one.
    scientific : str or None
        Scientific name, where the label format has one.
    output : str
        Output of the contract.
    windows : int
        How many windows it was put together from.
    """

    start_s: float
    end_s: float
    label: str
    score: float
    name: str
    scientific: str | None
    output: str
    windows: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "label": self.label,
            "score": round(self.score, 6),
            "name": self.name,
            "scientific": self.scientific,
            "output": self.output,
            "windows": self.windows,
        }


@dataclass(slots=True)
class _Run:
    """Windows of one label that follow each other."""

    start_s: float
    end_s: float
    pool: RunningPool


@dataclass(slots=True)
class Detector:
    """Puts the windows of one output together.

    Parameters
    ----------
    output : Output
        Of the contract.
    labels, names : sequence
        Labels in output order, and (scientific name or None, name to show) of each.
    pooling : Pooling
        How the scores of a detection's windows are joined.
    threshold : float or None
        Score from which a label is present; None takes the best label of each window.
    merge : bool
        Whether windows are put together; else each is a detection of its own.
    """

    output: Output
    labels: Sequence[str]
    names: Sequence[tuple[str | None, str]]
    pooling: Pooling
    threshold: float | None
    merge: bool = True
    _runs: dict[int, _Run] = field(default_factory=dict)

    def push(self, start_s: float, end_s: float, scores: NDArray[Any]) -> list[Detection]:
        """Take one window with scores [labels]; the detections that ended before it."""
        present = self._present(scores)
        done = [
            index
            for index, run in self._runs.items()
            if index not in present or start_s > run.end_s or not self.merge
        ]
        ended = [self._detection(index) for index in done]
        for index in present:
            run = self._runs.setdefault(index, _Run(start_s, end_s, RunningPool(self.pooling)))
            run.end_s = end_s
            run.pool.add(scores[index])
        return ended

    def finish(self) -> list[Detection]:
        """The detections that last to the end."""
        return [self._detection(index) for index in list(self._runs)]

    def _present(self, scores: NDArray[Any]) -> list[int]:
        import numpy as np

        if self.threshold is None:
            return [int(scores.argmax())]
        return [int(index) for index in np.flatnonzero(scores >= self.threshold)]

    def _detection(self, index: int) -> Detection:
        run = self._runs.pop(index)
        scientific, name = self.names[index]
        return Detection(
            run.start_s,
            run.end_s,
            self.labels[index],
            float(run.pool.result()),
            name,
            scientific,
            self.output.name,
            run.pool.count,
        )

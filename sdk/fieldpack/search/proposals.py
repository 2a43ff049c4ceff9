"""Chooses the open numbers of a stage, in batches whose size does not depend on the workers."""

from __future__ import annotations

from typing import Any

from fieldpack.errors import MissingDependencyError
from fieldpack.search.settings import Stage

BATCH = 2
"""Trials that are asked for together: more learn less from each other, fewer leave workers idle."""


class Proposals:
    """Optuna's tree-structured Parzen estimator with a seed; told results in the order of asking.

    A search that begins anew asks the same questions and is told the same stored answers, so that it
    arrives where it was: nothing of the sampler itself is stored.

    Raises
    ------
    MissingDependencyError
        The stage has open numbers and optuna is not installed.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.left = stage.tries
        self._asked: list[Any] = []
        self._study: Any = None
        if stage.choices:
            self._study = _study(seed)

    def ask(self, most: int) -> list[dict[str, float]]:
        """The numbers of the next trials; none where the stage is through."""
        count = min(BATCH, self.left, most)
        self.left -= count
        if self._study is None:
            return [{} for _ in range(count)]
        self._asked = [self._study.ask() for _ in range(count)]
        return [self._numbers(trial) for trial in self._asked]

    def tell(self, scores: list[float | None]) -> None:
        """What came of the trials that were asked for last: smaller is better, None failed."""
        if self._study is None:
            return
        import optuna

        for trial, score in zip(self._asked, scores, strict=True):
            if score is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, score)

    def _numbers(self, trial: Any) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for place, choice in sorted(self.stage.choices.items()):
            if choice.whole:
                numbers[place] = trial.suggest_int(place, int(choice.low), int(choice.high), log=choice.log)
            else:
                numbers[place] = float(
                    f"{trial.suggest_float(place, choice.low, choice.high, log=choice.log):.4g}"
                )
        return numbers


def _study(seed: int) -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingDependencyError(
            "A stage with open numbers needs optuna", hint='pip install "fieldpack[compress]"'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=4))

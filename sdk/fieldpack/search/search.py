"""The search: cheapest stages first, until one keeps the budget or all are tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.passes import AnyPass
from fieldpack.search.bases import with_bases
from fieldpack.search.estimated import Estimator, estimator_of
from fieldpack.search.executor import Executor
from fieldpack.search.outcome import Judged, binding_limits, needed_limits
from fieldpack.search.pareto import front
from fieldpack.search.proposals import Proposals
from fieldpack.search.settings import Search, Stage
from fieldpack.search.stages import TFLITE_STAGES
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status, Trial, make_trial
from fieldpack.spec import SourceKind, Spec, TfliteFlavour
from fieldpack.verdict import Outcome

Told = Callable[[Judged], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes
    ----------
    judged : list of Judged
        Every trial, in the order of asking.
    best : Judged or None
        The smallest that keeps the budget; else the smallest that is inconclusive; else None. Where that is
        asked for the fastest by estimate; what a table calls too slow comes last.
    front : list of Judged
        Finished trials that no other beats in size and loss, and in the latency that a table tells.
    ended : str
        ``first``, ``all stages``, ``trials`` or ``wall clock``.
    damaged : list of str
        Files of the store that could not be read and whose trials were run again.
    skipped : dict
        Stage -> what it needs and the spec lacks.
    estimator : Estimator or None
        What told the latencies.
    """

    judged: list[Judged]
    best: Judged | None
    front: list[Judged]
    ended: str
    damaged: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    estimator: Estimator | None = None

    @property
    def outcome(self) -> Outcome:
        """That of the best; ``fail`` where nothing keeps the budget.

        ``not_run`` where only a run on its target settles a limit on latency, or where trials were left
        unmeasured because of an estimate: that decides nothing.
        """
        if self.best is not None:
            return self.best.outcome
        return Outcome.NOT_RUN if self.unmeasured else Outcome.FAIL

    @property
    def unmeasured(self) -> list[Judged]:
        """Trials that were made and not measured, since their estimate was hopeless."""
        return [item for item in self.judged if item.result.status is Status.UNMEASURED]

    @property
    def nearest(self) -> Judged | None:
        """The finished trial that is least beyond the limits."""
        finished = [item for item in self.judged if item.result.status is Status.DONE]
        return min(finished, key=lambda item: (item.excess, item.trial.number), default=None)

    @property
    def binding(self) -> list[str]:
        """The limits that stand in the way; none where the budget is kept."""
        return [] if self.outcome is Outcome.PASS else binding_limits(self.judged)

    @property
    def together(self) -> bool:
        """Whether some trial keeps each of the binding limits, and none all of them."""
        kept = {
            verdict.name
            for item in self.judged
            for verdict in item.verdicts
            if verdict.outcome is Outcome.PASS
        }
        return bool(self.binding) and kept.issuperset(self.binding)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the same whatever ran where, and whatever was stored before."""
        return {
            "outcome": self.outcome.value,
            "best": None if self.best is None else self.best.trial.number,
            "front": [item.trial.number for item in self.front],
            "binding": self.binding,
            "nearest": None if self.nearest is None else self.nearest.trial.number,
            "needed": {} if self.nearest is None else needed_limits(self.nearest),
            "ended": self.ended,
            "skipped": self.skipped,
            **({} if self.estimator is None else {"estimates": self.estimator.as_dict()}),
            "trials": [item.as_dict() for item in self.judged],
        }


def lacking(stage: Stage, spec: Spec) -> str:
    """What the stage needs and the spec lacks; empty where it lacks nothing."""
    kind = spec.source.kind
    there = {
        "calibration": spec.data.calibration is not None,
        "training": spec.data.training is not None,
        "open": kind not in (SourceKind.SAVED_MODEL, SourceKind.TFLITE),
        "download_bytes": spec.search is not None
        and "download_bytes" in spec.budget.limits_of(spec.search.flavour),
    }
    words = {
        "calibration": "[data.calibration]",
        "training": "[data.training]",
        "open": "a Keras, PyTorch or ONNX source",
        "download_bytes": "a limit on download_bytes",
    }
    return ", ".join(words[need] for need in stage.needs if not there[need])


def passes_of(spec: Spec) -> tuple[AnyPass, ...]:
    """Every pass that the spec or a stage of its search may run.

    Raises
    ------
    SpecError
        A stage is wrong.
    """
    if spec.search is None:
        return spec.recipe
    stages = [stage for stage in stages_of(spec, spec.search) if not lacking(stage, spec)]
    lowest = [
        make_trial(spec, stage, 0, {place: choice.low for place, choice in stage.choices.items()})
        for stage in stages
    ]
    return (*spec.recipe, *(step for trial in lowest for step in trial.spec.recipe))


def stages_of(spec: Spec, settings: Search) -> list[Stage]:
    """All stages in the order in which they are tried, those that lack something among them.

    Raises
    ------
    SpecError
        The flavour has no built-in stages and the spec lists none.
    """
    if settings.stages:
        return sorted(settings.stages, key=lambda stage: stage.cost)
    flavour = next((item for item in spec.flavours if item.name == settings.flavour), None)
    if not isinstance(flavour, TfliteFlavour):
        raise SpecError(
            "built-in stages are for TFLite flavours",
            came=settings.flavour,
            hint="list [[search.stages]] for a Core ML flavour",
        )
    return list(TFLITE_STAGES)


def search(
    spec: Spec,
    context: Mapping[str, str],
    executor: Executor,
    store: TrialStore,
    told: Told = lambda judged: None,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Look for the smallest flavour that keeps the budget.

    Trials are asked for in batches of a fixed size and told in the order of asking, so that neither the
    number of workers nor who finishes first changes what is tried next. Only the wall clock can.

    Parameters
    ----------
    spec : Spec
        With ``[search]``.
    context : mapping
        What decides results beside the spec: digests of source and data, versions of tools.
    executor : Executor
        Where trials run.
    store : TrialStore
        Asked before a trial runs, told after.
    told : callable
        Called with each trial as it is judged, in order.
    clock : callable
        Seconds.

    Raises
    ------
    SpecError
        A stage is wrong, before any trial runs where its numbers do not decide that; or a limit is a share
        that no trial can be held against.
    InputError
        The table of ``[search.estimate]`` cannot be read or is of another target.
    """
    settings = _settings(spec)
    estimator = estimator_of(spec)
    listed = stages_of(spec, settings)
    skipped = {stage.name: lack for stage in listed if (lack := lacking(stage, spec))}
    stages = [stage for stage in listed if stage.name not in skipped]
    for stage in stages:  # a wrong one ends the search before anything heavy starts
        make_trial(spec, stage, 0, {place: choice.low for place, choice in stage.choices.items()})
    spec = with_bases(spec, settings.flavour, context, executor, store)
    begin = clock()
    judged: list[Judged] = []
    ended = "all stages"
    for stage in stages:
        proposals = Proposals(stage, spec.pack.seed)
        while True:
            if settings.wall_clock_s is not None and clock() - begin > settings.wall_clock_s:
                return _found(judged, "wall clock", store, skipped, estimator)
            asked = proposals.ask(settings.trials - len(judged))
            if not asked:
                break
            trials = [make_trial(spec, stage, len(judged) + k, numbers) for k, numbers in enumerate(asked)]
            batch = _run(trials, context, executor, store, estimator)
            for item in batch:
                told(item)
            proposals.tell([item.score for item in batch])
            judged += batch
        if settings.stop == "first" and any(item.promising for item in judged):
            ended = "first"
            break
        if len(judged) >= settings.trials:
            ended = "trials"
            break
    return _found(judged, ended, store, skipped, estimator)


def _settings(spec: Spec) -> Search:
    if spec.search is None:
        raise SpecError(
            "the spec does not say what to search",
            hint='add [search] with flavour = "NAME" and stop = "first" or "pareto"',
        )
    return spec.search


def _run(
    trials: list[Trial],
    context: Mapping[str, str],
    executor: Executor,
    store: TrialStore,
    estimator: Estimator | None,
) -> list[Judged]:
    keys = [trial.key(context) for trial in trials]
    results: dict[str, Result] = {}
    for key in keys:
        stored = store.load(key)
        if stored is not None and _suffices(stored, estimator):
            results[key] = stored
    known = set(results)
    missing = list(dict.fromkeys(key for key in keys if key not in known))

    def done(place: int, result: Result) -> None:
        results[missing[place]] = result
        if result.status.lasting:
            store.save(missing[place], result)

    specs = dict(zip(keys, (trial.spec for trial in trials), strict=True))
    if missing:
        executor.run([specs[key].model_dump(mode="json", by_alias=True) for key in missing], done)
    return [
        _judged(trial, results[key], key in known, estimator) for trial, key in zip(trials, keys, strict=True)
    ]


def _suffices(stored: Result, estimator: Estimator | None) -> bool:
    """Whether a stored result says all that this search asks: another table or limit may want a figure."""
    if stored.status is Status.REFUSED:
        return True
    if estimator is None:
        return stored.status is Status.DONE
    if stored.works is None:
        return False
    return stored.status is Status.DONE or estimator.told(stored.works).hopeless


def _judged(trial: Trial, result: Result, reused: bool, estimator: Estimator | None) -> Judged:
    """A hopeless trial counts as unmeasured also where an earlier search stored its figures."""
    told = None if estimator is None or result.works is None else estimator.told(result.works)
    if told is not None and told.hopeless:
        result = Result(Status.UNMEASURED, works=result.works)
    return Judged(trial, result, reused, trial.spec.budget, told)


def _found(
    judged: list[Judged],
    ended: str,
    store: TrialStore,
    skipped: dict[str, str],
    estimator: Estimator | None,
) -> Found:
    return Found(judged, _best(judged), _front(judged), ended, store.damaged, skipped, estimator)


def _best(judged: Iterable[Judged]) -> Judged | None:
    for wanted in (Outcome.PASS, Outcome.INCONCLUSIVE):
        kept = [item for item in judged if item.standing is wanted]
        if kept:
            return min(kept, key=lambda item: item.rank)
    return None


def _front(judged: list[Judged]) -> list[Judged]:
    finished = [item for item in judged if item.size is not None and item.loss is not None]
    names = {item.loss[0] for item in finished if item.loss}
    if len(names) != 1:  # nothing that all of them measured
        return []
    points = [
        (
            float(item.size or 0),
            item.loss[1] if item.loss else 0.0,
            0.0 if item.estimated is None else item.estimated.milliseconds,
        )
        for item in finished
    ]
    return [finished[place] for place in front(points)]

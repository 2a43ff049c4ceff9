"""Worker target: a source model and a recipe in, the compressed source model out.

The passes run one after another on the open model. After each the runner looks at what it promised
and at what every pass must keep: the inputs, the shapes of the outputs, finite answers, the zeros that
``prune_weights`` placed, and at least one layer changed.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from fieldpack.contract import Input
from fieldpack.errors import ContractError, ConversionError, SpecError
from fieldpack.model import Strict, validated
from fieldpack.passes import AnyPass
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.applied import Applied, Promise
from fieldpack_converters.passes.saved import save
from fieldpack_converters.passes.subject import Examples, Report, Subject
from fieldpack_converters.passes.teachers import open_teachers
from fieldpack_converters.passes.zeros import demand_zeros
from fieldpack_converters.source import called_in_batches, open_source, silent

PROMISES = {
    "prune_channels": (Promise.FEWER_PARAMETERS,),
    "prune_weights": (Promise.SAME_PARAMETERS,),
    "fine_tune": (Promise.SAME_PARAMETERS,),
    "distil": (Promise.SAME_PARAMETERS,),
    "quantisation_aware": (Promise.SAME_PARAMETERS,),
    "equalise": (Promise.SAME_FUNCTION,),
    "round": (),
    "round_head": (),
    "low_rank": (Promise.FEWER_PARAMETERS,),
    "refit": (),
}
"""Method -> what holds after it. ``passes/<method>.py`` has ``apply(subject, step) -> Applied``."""

BY_FRAMEWORK = frozenset({"prune_channels"})
"""Methods with a file in ``passes/in_torch/`` and one in ``passes/in_keras/`` instead."""

CHECKED = 8
"""Examples that the model answers before and after each pass."""
SAME = 1e-3
"""Largest difference of an answer that still counts as the same function, of the largest answer."""


class Recipe(Strict):
    """The passes of a spec."""

    recipe: tuple[AnyPass, ...]


class Inputs(Strict):
    """The inputs of a contract."""

    inputs: tuple[Input, ...]


def apply(
    source: dict[str, Any],
    recipe: list[dict[str, Any]],
    folder: str,
    activation: str,
    seed: int,
    training: dict[str, Any] | None = None,
    calibration: dict[str, Any] | None = None,
    taxonomy: str | None = None,
    inputs: list[dict[str, Any]] | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Run a recipe on a source model.

    Parameters
    ----------
    source : dict
        ``[source]`` as the other worker targets take it.
    recipe : list of dict
        ``[[recipe]]`` of the spec.
    folder : str
        Where the compressed model is written.
    activation : str
        Of the first output, from the contract.
    seed : int
        Of everything that samples.
    training, calibration : dict, optional
        ``{"inputs": {index: .npy}, "labels": .npy | None}``, float32 [N, ...] as the source is fed.
    taxonomy : str, optional
        ``.npy`` float32 [C, C], how near two classes are.
    inputs : list of dict, optional
        The contract's inputs; a teacher other than ``source`` needs them.

    Returns
    -------
    dict
        ``source``: the words of the compressed model, for the other worker targets; ``steps``: method,
        matched layers, facts and parameters of each pass; ``parameters`` and ``digest``.

    Raises
    ------
    SpecError
        A pass does not fit the model, matches no layer, or lacks its data.
    ConversionError
        A pass broke what it must keep.
    """
    steps = validated(Recipe, {"recipe": recipe}, "[[recipe]]", SpecError).recipe
    report("open the source model", 0.0)
    opened, original = open_source(source), open_source(source)
    subject = Subject(
        opened=opened,
        original=original,
        training=Examples.from_words(opened, training),
        calibration=Examples.from_words(opened, calibration),
        activation=activation,
        seed=seed,
        folder=Path(folder),
        report=report,
        taxonomy=None if taxonomy is None else np.load(taxonomy, allow_pickle=False),
    )
    subject.folder.mkdir(parents=True, exist_ok=True)
    subject.teachers = open_teachers(steps, subject, _contract_inputs(inputs or []))
    done = [_step(subject, step, number) for number, step in enumerate(steps)]
    words = save(subject.opened, source, subject.folder)
    after = open_source(words)
    demand_zeros(after, subject.masks, "saving")
    _demand_same(
        _answers(subject, subject.opened), _answers(subject, after), "saving changed the model's answers"
    )
    return {"source": words, "steps": done, "parameters": after.parameters, "digest": after.digest}


def _contract_inputs(words: list[dict[str, Any]]) -> tuple[Input, ...]:
    return validated(Inputs, {"inputs": words}, "the contract's inputs", ContractError).inputs


def _step(subject: Subject, step: AnyPass, number: int) -> dict[str, Any]:
    before = subject.opened
    answers = _answers(subject, before)
    applied: Applied = _module(subject, step.method).apply(subject, step)
    _check(subject, step, number, before, answers, applied)
    subject.opened = applied.opened
    return {
        "method": step.method,
        "settings": step.model_dump(mode="json"),
        "matched": list(applied.matched),
        "parameters_before": before.parameters,
        "parameters": applied.opened.parameters,
        "facts": applied.facts,
    }


def _module(subject: Subject, method: str) -> ModuleType:
    framework = "in_torch." if subject.is_torch else "in_keras."
    folder = framework if method in BY_FRAMEWORK else ""
    return importlib.import_module(f"fieldpack_converters.passes.{folder}{method}")


def _check(
    subject: Subject,
    step: AnyPass,
    number: int,
    before: OpenedSource,
    answers: list[Array],
    applied: Applied,
) -> None:
    where = f"pass {number} of the recipe ({step.method})"
    if not applied.matched:
        raise SpecError(
            f"{where} matches no layer",
            came=step.layers,
            hint="a pass says the names of the layers that it can change when none matches",
        )
    after = applied.opened
    demand_zeros(after, subject.masks, where)
    changed = _answers(subject, after)
    if [a.shape for a in changed] != [a.shape for a in answers]:
        raise ConversionError(f"{where} changed the shape of an output", came=[a.shape for a in changed])
    if not all(np.isfinite(a).all() for a in changed):
        raise ConversionError(f"{where} left a model with answers that are not finite")
    for promise in PROMISES[step.method]:
        if promise is Promise.SAME_FUNCTION:
            _demand_same(answers, changed, f"{where} changed the function of the model")
        elif promise is Promise.FEWER_PARAMETERS and after.parameters >= before.parameters:
            raise ConversionError(
                f"{where} did not make the model smaller",
                came=after.parameters,
                allowed=f"fewer than {before.parameters} parameters",
            )
        elif promise is Promise.SAME_PARAMETERS and after.parameters != before.parameters:
            raise ConversionError(
                f"{where} changed the structure of the model",
                came=after.parameters,
                allowed=f"{before.parameters} parameters",
            )


def _answers(subject: Subject, opened: OpenedSource) -> list[Array]:
    examples = subject.calibration or subject.training
    generator = np.random.default_rng(0)
    if examples is None:
        inputs = [generator.standard_normal(fact.fixed(CHECKED)).astype(fact.dtype) for fact in opened.inputs]
    else:
        inputs = [np.array(array[:CHECKED]) for array in examples.inputs]
    return called_in_batches(opened, inputs, CHECKED)


def _demand_same(before: Sequence[Array], after: Sequence[Array], what: str) -> None:
    for one, two in zip(before, after, strict=True):
        largest = float(np.abs(one).max(initial=0.0))
        difference = float(np.abs(one - two).max(initial=0.0))
        if difference > SAME * max(largest, 1e-6):
            raise ConversionError(
                what, came=f"a difference of {difference:.3g}", allowed=f"{SAME * largest:.3g}"
            )

"""Shares of other flavours, for a search that makes only one: they are made once, and their sizes kept.

A trial and the bundle of the winner hold one flavour; "a quarter of tflite-int8" means a flavour that is in
neither. Its size is found before the first trial, like a trial stored by content, and becomes the ``base`` of
the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldpack.budget import SIZES, Limits
from fieldpack.errors import ConversionError, SpecError
from fieldpack.model import validated
from fieldpack.search.executor import Executor
from fieldpack.search.store import TrialStore
from fieldpack.search.trial import Result, Status, Trial
from fieldpack.share import Share
from fieldpack.spec import Spec

NUMBER = -1
"""Of what is made for its size only; trials count from 0."""


def with_bases(
    spec: Spec, flavour: str, context: Mapping[str, str], executor: Executor, store: TrialStore
) -> Spec:
    """The spec with the ``base`` of every share of another flavour filled in.

    Parameters
    ----------
    spec : Spec
        That of a search.
    flavour : str
        The one that is varied.
    context, executor, store
        As for :func:`fieldpack.search.search.search`.

    Raises
    ------
    SpecError
        Time or memory is a share of another flavour: both would have to be measured in turn.
    ConversionError
        The other flavour could not be made.
    """
    limits = spec.budget.limits_of(flavour)
    shares = {name: limit for name, limit in limits.items() if isinstance(limit, Share) and limit.flavour}
    if not shares:
        return spec
    for name, share in shares.items():
        if name not in SIZES:
            raise SpecError(
                f"a search cannot hold {name} against another flavour",
                came=f"{share.share:g} of {share.of}",
                allowed="a number, or a share of shipped",
            )
    found = {of: _sizes(spec, of, context, executor, store) for of in {share.of for share in shares.values()}}
    based = {
        name: share.model_copy(update={"base": float(found[share.of][name])})
        for name, share in shares.items()
    }
    own = spec.budget.flavours.get(flavour, Limits())
    flavours = {**spec.budget.flavours, flavour: own.model_copy(update=based)}
    return spec.model_copy(update={"budget": spec.budget.model_copy(update={"flavours": flavours})})


def _sizes(
    spec: Spec, flavour: str, context: Mapping[str, str], executor: Executor, store: TrialStore
) -> dict[str, Any]:
    """The manifest's entry of a flavour of the spec."""
    trial = Trial(NUMBER, flavour, {}, _alone(spec, flavour))
    key = trial.key(context)
    result = store.load(key)
    if result is None or result.status is Status.UNMEASURED:
        made: list[Result] = []
        words = trial.spec.model_dump(mode="json", by_alias=True)
        executor.run([words], lambda place, answer: made.append(answer))
        result = made[0]
        if result.status.lasting:
            store.save(key, result)
    if result.status is not Status.DONE or result.entry is None:
        raise ConversionError(
            f"{flavour}, which the budget takes shares of, could not be made", came=result.reason
        )
    return result.entry


def _alone(spec: Spec, flavour: str) -> Spec:
    """The spec with one flavour and no limit that could want more than its size."""
    words = spec.model_dump(mode="json", by_alias=True)
    kept = [item for item in words["flavours"] if item["name"] == flavour]
    if not kept:
        names = ", ".join(item["name"] for item in words["flavours"])
        raise SpecError("the budget takes shares of a flavour that is not there", came=flavour, allowed=names)
    budget = {"every": {"installed_bytes": 1 << 60}}
    whole = {**words, "flavours": kept, "search": None, "budget": budget}
    return validated(Spec, whole, f"flavour {flavour}", SpecError)

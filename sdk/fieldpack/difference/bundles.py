"""Two versions of a bundle side by side: everything that differs, and what that asks of the version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from fieldpack.bundle.read import Bundle
from fieldpack.difference.accuracy import FigureChange, figure_changes
from fieldpack.difference.answers import AnswerDifference, answer_changes, answer_differences, golden_changes
from fieldpack.difference.change import RULES, Change
from fieldpack.difference.contract import contract_changes
from fieldpack.difference.labels import LabelDifference, label_differences, taxonomy_presence
from fieldpack.difference.making import (
    graph_changes,
    limit_changes,
    lineage_changes,
    other_changes,
    recipe_changes,
    word_changes,
)
from fieldpack.difference.operators import flavour_changes
from fieldpack.difference.sizes import SizeDifference, size_differences
from fieldpack.difference.thresholds import threshold_changes
from fieldpack.difference.update_cost import UpdateCost, update_costs
from fieldpack.difference.version_step import Step, largest, numbers, stepped

SCHEMA = "fieldpack-difference/1"


@dataclass(frozen=True, slots=True)
class Side:
    """Which bundle: its name, version and digest."""

    name: str
    version: str
    digest: str

    @classmethod
    def of(cls, bundle: Bundle) -> Side:
        """Of an open bundle."""
        return cls(bundle.manifest.name, bundle.manifest.version, bundle.digest)

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"name": self.name, "version": self.version, "digest": self.digest}


@dataclass(frozen=True)
class BundleDifference:
    """Everything that differs between two bundles.

    Attributes
    ----------
    old, new : Side
        The bundles.
    changes : tuple of Change
        Each difference under its rule, in the order of the rules.
    labels : tuple of LabelDifference
        One an output with labels in both.
    answers : tuple of AnswerDifference
        One a flavour and output in both: golden vectors, and flips among them.
    figures : tuple of FigureChange
        What was measured, with intervals.
    sizes : tuple of SizeDifference
        One a flavour of either.
    updates : tuple of UpdateCost
        What the update downloads; the whole bundle first. Empty where it was not asked for.
    measured : tuple of AnswerDifference
        Both bundles run on evaluation data that was given; empty without.
    """

    old: Side
    new: Side
    changes: tuple[Change, ...]
    labels: tuple[LabelDifference, ...]
    answers: tuple[AnswerDifference, ...]
    figures: tuple[FigureChange, ...]
    sizes: tuple[SizeDifference, ...]
    updates: tuple[UpdateCost, ...]
    measured: tuple[AnswerDifference, ...] = ()

    @property
    def told_answers(self) -> tuple[AnswerDifference, ...]:
        """Answers to the data that was given, else to the golden vectors."""
        return self.measured or self.answers

    @cached_property
    def step(self) -> Step:
        """How far the version must move."""
        return largest(change.step for change in self.changes)

    @cached_property
    def least_version(self) -> str:
        """The lowest version that the new bundle may state."""
        return stepped(self.old.version, self.step)

    def as_dict(self) -> dict[str, object]:
        """Plain data, for ``--json``."""
        return {
            "schema": SCHEMA,
            "old": self.old.as_dict(),
            "new": self.new.as_dict(),
            "step": self.step.value,
            "least_version": self.least_version,
            "changes": [item.as_dict() for item in self.changes],
            "labels": [item.as_dict() for item in self.labels],
            "answers": [item.as_dict() for item in self.answers],
            "figures": [item.as_dict() for item in self.figures],
            "sizes": [item.as_dict() for item in self.sizes],
            "updates": [item.as_dict() for item in self.updates],
            "measured": [item.as_dict() for item in self.measured],
        }


def compare_bundles(old: Bundle, new: Bundle, *, costs: bool = True) -> BundleDifference:
    """Compare two bundles.

    Parameters
    ----------
    old, new : Bundle
        Open, from :func:`fieldpack.bundle.read.open_bundle`.
    costs : bool
        Open model files for sizes by layer, and compress files for the cost of the update.

    Raises
    ------
    BundleError
        A file of a bundle is altered or malformed.
    ModelFileError
        A model file is malformed.
    """
    labels = label_differences(old, new, same_weights=_same_weights(old, new))
    answers = answer_differences(old, new, labels)
    changes = [
        *word_changes(old.manifest, new.manifest),
        *contract_changes(old, new),
        *(change for item in labels for change in item.changes()),
        *taxonomy_presence(old, new),
        *threshold_changes(old, new, labels),
        *answer_changes(old, new, answers),
        *flavour_changes(old.manifest, new.manifest, {item.output: (item.old, item.new) for item in labels}),
        *recipe_changes(old, new),
        *lineage_changes(old.manifest.lineage, new.manifest.lineage),
        *graph_changes(old.manifest, new.manifest),
        *golden_changes(old, new),
        *limit_changes(old.manifest, new.manifest),
    ]
    changes += other_changes(old, new, changes)
    return BundleDifference(
        old=Side.of(old),
        new=Side.of(new),
        changes=_ordered([*changes, *_version_changes(old, new, changes)]),
        labels=labels,
        answers=answers,
        figures=figure_changes(old, new),
        sizes=size_differences(old, new, layers=costs),
        updates=update_costs(old, new) if costs else (),
    )


def _same_weights(old: Bundle, new: Bundle) -> bool:
    """Whether every flavour that both have is the same file, and there is one."""
    digests = {item.name: item.digest for item in new.manifest.flavours}
    shared = [item for item in old.manifest.flavours if item.name in digests]
    return bool(shared) and all(item.digest == digests[item.name] for item in shared)


def _version_changes(old: Bundle, new: Bundle, changes: Iterable[Change]) -> list[Change]:
    before, after = old.manifest.version, new.manifest.version
    least = stepped(before, largest(change.step for change in changes))
    if numbers(after) < numbers(before):
        return [Change("version.lowered", "version", before, after)]
    if numbers(after) < numbers(least):
        return [Change("version.too_low", f"version, {least} is due", before, after)]
    return []


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Largest step first, then by rule; the order within one rule stays."""
    places = {rule: place for place, rule in enumerate(RULES)}
    return tuple(sorted(changes, key=lambda change: (-change.step.height, places[change.rule])))

"""One difference between two bundles: the rule that it falls under, where it is, and what was and is there.

The list of rules is the vocabulary of ``fieldpack diff`` and of policies. Each says how far the version must
move; :mod:`fieldpack.difference.version_step` says what the steps promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fieldpack.difference.version_step import Step

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of change asks of the version, and what it means."""

    step: Step
    meaning: str


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "name.changed": Rule(Step.MAJOR, "the bundle has another name: it is another model"),
        "contract.added": Rule(Step.MAJOR, "an input, output or interval is new"),
        "contract.removed": Rule(Step.MAJOR, "an input, output or interval is gone"),
        "contract.reordered": Rule(Step.MAJOR, "inputs or outputs stand in another order"),
        "contract.changed": Rule(Step.MAJOR, "what goes in or comes out is something else"),
        "preprocessing.changed": Rule(Step.MAJOR, "a picture, sound or place becomes other numbers"),
        "labels.removed": Rule(Step.MAJOR, "a label is gone"),
        "labels.reordered": Rule(Step.MAJOR, "labels that stay are in another order"),
        "labels.renumbered": Rule(Step.MAJOR, "labels that stay keep their order and have other numbers"),
        "labels.added": Rule(Step.MINOR, "a label is new"),
        "labels.renamed": Rule(Step.PATCH, "a class is called something else"),
        "taxonomy.added": Rule(Step.PATCH, "a taxonomy, or a taxon above the labels, is new"),
        "taxonomy.removed": Rule(Step.PATCH, "a taxonomy, or a taxon above the labels, is gone"),
        "taxonomy.moved": Rule(Step.PATCH, "a taxon has another parent, so answers roll up otherwise"),
        "taxonomy.renamed": Rule(Step.PATCH, "a taxon has another scientific name"),
        "taxonomy.reranked": Rule(Step.PATCH, "a taxon has another rank"),
        "taxonomy.recalled": Rule(Step.PATCH, "a taxon has another common name"),
        "thresholds.added": Rule(Step.MINOR, "labels have thresholds of their own now"),
        "thresholds.removed": Rule(Step.MINOR, "labels have no thresholds of their own any more"),
        "thresholds.changed": Rule(Step.MINOR, "a label counts as present from another score on"),
        "outputs.changed": Rule(Step.MINOR, "a flavour answers golden vectors otherwise"),
        "outputs.unproven": Rule(Step.MINOR, "another file, and no golden vector in common to compare"),
        "flavours.added": Rule(Step.MINOR, "a flavour is new"),
        "flavours.removed": Rule(Step.MAJOR, "a flavour is gone"),
        "borders.changed": Rule(Step.MAJOR, "a tensor of a file has another name, type, layout or scale"),
        "borders.requantised": Rule(Step.MINOR, "a tensor's integers have another scale or zero point"),
        "requires.raised": Rule(Step.MAJOR, "a flavour needs newer software"),
        "requires.lowered": Rule(Step.PATCH, "a flavour runs on older software, too"),
        "operators.added": Rule(Step.PATCH, "a file uses another operator"),
        "operators.removed": Rule(Step.PATCH, "a file does without an operator"),
        "operators.raised": Rule(Step.PATCH, "a file uses a newer version of an operator"),
        "operators.lowered": Rule(Step.PATCH, "a file uses an older version of an operator"),
        "operators.recounted": Rule(Step.PATCH, "a program uses an operator more or less often"),
        "files.changed": Rule(Step.PATCH, "the file of a flavour has other bytes"),
        "source.changed": Rule(Step.PATCH, "flavours are made from another source model"),
        "recipe.changed": Rule(Step.PATCH, "a flavour is compressed otherwise"),
        "intervals.changed": Rule(Step.MINOR, "a prediction interval of a flavour has other numbers"),
        "front_ends.changed": Rule(Step.PATCH, "another graph computes the same spectrogram"),
        "encoders.changed": Rule(Step.PATCH, "another graph computes the same encoding"),
        "golden.changed": Rule(Step.PATCH, "other golden vectors"),
        "data.changed": Rule(Step.PATCH, "made or measured with other data"),
        "tools.changed": Rule(Step.PATCH, "made with other tools, another seed or another spec"),
        "license.changed": Rule(Step.PATCH, "another licence of the weights"),
        "description.changed": Rule(Step.PATCH, "described otherwise"),
        "budget.changed": Rule(Step.PATCH, "held against other limits"),
        "verdicts.changed": Rule(Step.PATCH, "a limit that was kept is not, or the other way round"),
        "evidence.changed": Rule(Step.PATCH, "other figures were measured"),
        "version.lowered": Rule(Step.NONE, "the new bundle states a lower version"),
        "version.too_low": Rule(Step.NONE, "the new bundle states a lower version than its changes ask for"),
    }
)
"""Every rule, by category and kind."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes
    ----------
    rule : str
        One of :data:`RULES`, ``category.kind``.
    where : str
        The field, label, taxon or operator: ``inputs.image.resize.fit.fraction``, ``scores: Apis mellifera``.
    old, new : str, int, float, bool or None
        What was and is there; None for nothing.
    """

    rule: str
    where: str
    old: Value = None
    new: Value = None

    @property
    def category(self) -> str:
        """What the change is about."""
        return self.rule.split(".")[0]

    @property
    def step(self) -> Step:
        """How far it moves the version."""
        return RULES[self.rule].step

    def as_dict(self) -> dict[str, Value]:
        """Plain data."""
        step = self.step.value
        return {"rule": self.rule, "where": self.where, "old": self.old, "new": self.new, "step": step}

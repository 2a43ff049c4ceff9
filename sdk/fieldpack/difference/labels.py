"""Which classes are new, gone, renamed or at another number, and what moved in the tree above them.

A class is known again by its taxon where both bundles have a taxonomy, else by its label. Without a taxonomy
another label at the same number is the same class under a new name only where the weights are the same; after
a retraining it is one class gone and another new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fieldpack.bundle.read import Bundle
from fieldpack.difference.change import Change
from fieldpack.taxonomy import Taxonomy, parse_taxonomy
from fieldpack.taxonomy.difference import Difference, difference

MOVES = {
    "taxonomy.moved": "moved",
    "taxonomy.reranked": "reranked",
    "taxonomy.recalled": "recalled",
}


@dataclass(frozen=True, slots=True)
class Label:
    """One class of an output.

    Attributes
    ----------
    text : str
        Its label.
    number : int
        Which of the output's numbers scores it.
    taxon : str or None
        Id in the taxonomy; None where there is no taxonomy.
    ancestors : tuple of str
        Names of the taxa above it, the highest first.
    """

    text: str
    number: int
    taxon: str | None = None
    ancestors: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "text": self.text,
            "number": self.number,
            "taxon": self.taxon,
            "ancestors": list(self.ancestors),
        }


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """The labels of one output in two bundles.

    Attributes
    ----------
    output : str
        Which output.
    old, new : int
        How many labels there were and are.
    added, removed : tuple of Label
        In one bundle only.
    renamed : tuple of (Label, Label)
        The same class under another label.
    renumbered : tuple of (Label, Label)
        The same class at another number.
    order_kept : bool
        Whether classes that stay follow each other as before.
    pairs : tuple of (int, int)
        Numbers of each class that both have, by the old number.
    taxonomy : Difference or None
        Between the trees; None unless both have one.
    """

    output: str
    old: int
    new: int
    added: tuple[Label, ...]
    removed: tuple[Label, ...]
    renamed: tuple[tuple[Label, Label], ...]
    renumbered: tuple[tuple[Label, Label], ...]
    order_kept: bool
    pairs: tuple[tuple[int, int], ...]
    taxonomy: Difference | None

    @property
    def same(self) -> bool:
        """Whether every number means the same class as before, under the same label."""
        return not (self.added or self.removed or self.renamed or self.renumbered)

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "output": self.output,
            "old": self.old,
            "new": self.new,
            "added": [label.as_dict() for label in self.added],
            "removed": [label.as_dict() for label in self.removed],
            "renamed": [[one.as_dict(), other.as_dict()] for one, other in self.renamed],
            "renumbered": [[one.as_dict(), other.as_dict()] for one, other in self.renumbered],
            "order_kept": self.order_kept,
            "taxonomy": None if self.taxonomy is None else self.taxonomy.as_dict(),
        }

    def changes(self) -> Iterator[Change]:
        """Each difference under its rule."""

        def where(label: Label) -> str:
            return f"{self.output}: {label.text}"

        yield from (Change("labels.added", where(item), None, item.number) for item in self.added)
        yield from (Change("labels.removed", where(item), item.number, None) for item in self.removed)
        for one, other in self.renamed:
            yield Change("labels.renamed", where(one), one.text, other.text)
        rule = "labels.renumbered" if self.order_kept else "labels.reordered"
        yield from (Change(rule, where(one), one.number, other.number) for one, other in self.renumbered)
        if self.taxonomy is not None:
            yield from _tree_changes(self, self.taxonomy)


def label_differences(old: Bundle, new: Bundle, *, same_weights: bool) -> tuple[LabelDifference, ...]:
    """The labels of every output that both bundles have and that has labels in both.

    Parameters
    ----------
    old, new : Bundle
        Open.
    same_weights : bool
        Whether the files of the flavours are the same bytes.

    Raises
    ------
    BundleError, ContractError
        A label file or a taxonomy is faulty.
    """
    names = {item.name for item in old.manifest.contract.outputs if item.labels}
    shared = [item.name for item in new.manifest.contract.outputs if item.labels and item.name in names]
    return tuple(_compared(name, old, new, same_weights) for name in shared)


def taxonomy_presence(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Outputs that gained or lost their taxonomy."""
    first, second = (
        {item.name: item.taxonomy is not None for item in bundle.manifest.contract.outputs}
        for bundle in (old, new)
    )
    for name, there in first.items():
        if second.get(name, there) != there:
            yield Change("taxonomy.removed" if there else "taxonomy.added", f"outputs.{name}.taxonomy")


def labelled(bundle: Bundle, output: str) -> tuple[tuple[Label, ...], Taxonomy | None]:
    """The labels of an output with their taxa, and its taxonomy where it has one."""
    texts = bundle.labels(output)
    declared = next(item for item in bundle.manifest.contract.outputs if item.name == output)
    if declared.taxonomy is None:
        return tuple(Label(text, number) for number, text in enumerate(texts)), None
    tree = parse_taxonomy(bundle.read(declared.taxonomy), declared.taxonomy).labelled(texts)
    pairs = zip(texts, tree.leaves, strict=True)
    return tuple(
        Label(text, number, taxon.id, _ancestors(tree, taxon.id))
        for number, (text, taxon) in enumerate(pairs)
    ), tree


def _ancestors(tree: Taxonomy, taxon: str) -> tuple[str, ...]:
    return tuple(tree.by_id[item].name for item in reversed(tree.line(taxon)[1:]))


def _compared(output: str, old: Bundle, new: Bundle, same_weights: bool) -> LabelDifference:
    (first, old_tree), (second, new_tree) = labelled(old, output), labelled(new, output)
    both = old_tree is not None and new_tree is not None
    pairs = _pairs(first, second, _identity(both), same_weights)
    kept_old, kept_new = {one.number for one, _ in pairs}, {other.number for _, other in pairs}
    after = [other.number for _, other in pairs]
    return LabelDifference(
        output=output,
        old=len(first),
        new=len(second),
        added=tuple(label for label in second if label.number not in kept_new),
        removed=tuple(label for label in first if label.number not in kept_old),
        renamed=tuple(pair for pair in pairs if pair[0].text != pair[1].text),
        renumbered=tuple(pair for pair in pairs if pair[0].number != pair[1].number),
        order_kept=after == sorted(after),
        pairs=tuple((one.number, other.number) for one, other in pairs),
        taxonomy=difference(old_tree, new_tree) if old_tree is not None and new_tree is not None else None,
    )


def _identity(by_taxon: bool) -> Callable[[Label], str | None]:
    return (lambda label: label.taxon) if by_taxon else (lambda label: label.text)


def _pairs(
    old: Sequence[Label], new: Sequence[Label], identity: Callable[[Label], str | None], same_weights: bool
) -> list[tuple[Label, Label]]:
    """Labels of the same class, by their old number."""
    known, found = _by_identity(old, identity), _by_identity(new, identity)
    pairs = {label.number: (label, found[key]) for key, label in known.items() if key in found}
    if same_weights:
        taken = {other.number for _, other in pairs.values()}
        for one, other in zip(old, new, strict=False):
            if one.number not in pairs and other.number not in taken:
                pairs[one.number] = (one, other)
    return [pairs[number] for number in sorted(pairs)]


def _by_identity(
    labels: Sequence[Label], identity: Callable[[Label], str | None]
) -> Mapping[tuple[str | None, int], Label]:
    """Labels by identity; the second of two that are alike is another one."""
    met: dict[str | None, int] = {}
    found = {}
    for label in labels:
        key = identity(label)
        met[key] = met.get(key, 0) + 1
        found[key, met[key]] = label
    return found


def _tree_changes(labels: LabelDifference, tree: Difference) -> Iterator[Change]:
    """Differences between the trees that the labels do not tell already."""
    told = {label.taxon for pair in labels.renamed for label in pair}
    leaves = {label.taxon for label in (*labels.added, *labels.removed)}
    for rule, taxa in (("taxonomy.added", tree.added), ("taxonomy.removed", tree.removed)):
        yield from (
            Change(rule, f"{labels.output}: {taxon.id} {taxon.name}")
            for taxon in taxa
            if taxon.id not in leaves
        )
    for item in tree.renamed:
        if item.taxon not in told:
            yield Change("taxonomy.renamed", f"{labels.output}: {item.taxon}", item.old, item.new)
    for rule, name in MOVES.items():
        for item in getattr(tree, name):
            yield Change(rule, f"{labels.output}: {item.taxon}", item.old, item.new)
    for item in tree.rethresholded:
        yield Change(
            "thresholds.changed", f"{labels.output}: {item.taxon} in the taxonomy", item.old, item.new
        )

"""What changed between two versions of a taxonomy, taxon by taxon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One taxon that is in both versions.

    Attributes
    ----------
    taxon : str
        Its id in the old version.
    old, new
        What changed, as it was and as it is; None for none.
    """

    taxon: str
    old: str | float | None
    new: str | float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"taxon": self.taxon, "old": self.old, "new": self.new}


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs; taxa are matched by id, or by `synonyms` where they say so.

    Attributes
    ----------
    added, removed : tuple of Taxon
        In one version only.
    replaced : tuple of Change
        Another id, by the synonyms.
    moved, renamed, reranked, reordered, rethresholded, recalled : tuple of Change
        Another parent, scientific name, rank level, output index, threshold, common name.
    """

    added: tuple[Taxon, ...]
    removed: tuple[Taxon, ...]
    replaced: tuple[Change, ...]
    moved: tuple[Change, ...]
    renamed: tuple[Change, ...]
    reranked: tuple[Change, ...]
    reordered: tuple[Change, ...]
    rethresholded: tuple[Change, ...]
    recalled: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not any(getattr(self, field.name) for field in fields(self))

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        listed = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: [
                {"taxon": item.id, "name": item.name} if isinstance(item, Taxon) else item.as_dict()
                for item in items
            ]
            for name, items in listed.items()
        }

    def text(self, shown: int = SHOWN) -> str:
        """Lines for people, at most `shown` taxa a kind."""
        return "\n".join(self._lines(shown)) or "nothing changed"

    def _lines(self, shown: int) -> Iterator[str]:
        for field in fields(self):
            items = getattr(self, field.name)
            if not items:
                continue
            yield f"{field.name}: {len(items)}"
            for item in items[:shown]:
                yield f"  {_line(item)}"
            if len(items) > shown:
                yield f"  ... and {len(items) - shown} more"


def difference(old: Taxonomy, new: Taxonomy, synonyms: Mapping[str, str] | None = None) -> Difference:
    """Compare two versions.

    Parameters
    ----------
    old, new : Taxonomy
        The versions.
    synonyms : mapping, optional
        Id in the old version -> id in the new one.
    """
    renumbered = dict(synonyms or {})
    pairs = [
        (taxon, found)
        for taxon in old.taxa
        if (found := new.by_id.get(renumbered.get(taxon.id, taxon.id))) is not None
    ]
    matched_old, matched_new = {taxon.id for taxon, _ in pairs}, {found.id for _, found in pairs}
    moved = [(a, b) for a, b in pairs if renumbered.get(a.parent or "", a.parent) != b.parent]
    return Difference(
        added=tuple(taxon for taxon in new.taxa if taxon.id not in matched_new),
        removed=tuple(taxon for taxon in old.taxa if taxon.id not in matched_old),
        replaced=tuple(Change(a.id, a.id, b.id) for a, b in pairs if a.id != b.id),
        moved=tuple(Change(a.id, a.parent, b.parent) for a, b in moved),
        renamed=tuple(Change(a.id, a.name, b.name) for a, b in pairs if a.name != b.name),
        reranked=_changes(pairs, "rank_level"),
        reordered=_changes(pairs, "leaf"),
        rethresholded=_changes(pairs, "threshold"),
        recalled=_changes(pairs, "common_name"),
    )


def _changes(pairs: list[tuple[Taxon, Taxon]], field: str) -> tuple[Change, ...]:
    values = ((a.id, getattr(a, field), getattr(b, field)) for a, b in pairs)
    return tuple(Change(taxon, before, after) for taxon, before, after in values if before != after)


def _line(item: Taxon | Change) -> str:
    if isinstance(item, Taxon):
        return f"{item.id} {item.name}" if item.id != item.name else item.id
    return f"{item.taxon}: {_value(item.old)} -> {_value(item.new)}"


def _value(value: str | float | None) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)

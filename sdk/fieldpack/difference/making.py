"""How bundles were made and what they say about themselves: recipe, source, data, tools, limits, words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry, Lineage, Manifest
from fieldpack.bundle.read import Bundle
from fieldpack.difference.change import Change
from fieldpack.difference.contract import differing_fields
from fieldpack.difference.operators import requirement_changes

RECIPE = "recipe"
"""Key of the evidence that lists the passes over the source model."""


def word_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Name, description and licence."""
    for field in ("name", "description", "license"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield Change(f"{field}.changed", field, before, after)


def recipe_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """The passes over the source model, and the rules and counts of each flavour that both have."""
    first, second = (_steps(bundle) for bundle in (old, new))
    if first != second:
        yield Change("recipe.changed", RECIPE, _line(first), _line(second))
    for entry in old.manifest.flavours:
        after = new.manifest.flavour(entry.name)
        if after is not None:
            yield from _compression_changes(entry, after)


def _steps(bundle: Bundle) -> list[dict[str, Any]]:
    """Method and settings of each pass."""
    evidence = json.loads(bundle.read(bundle.manifest.evidence))
    steps = evidence.get(RECIPE) if isinstance(evidence, dict) else None
    return [
        {"method": step.get("method"), "settings": step.get("settings")}
        for step in steps or ()
        if isinstance(step, dict)
    ]


def _line(steps: list[dict[str, Any]]) -> str | None:
    return ", ".join(str(step["method"]) for step in steps) or None


def _compression_changes(old: FlavourEntry, new: FlavourEntry) -> Iterator[Change]:
    before, after = (item.compression.model_dump(mode="json", exclude_none=True) for item in (old, new))
    for path, one, other in differing_fields(before, after):
        yield Change("recipe.changed", ".".join(("flavours", old.name, "compression", *path)), one, other)
    numbers = (
        [item.model_dump(mode="json") for item in old.intervals],
        [item.model_dump(mode="json") for item in new.intervals],
    )
    if numbers[0] != numbers[1]:
        yield Change("intervals.changed", f"flavours.{old.name}.intervals")


def lineage_changes(old: Lineage, new: Lineage) -> Iterator[Change]:
    """The source model, the data and the tools."""
    if old.source_digest != new.source_digest:
        yield Change(
            "source.changed", "lineage.source_digest", old.source_digest[:12], new.source_digest[:12]
        )
    for role in sorted(old.data.keys() | new.data.keys()):
        first, second = old.data.get(role), new.data.get(role)
        if first != second:
            words = [
                None if item is None else f"{item.count} of {item.digest[:12]}" for item in (first, second)
            ]
            yield Change("data.changed", f"lineage.data.{role}", *words)
    yield from _named("lineage.tools", old.tools, new.tools)
    for field in ("source_kind", "spec_digest", "seed"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield Change("tools.changed", f"lineage.{field}", before, after)


def _named(where: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Change("tools.changed", f"{where}.{name}", old.get(name), new.get(name))


def limit_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """The budget, and limits with another outcome."""
    before, after = (item.budget.model_dump(mode="json", exclude_none=True) for item in (old, new))
    for path, one, other in differing_fields(before, after):
        yield Change("budget.changed", ".".join(("budget", *path)), one, other)
    first, second = (_outcomes(item) for item in (old, new))
    for key in sorted(first.keys() & second.keys()):
        if first[key] != second[key]:
            yield Change("verdicts.changed", f"{key[0]} of {key[1]}", first[key], second[key])


def _outcomes(manifest: Manifest) -> dict[tuple[str, str], str]:
    return {(str(item["name"]), str(item["subject"])): str(item["outcome"]) for item in manifest.verdicts}


def graph_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Front-ends and encoders by input and kind, and coefficients of resamplers."""
    for group in ("front_ends", "encoders"):
        first, second = (
            {(item.input, item.kind.value): item for item in getattr(one, group)} for one in (old, new)
        )
        for key in sorted(first.keys() | second.keys()):
            before, after = first.get(key), second.get(key)
            digests = [None if item is None else item.digest[:12] for item in (before, after)]
            if digests[0] != digests[1]:
                yield Change(f"{group}.changed", " ".join(key), *digests)
            if before is not None and after is not None:
                where = f"{group}.{'.'.join(key)}.requires"
                yield from requirement_changes(where, before.requires, after.requires)
    tables = [
        {f"{item.input} from {item.from_hz} Hz": one.files[item.path].sha256 for item in one.resampling}
        for one in (old, new)
    ]
    for name in sorted(tables[0].keys() & tables[1].keys()):
        before, after = tables[0][name], tables[1][name]
        if before != after:
            yield Change("preprocessing.changed", f"resampling of {name}", before[:12], after[:12])


def other_changes(old: Bundle, new: Bundle, known: Sequence[Change]) -> Iterator[Change]:
    """Other figures; and whatever else is different where nothing is known to be."""
    first, second = (one.manifest.files[one.manifest.evidence].sha256 for one in (old, new))
    if first != second:
        yield Change("evidence.changed", "evidence", first[:12], second[:12])
    elif not known and _statement(old.manifest) != _statement(new.manifest):
        yield Change("evidence.changed", "manifest", old.digest[:12], new.digest[:12])


def _statement(manifest: Manifest) -> dict[str, Any]:
    """All that a manifest says but which version it is of what."""
    plain = manifest.model_dump(mode="json", exclude={"version"})
    del plain["lineage"]["baseline"]
    return plain

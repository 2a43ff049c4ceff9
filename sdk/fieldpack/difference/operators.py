"""Which operators the files use, what software they need and how their tensors are met, by flavour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fieldpack.bundle.manifest import Border, FlavourEntry, FlavourKind, Manifest, Requires
from fieldpack.difference.change import Change
from fieldpack.difference.contract import differing_fields
from fieldpack.difference.version_step import numbers

Sizes = Mapping[str, tuple[int, int]]
"""Output -> how many labels it had and has."""


def flavour_changes(old: Manifest, new: Manifest, labels: Sizes) -> Iterator[Change]:
    """Flavours that came or went, and what is different about the files of those that stay.

    Parameters
    ----------
    old, new : Manifest
        Of the bundles.
    labels : mapping
        Output -> how many labels it had and has; an axis that follows them is told by the labels alone.
    """
    before, after = ({item.name: item for item in one.flavours} for one in (old, new))
    yield from (Change("flavours.removed", name, name) for name in before if name not in after)
    yield from (Change("flavours.added", name, None, name) for name in after if name not in before)
    for name, entry in before.items():
        if name in after:
            yield from _entry_changes(entry, after[name], labels)


def _entry_changes(old: FlavourEntry, new: FlavourEntry, labels: Sizes) -> Iterator[Change]:
    where = f"flavours.{old.name}"
    if old.kind is not new.kind:
        yield Change("borders.changed", f"{where}.kind", old.kind.value, new.kind.value)
    if old.digest != new.digest:
        yield Change("files.changed", where, old.digest[:12], new.digest[:12])
    yield from _border_changes(where, old, new, labels)
    yield from operator_changes(f"{where}.operators", old.requires, new.requires, old.kind)
    yield from requirement_changes(f"{where}.requires", old.requires, new.requires)


def operator_changes(where: str, old: Requires, new: Requires, kind: FlavourKind) -> Iterator[Change]:
    """Operators of a file: of TFLite with the highest version used, of Core ML with their number."""
    for name in sorted(old.operators.keys() | new.operators.keys()):
        before, after = old.operators.get(name), new.operators.get(name)
        if before == after:
            continue
        if before is None or after is None:
            rule = "operators.added" if before is None else "operators.removed"
        elif kind is FlavourKind.COREML:
            rule = "operators.recounted"
        else:
            rule = "operators.raised" if after > before else "operators.lowered"
        yield Change(rule, f"{where}.{name}", before, after)


def requirement_changes(where: str, old: Requires, new: Requires) -> Iterator[Change]:
    """The oldest software that runs a file: each field that states a version."""
    first, second = (requirement_versions(item) for item in (old, new))
    for field in sorted(first.keys() | second.keys()):
        before, after = first.get(field), second.get(field)
        if before != after:
            raised = after is not None and (before is None or numbers(after) > numbers(before))
            yield Change(f"requires.{'raised' if raised else 'lowered'}", f"{where}.{field}", before, after)
    for name in sorted(set(new.unknown_operators) - set(old.unknown_operators)):
        yield Change("requires.raised", f"{where}.unknown_operators", None, name)
    for name in sorted(set(old.unknown_operators) - set(new.unknown_operators)):
        yield Change("requires.lowered", f"{where}.unknown_operators", name, None)


def requirement_versions(requires: Requires) -> dict[str, str]:
    """The versions that a flavour states, by field."""
    stated = {"tflite_runtime": requires.tflite_runtime, "ios": requires.ios, "android": requires.android}
    known = {field: version for field, version in stated.items() if version is not None}
    return known | {f"plugins.{name}": version for name, version in requires.plugins.items()}


def _border_changes(where: str, old: FlavourEntry, new: FlavourEntry, labels: Sizes) -> Iterator[Change]:
    for side in ("inputs", "outputs"):
        first, second = getattr(old, side), getattr(new, side)
        order = [[item.name for item in borders] for borders in (first, second)]
        if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
            yield Change("borders.changed", f"{where}.{side}", ", ".join(order[0]), ", ".join(order[1]))
        found = {item.name: item for item in second}
        for border in first:
            if border.name in found:
                sizes = labels.get(border.name) if side == "outputs" else None
                yield from _fields(f"{where}.{side}.{border.name}", border, found[border.name], sizes)


def _fields(where: str, old: Border, new: Border, sizes: tuple[int, int] | None) -> Iterator[Change]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    if sizes is not None:
        before["shape"] = ["labels" if size == sizes[0] else size for size in before["shape"]]
        after["shape"] = ["labels" if size == sizes[1] else size for size in after["shape"]]
    numbers_of = [document.pop("quantization") for document in (before, after)]
    if (numbers_of[0] is None) != (numbers_of[1] is None):
        yield Change("borders.changed", f"{where}.quantization", _words(numbers_of[0]), _words(numbers_of[1]))
    elif numbers_of[0] != numbers_of[1]:
        yield Change(
            "borders.requantised", f"{where}.quantization", _words(numbers_of[0]), _words(numbers_of[1])
        )
    for path, one, other in differing_fields(before, after):
        yield Change("borders.changed", ".".join((where, *path)), one, other)


def _words(quantization: Mapping[str, float] | None) -> str | None:
    if quantization is None:
        return None
    return f"scale {quantization['scale']:g}, zero point {quantization['zero_point']}"

"""A difference between two bundles, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import size_text, table
from fieldpack.verdict_files.words import bounds, number

if TYPE_CHECKING:
    from fieldpack.difference import BundleDifference, Change
    from fieldpack.difference.accuracy import FigureChange
    from fieldpack.difference.answers import AnswerDifference, Flip
    from fieldpack.difference.policy import Breach

SHOWN = 6
"""Changes of one rule, flips and layers that are listed without ``--all``."""
WIDEST = 48
MAIN = ("flavour_top1", "flavour_macro_recall", "flavour_cmap", "flavour_rmse", "range_iou", "top1_agreement")
"""Figures that are told even where nothing is clear, the first that a flavour has."""


def difference_text(
    found: BundleDifference, broken: Sequence[Breach] | None, *, everything: bool = False
) -> str:
    """Everything for a reader; `broken` is None without a policy."""
    shown = 10**9 if everything else SHOWN
    parts = [
        _head(found),
        _changes(found.changes, shown),
        _answers(found, shown),
        _figures(found.figures, everything),
        _sizes(found, shown),
        _updates(found),
        _policy(broken),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(found: BundleDifference) -> str:
    old, new = found.old, found.new
    same = "; the bundles are the same bytes" if old.digest == new.digest else ""
    lines = [
        f"old      {old.name} {old.version}  sha256:{old.digest[:16]}",
        f"new      {new.name} {new.version}  sha256:{new.digest[:16]}",
        f"step     {found.step.value.upper()}: {found.least_version} is due, {new.version} is stated{same}",
    ]
    return "\n".join(lines)


def _changes(changes: Sequence[Change], shown: int) -> str:
    rows: list[list[str]] = []
    for rule, group in groupby(changes, key=lambda change: change.rule):
        items = list(group)
        for item in items[:shown]:
            step = "" if item.step.value == "none" else item.step.value
            rows.append([step, rule, _cut(item.where), _cut(_pair(item))])
        if len(items) > shown:
            rows.append(["", "", f"... and {len(items) - shown} more", ""])
    return table(("step", "rule", "where", "old -> new"), rows) if rows else ""


def _pair(change: Change) -> str:
    if change.old is None and change.new is None:
        return ""
    if change.category == "outputs":
        return str(change.new)
    return f"{_value(change.old)} -> {_value(change.new)}"


def _value(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def _answers(found: BundleDifference, shown: int) -> str:
    items = found.told_answers
    if not items:
        return ""
    source = "evaluation data" if found.measured else "golden vectors"
    rows = [
        [
            item.flavour,
            item.output,
            str(item.count),
            "" if item.largest is None else f"{item.largest:.3g}",
            str(len(item.flips)) if item.ranks else "",
            _accuracy(item),
        ]
        for item in items
    ]
    heads = ("flavour", "output", source, "largest change", "flips", "right" if found.measured else "")
    lines = [table(heads, rows, right=(2, 3, 4))]
    return "\n".join([*lines, *_flips(items, shown)])


def _accuracy(item: AnswerDifference) -> str:
    """Top-1 before and now, and the bounds of the change."""
    found = item.accuracy
    if found is None:
        return ""
    bounds_text = f"{100 * found.low:+.1f} .. {100 * found.high:+.1f} points"
    return f"{100 * found.old:.1f} % -> {100 * found.new:.1f} % ({bounds_text})"


def _flips(items: Sequence[AnswerDifference], shown: int) -> Iterator[str]:
    for item in items:
        yield from (f"  {item.flavour}  {_flip(flip)}" for flip in item.flips[:shown])
        if len(item.flips) > shown:
            yield f"  {item.flavour}  ... and {len(item.flips) - shown} more"


def _flip(flip: Flip) -> str:
    truth = "" if flip.truth is None else f", truth {flip.truth}"
    return f"{flip.id}: {flip.old} {flip.old_score:.3g} -> {flip.new} {flip.new_score:.3g}{truth}"


def _figures(changes: Sequence[FigureChange], everything: bool) -> str:
    told = [item for item in changes if everything or item.direction.value in ("better", "worse")]
    if not everything:
        told = [
            *_main(changes),
            *(item for item in told if item.slice is not None or item.old.name not in MAIN),
        ]
    rows = [
        [
            item.flavour,
            item.precision,
            item.old.name if item.slice is None else f"{item.old.name}, {item.slice[0]} {item.slice[1]}",
            number(item.old.value, item.old.unit),
            bounds(item.old),
            number(item.new.value, item.new.unit),
            bounds(item.new),
            item.direction.value,
        ]
        for item in told
    ]
    header = ("flavour", "arithmetic", "figure", "old", "bounds", "new", "bounds", "")
    return table(header, rows, right=(3, 5)) if rows else ""


def _main(changes: Sequence[FigureChange]) -> list[FigureChange]:
    """The first figure of the list for each flavour, arithmetic and output."""
    found: dict[tuple[str, str, str], FigureChange] = {}
    for name in MAIN:
        for item in changes:
            if item.old.name == name and item.slice is None:
                found.setdefault((item.flavour, item.precision, item.output), item)
    return list(found.values())


def _sizes(found: BundleDifference, shown: int) -> str:
    rows = [
        [
            item.flavour,
            _size(item.old_installed),
            _size(item.new_installed),
            _size(item.old_download),
            _size(item.new_download),
        ]
        for item in found.sizes
    ]
    header = ("flavour", "installed", "-> now", "compressed", "-> now")
    lines = [table(header, rows, right=range(1, 5))]
    for item in found.sizes:
        for layer in item.layers[:shown]:
            sizes = f"{size_text(layer.old_bytes)} -> {size_text(layer.new_bytes)}"
            lines.append(f"  {item.flavour}  {layer.operator} {_cut(layer.name)}: {sizes}")
        if len(item.layers) > shown:
            lines.append(f"  {item.flavour}  ... and {len(item.layers) - shown} more layers")
    return "\n".join(lines)


def _size(size_bytes: int | None) -> str:
    return "none" if size_bytes is None else size_text(size_bytes)


def _updates(found: BundleDifference) -> str:
    if not found.updates:
        return ""
    rows = [
        [
            item.subject,
            size_text(item.whole_bytes),
            size_text(item.changed_bytes),
            "not measured" if item.patch_bytes is None else size_text(item.patch_bytes),
            str(item.changed_files),
        ]
        for item in found.updates
    ]
    text = table(("update of", "whole", "changed files", "zstd patch", "files"), rows, right=range(1, 5))
    if any(item.patch_bytes is None for item in found.updates):
        from fieldpack.difference.update_cost import INSTALL

        text += f"\npatches are measured with zstandard: {INSTALL}"
    return text


def _policy(broken: Sequence[Breach] | None) -> str:
    if broken is None:
        return ""
    if not broken:
        return "policy: KEPT"
    rows = [[item.rule, _cut(item.where), _cut(item.came), item.allowed] for item in broken]
    return f"{table(('policy', 'broken by', 'came', 'allowed'), rows)}\n\npolicy: BROKEN"

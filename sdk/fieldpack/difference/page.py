"""A difference as one HTML page in the style of the report, with pictures of the examples that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from fieldpack.difference.accuracy import Direction, FigureChange
from fieldpack.difference.answers import AnswerDifference, Flip
from fieldpack.difference.bundles import BundleDifference
from fieldpack.difference.change import RULES, Change
from fieldpack.difference.pictures import PICTURES
from fieldpack.report.html import Child, Markup, clip, element
from fieldpack.report.page import POLICY
from fieldpack.report.quantity import quantity, significant
from fieldpack.report.section import section

SHOWN = 500
"""Rows of a table, so that a new list of ten thousand labels leaves a page that opens."""


def difference_page(found: BundleDifference, pictures: Mapping[str, str]) -> str:
    """The page.

    Parameters
    ----------
    found : BundleDifference
        What differs.
    pictures : mapping of str to str
        Id of an example whose answer flipped -> data address of its picture.
    """
    style = files("fieldpack.report").joinpath("style.css").read_text(encoding="utf-8")
    title = f"{found.new.name} {found.old.version} to {found.new.version}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", f"{title} – Fieldpack difference"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("style", Markup(style)),
    )
    main = element(
        "main",
        _changes(found.changes),
        _flips(found, pictures),
        _figures(found.figures),
        _sizes(found),
        _updates(found),
    )
    body = element("body", _top(found), main, element("footer", f"sha256:{found.new.digest}"))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _top(found: BundleDifference) -> Markup:
    lead = f"{found.step.value.capitalize()}: {found.least_version} is due, {found.new.version} is stated."
    arrow = f"{found.old.version} → {found.new.version}"
    return element(
        "header",
        element("p", "Fieldpack difference", class_="kicker"),
        element("h1", found.new.name, " ", element("span", arrow, class_="version")),
        element("p", lead, class_="lead"),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[Child]], caption: str) -> Markup:
    shown = [element("tr", *[element("td", cell) for cell in row]) for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        more = f"and {len(rows) - SHOWN} more; --json lists all"
        shown.append(element("tr", element("td", more, colspan=len(heads))))
    head = element("tr", *[element("th", name, scope="col") for name in heads])
    caption_ = element("caption", caption)
    table = element("table", caption_, element("thead", head), element("tbody", *shown))
    return element("div", table, class_="scroll")


def _changes(changes: Sequence[Change]) -> Markup:
    rows = [
        [item.step.value, element("code", item.rule), element("bdi", clip(item.where)), _pair(item)]
        for item in changes
    ]
    told = {item.rule: RULES[item.rule].meaning for item in changes}
    meanings = [
        part
        for rule, text in told.items()
        for part in (element("dt", element("code", rule)), element("dd", text))
    ]
    if not rows:
        return section("changes", "Changes", element("p", "Nothing differs.", class_="note"))
    table = _table(("step", "rule", "where", "old → new"), rows, "Largest step first")
    return section("changes", "Changes", table, element("dl", *meanings))


def _pair(change: Change) -> Markup | None:
    if change.old is None and change.new is None:
        return None
    if change.category == "outputs":
        return element("bdi", clip(str(change.new)))
    words = ["none" if value is None else clip(str(value)) for value in (change.old, change.new)]
    return element("bdi", " → ".join(words))


def _flips(found: BundleDifference, pictures: Mapping[str, str]) -> Markup | None:
    items = [item for item in found.told_answers if item.flips]
    if not items:
        return None
    subject = "examples of the data" if found.measured else "golden vectors"
    parts: list[Child] = []
    for item in items:
        cards = [_card(flip, pictures.get(flip.id)) for flip in item.flips[:PICTURES]]
        parts += [element("h3", _flip_words(item, subject)), element("div", *cards, class_="examples")]
    return section("flips", "Answers that flipped", *parts)


def _flip_words(item: AnswerDifference, subject: str) -> str:
    some = f"; the first {PICTURES}" if len(item.flips) > PICTURES else ""
    return f"{item.flavour}: {len(item.flips)} of {item.count} {subject}{some}"


def _card(flip: Flip, address: str | None) -> Markup:
    picture = (
        element("div", "no picture", class_="picture")
        if address is None
        else element("img", src=address, alt=f"Example {clip(flip.id, 80)}", class_="picture", loading="lazy")
    )
    right = [] if flip.truth is None else [element("dt", "right"), element("dd", _label(flip.truth))]
    facts = element(
        "dl", *right, *_answer("old", flip.old, flip.old_score), *_answer("new", flip.new, flip.new_score)
    )
    name = element("p", element("bdi", clip(flip.id, 80)), class_="id")
    return element("article", picture, facts, name, class_="example changed")


def _answer(name: str, label: str, score: float) -> Iterator[Markup]:
    yield element("dt", name)
    yield element("dd", _label(label), " ", significant(score))


def _label(text: str) -> Markup:
    return element("bdi", clip(text, 60))


def _figures(changes: Sequence[FigureChange]) -> Markup | None:
    told = [
        item for item in changes if item.direction in (Direction.BETTER, Direction.WORSE, Direction.UNCLEAR)
    ]
    order = {Direction.WORSE: 0, Direction.BETTER: 1}
    told.sort(key=lambda item: order.get(item.direction, 2))
    rows = [
        [
            item.flavour,
            item.precision,
            item.old.name if item.slice is None else f"{item.old.name}, {' '.join(item.slice)}",
            quantity(item.old.value, item.old.unit),
            quantity(item.new.value, item.new.unit),
            item.direction.value,
        ]
        for item in told
    ]
    if not rows:
        return None
    heads = ("flavour", "arithmetic", "figure", "old", "new", "")
    return section("figures", "Figures", _table(heads, rows, "Clear where the 95 % bounds do not meet"))


def _sizes(found: BundleDifference) -> Markup:
    rows: list[list[Child]] = [
        [item.flavour, *(quantity(size, "bytes") if size is not None else "none" for size in sizes)]
        for item in found.sizes
        for sizes in [(item.old_installed, item.new_installed, item.old_download, item.new_download)]
    ]
    layers: list[list[Child]] = [
        [item.flavour, layer.operator, element("bdi", clip(layer.name)), layer.old_bytes, layer.new_bytes]
        for item in found.sizes
        for layer in item.layers
    ]
    heads = ("flavour", "installed", "now", "compressed", "now")
    parts = [_table(heads, rows, "Compressed by deflate, as the manifests estimate")]
    if layers:
        parts.append(_table(("flavour", "operator", "layer", "bytes", "now"), layers, "Weights by layer"))
    return section("sizes", "Sizes", *parts)


def _updates(found: BundleDifference) -> Markup | None:
    rows = [
        [
            item.subject,
            quantity(item.whole_bytes, "bytes"),
            quantity(item.changed_bytes, "bytes"),
            quantity(item.patch_bytes, "bytes"),
        ]
        for item in found.updates
    ]
    if not rows:
        return None
    heads = ("update of", "whole", "changed files", "zstd patch")
    return section("update", "What the update downloads", _table(heads, rows, "After compression"))

"""The examples that each flavour gets most wrong, as pictures with both answers."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping

from fieldpack.report.evidence import WorstRow
from fieldpack.report.html import Markup, clip, element, join
from fieldpack.report.material import Material
from fieldpack.report.quantity import percent, significant
from fieldpack.report.section import section

KEPT = 8
JPEG = b"\xff\xd8\xff"
LARGEST_PICTURE = 60_000
"""Bytes; a thumbnail takes 2 to 4 kB, so a larger file is something else."""


def pictures_within(material: Material, room: int) -> dict[str, str]:
    """Pictures of the worst examples as data addresses, highest rank of every flavour first.

    Parameters
    ----------
    material : Material
        Names the pictures.
    room : int
        Bytes of the page that they may take; a picture is written once for each use.
    """
    rows = [material.evidence.worst.get(flavour.name, ())[:KEPT] for flavour in material.manifest.flavours]
    ranked = [row.picture for rank in range(KEPT) for items in rows for row in items[rank : rank + 1]]
    uses = Counter(path for path in ranked if path is not None)
    pictures: dict[str, str] = {}
    for path, times in uses.items():
        address = _address(material, path)
        if address is not None and times * len(address) <= room:
            room -= times * len(address)
            pictures[path] = address
    return pictures


def _address(material: Material, path: str) -> str | None:
    entry = material.manifest.files.get(path)
    if entry is None or entry.size_bytes > LARGEST_PICTURE:
        return None
    data = material.read(path)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" if data.startswith(JPEG) else None


def example_section(material: Material, pictures: Mapping[str, str]) -> Markup | None:
    """Cards of examples, by flavour; None where none were kept."""
    parts = []
    for flavour in material.manifest.flavours:
        rows = material.evidence.worst.get(flavour.name, ())[:KEPT]
        if rows:
            changed = sum(row.source_top1 != row.flavour_top1 for row in rows)
            gist = f"{changed} of {len(rows)} shown have another top answer"
            summary = element("summary", element("h3", flavour.name), element("span", gist, class_="gist"))
            cards = [_card(material, row, pictures) for row in rows]
            body = element("div", *cards, class_="examples")
            parts.append(element("details", summary, body, class_="flavour", open="" if changed else None))
    if not parts:
        return None
    intro = "Picked by the largest divergence between source and flavour: not typical, but telling."
    return section("examples", "Examples that changed most", element("p", intro, class_="note"), *parts)


def _card(material: Material, row: WorstRow, pictures: Mapping[str, str]) -> Markup:
    address = pictures.get(row.picture or "")
    picture = (
        element("div", "no picture", class_="picture")
        if address is None
        else element("img", src=address, alt=f"Example {clip(row.id, 80)}", class_="picture", loading="lazy")
    )
    changed = row.source_top1 != row.flavour_top1
    truth = None if row.label < 0 else _line("truth", material.label(row.output, row.label), None, "")
    divergence = "" if row.divergence is None else f"KL {significant(row.divergence)}"
    facts = element(
        "dl",
        truth,
        _line(
            "source",
            material.label(row.output, row.source_top1),
            row.source_probability,
            _mark(row, row.source_top1),
        ),
        _line(
            "flavour",
            material.label(row.output, row.flavour_top1),
            row.flavour_probability,
            _mark(row, row.flavour_top1),
        ),
    )
    state = "answer changed" if changed else "same answer"
    foot = element("p", element("span", state, class_="state"), " ", divergence, class_="foot")
    name = element("p", element("bdi", clip(row.id, 80)), class_="id")
    return element("article", picture, facts, foot, name, class_=f"example{' changed' if changed else ''}")


def _mark(row: WorstRow, answer: int) -> str:
    return "" if row.label < 0 else " ✓" if answer == row.label else " ✗"


def _line(name: str, label: str, probability: float | None, mark: str) -> Markup:
    shown = None if probability is None else element("span", percent(probability, 0), class_="probability")
    return join(element("dt", name), element("dd", element("bdi", label), mark, " ", shown))

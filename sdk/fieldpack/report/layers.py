"""Where the error comes from: signal to noise of every layer, and the lowest ones by name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.report.evidence import LayerRow
from fieldpack.report.html import Child, Markup, clip, element, join
from fieldpack.report.material import Material
from fieldpack.report.quantity import MINUS, NARROW, count, significant
from fieldpack.report.section import section
from fieldpack.report.whiskers import bar

LOWEST = 25
TALLEST = 60.0
"""Decibels at which a bar is full; an error below 0.1 % needs no telling apart."""
LOUD, NOTABLE = 10.0, 20.0
STRIP = 110
TFLITE_NOTE = (
    "Each layer of the flavour against the same layer of the float model, on a few examples; errors add up "
    "on the way to the output."
)
COREML_NOTE = (
    "The same package in float32 and in float16-rounded arithmetic: a low bar is a layer at risk where the "
    "phone computes in half precision."
)


def layer_section(material: Material) -> Markup | None:
    """Layers of every flavour; None where none were compared."""
    parts: list[Child] = []
    for flavour in material.manifest.flavours:
        layers = material.measured(flavour.name).layers
        if layers:
            coreml = flavour.kind is FlavourKind.COREML
            parts.append(_flavour(flavour.name, layers, COREML_NOTE if coreml else TFLITE_NOTE, coreml))
    if not parts:
        return None
    intro = (
        "In decibels, higher is better: 40\u202fdB is an error of 1\u202f% of the signal, 20\u202fdB of "
        "10\u202f%, 10\u202fdB of about a third."
    )
    return section("layers", "Error by layer", element("p", intro, class_="note"), *parts)


def _flavour(name: str, layers: Sequence[LayerRow], note: str, coreml: bool) -> Markup:
    lowest = sorted(enumerate(layers), key=lambda item: (_decibel(item[1]), item[0]))[:LOWEST]
    head = _shared(layers)
    rows = [_row(number, layer, head) for number, layer in lowest]
    first = lowest[0][1]
    gist = f"lowest {_text(first)} of {count(len(layers), 'layer')}"
    summary = element(
        "summary",
        element("h3", name, ": fp16 risk" if coreml else None),
        element("span", gist, class_="gist"),
    )
    caption = (
        f"The {len(lowest)} lowest of {count(len(layers), 'layer')}"
        if len(layers) > len(lowest)
        else "All layers, lowest first"
    )
    columns = element(
        "tr",
        element("th", "Layer", scope="col"),
        element("th", element("span", "Drawing", class_="hidden"), scope="col"),
        element("th", "SQNR", scope="col", class_="number"),
    )
    table = element(
        "table",
        element("caption", caption),
        element("thead", columns),
        element("tbody", *rows),
        class_="rows layers",
    )
    strip = element(
        "figure",
        strip_drawing(layers),
        element("figcaption", "All layers in the order of computation, input left, output right"),
        class_="strip",
    )
    return element(
        "details", summary, element("p", note, class_="note"), strip, table, class_="flavour", open=""
    )


def _row(number: int, layer: LayerRow, shared: str) -> Markup:
    decibel = _decibel(layer)
    kind = "loud" if decibel < LOUD else "notable" if decibel < NOTABLE else "plain"
    largest = "" if layer.max_abs_error is None else f", largest error {significant(layer.max_abs_error)}"
    detail = f"layer {number + 1}{', ' + clip(layer.operator, 40) if layer.operator else ''}{largest}"
    share = 1.0 if decibel == math.inf else max(0.0, decibel) / TALLEST
    return element(
        "tr",
        element(
            "th",
            element("bdi", short_name(layer.name, shared), title=clip(layer.name, 200)),
            element("small", detail),
            scope="row",
        ),
        element("td", bar(share, kind), class_="drawing"),
        element("td", element("b", _text(layer)), class_="number"),
    )


def short_name(name: str, shared: str) -> str:
    """The first of joined names, without the folders that all layers share."""
    first = name.split(";")[0]
    first = first[len(shared) :] if first.startswith(shared) else first
    return first if len(first) <= 60 else f"…{first[-59:]}"


def _shared(layers: Sequence[LayerRow]) -> str:
    """The folders that most layer names begin with."""
    parts = [layer.name.split(";")[0].split("/")[:-1] for layer in layers]
    shared: list[str] = []
    while parts:
        heads = [item[len(shared)] for item in parts if len(item) > len(shared)]
        common = max(sorted(set(heads)), key=heads.count, default="")
        if heads.count(common) * 3 < 2 * len(layers):
            break
        shared.append(common)
        parts = [item for item in parts if item[: len(shared)] == shared]
    return "".join(f"{item}/" for item in shared)


def _decibel(layer: LayerRow) -> float:
    """For sorting and drawing: broken layers below all others, unknown ones above."""
    if not layer.finite:
        return -math.inf
    if layer.sqnr_db is None:
        return math.inf
    return -math.inf if math.isnan(layer.sqnr_db) else layer.sqnr_db


def _text(layer: LayerRow) -> str:
    if not layer.finite or (layer.sqnr_db is not None and math.isnan(layer.sqnr_db)):
        return "broken numbers"
    if layer.sqnr_db is None:
        return "empty"
    if math.isinf(layer.sqnr_db):
        return "no error" if layer.sqnr_db > 0 else f"{MINUS}∞{NARROW}dB"
    return f"{layer.sqnr_db:.1f}{NARROW}dB".replace("-", MINUS)


def strip_drawing(layers: Sequence[LayerRow]) -> Markup:
    """One column a layer in the order of computation; broken layers fill the height."""
    columns: dict[str, list[str]] = {"plain": [], "notable": [], "loud": []}
    for number, layer in enumerate(layers):
        decibel = _decibel(layer)
        kind = "loud" if decibel < LOUD else "notable" if decibel < NOTABLE else "plain"
        tall = TALLEST if decibel == -math.inf else min(TALLEST, max(decibel, 1.0))
        columns[kind].append(f"M{number}.1 60V{TALLEST - tall:.4g}h.8V60Z")
    paths = [
        element("path", d="".join(items), class_=f"bar {kind}") for kind, items in columns.items() if items
    ]
    columns_drawn = element(
        "svg",
        *paths,
        viewBox=f"0 0 {len(layers)} 60",
        preserveAspectRatio="none",
        width="100%",
        height=STRIP,
        x="0",
        y="0",
    )
    lines = []
    for decibel in (20, 40, 60):
        at = STRIP * (1 - decibel / TALLEST)
        lines.append(element("line", x1="0", x2="100%", y1=at, y2=at, class_="grid"))
        lines.append(element("text", f"{decibel} dB", x=-6, y=at + 4, text_anchor="end", class_="tick"))
    lines.append(element("text", "0", x=-6, y=STRIP + 2, text_anchor="end", class_="tick"))
    named = "Signal to noise of every layer in the order of computation"
    return element(
        "svg",
        element("title", named),
        join(*lines),
        columns_drawn,
        role="img",
        height=STRIP + 4,
        class_="strip-plot",
    )

"""Where the error comes from: signal to noise of every layer, and the lowest ones by name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.report.evidence import LayerRow
from fieldpack.report.html import Child, Markup, clip, element, join
from fieldpack.report.material import Material
from fieldpack.report.quantity import MINUS, NARROW, count, significant
from fieldpack.report.section import section
from fieldpack.report.whiskers import bar

LOWEST = 25
LONGEST_NAME = 52
MOST_COLUMNS = 1500
"""Of a larger graph the lowest of several neighbours is drawn."""
TALLEST = 60.0
"""Decibels at which a bar is full; an error below 0.1 % needs no telling apart."""
LOUD, NOTABLE = 10.0, 20.0
STRIP = 110
MOST_CROSSES = 40
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
    broken = sum(map(_broken, layers))
    lowest = min(layers, key=_decibel)
    gist = f"lowest {_text(lowest)} of {count(len(layers), 'layer')}"
    if broken:
        gist = f"{broken} of {count(len(layers), 'layer')} with broken numbers"
    summary = element(
        "summary",
        element("h3", name, ": fp16 risk" if coreml else None),
        element("span", gist, class_="gist"),
    )
    told = "All layers in the order of computation, input left, output right; "
    told += "amber below 20\u202fdB, red below 10\u202fdB"
    told += "; a cross marks broken numbers (NaN or infinite)" if broken else ""
    strip = element("figure", strip_drawing(layers), element("figcaption", told), class_="strip")
    notes = element("p", note, class_="note")
    return element("details", summary, notes, strip, _table(layers), class_="flavour", open="")


def _table(layers: Sequence[LayerRow]) -> Markup:
    lowest = sorted(enumerate(layers), key=lambda item: (_decibel(item[1]), item[0]))[:LOWEST]
    head = shared_beginning([layer.name for layer in layers])
    caption = "All layers, lowest first"
    if len(layers) > len(lowest):
        caption = f"The {len(lowest)} lowest of {count(len(layers), 'layer')}"
    columns = element(
        "tr",
        element("th", "Layer", scope="col"),
        element("th", element("span", "Drawing", class_="hidden"), scope="col"),
        element("th", "SQNR", scope="col", class_="number"),
    )
    return element(
        "table",
        element("caption", caption),
        element("thead", columns),
        element("tbody", *[_row(number, layer, head) for number, layer in lowest]),
        class_="rows layers",
    )


def _row(number: int, layer: LayerRow, shared: str) -> Markup:
    decibel = _decibel(layer)
    pieces = [f"#{number + 1}", clip(layer.operator, 40)]
    if layer.max_abs_error is not None and math.isfinite(layer.max_abs_error):
        pieces.append(f"max error {significant(layer.max_abs_error)}")
    detail = ", ".join(piece for piece in pieces if piece)
    share = 1.0 if decibel == math.inf else max(0.0, decibel) / TALLEST
    return element(
        "tr",
        element(
            "th",
            element("bdi", short_name(layer.name, shared), title=clip(layer.name, 200)),
            element("small", detail),
            scope="row",
        ),
        element("td", bar(share, _kind(layer)), class_="drawing"),
        element("td", element("b", _text(layer)), class_="number"),
    )


def short_name(name: str, shared: str) -> str:
    """The first of joined names, without the beginning that most layers share."""
    first = name.split(";")[0]
    first = first[len(shared) :] if first.startswith(shared) else first
    return first if len(first) <= LONGEST_NAME else f"...{first[3 - LONGEST_NAME :]}"


def shared_beginning(names: Sequence[str]) -> str:
    """What two names of three begin with: folders, or words where names have no folders.

    Of words the last one stays with the name, since it often says what the layer is.
    """
    firsts = [name.split(";")[0] for name in names]
    folders = sum("/" in name for name in firsts) * 2 > len(firsts)
    parts = [re.findall(r"[^/]*/" if folders else r"[^_]*_", name) for name in firsts]
    shared: list[str] = []
    while True:
        heads = Counter(item[len(shared)] for item in parts if len(item) > len(shared))
        common, times = min(heads.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
        if times * 3 < 2 * len(names):
            return "".join(shared if folders else shared[:-1])
        shared.append(common)
        parts = [item for item in parts if item[: len(shared)] == shared]


def _broken(layer: LayerRow) -> bool:
    return not layer.finite or (layer.sqnr_db is not None and math.isnan(layer.sqnr_db))


def _decibel(layer: LayerRow) -> float:
    """For sorting and drawing: broken layers below all others, unknown ones above."""
    if _broken(layer):
        return -math.inf
    return math.inf if layer.sqnr_db is None else layer.sqnr_db


def _kind(layer: LayerRow) -> str:
    decibel = _decibel(layer)
    return "loud" if decibel < LOUD else "notable" if decibel < NOTABLE else "plain"


def _text(layer: LayerRow) -> str:
    if _broken(layer):
        return "broken"
    if layer.sqnr_db is None:
        return "empty"
    if math.isinf(layer.sqnr_db):
        return "no error" if layer.sqnr_db > 0 else f"{MINUS}∞{NARROW}dB"
    return f"{layer.sqnr_db:.1f}{NARROW}dB".replace("-", MINUS)


def strip_drawing(layers: Sequence[LayerRow]) -> Markup:
    """One column a layer in the order of computation; broken layers fill the height."""
    step = math.ceil(len(layers) / MOST_COLUMNS)
    drawn = [min(layers[at : at + step], key=_decibel) for at in range(0, len(layers), step)]
    named = "Signal to noise of every layer in the order of computation"
    pieces = [element("title", named), _gridlines(), _columns(drawn), _crosses(drawn)]
    return element("svg", *pieces, role="img", height=STRIP + 4, class_="strip-plot")


def _columns(layers: Sequence[LayerRow]) -> Markup:
    columns: dict[str, list[str]] = {"plain": [], "notable": [], "loud": []}
    for number, layer in enumerate(layers):
        tall = TALLEST if _broken(layer) else min(TALLEST, max(_decibel(layer), 1.0))
        columns[_kind(layer)].append(f"M{number}.1 60V{TALLEST - tall:.4g}h.8V60Z")
    paths = [
        element("path", d="".join(items), class_=f"bar {kind}") for kind, items in columns.items() if items
    ]
    box = f"0 0 {len(layers)} 60"
    return element("svg", *paths, viewBox=box, preserveAspectRatio="none", width="100%", height=STRIP)


def _gridlines() -> Markup:
    lines = []
    for decibel in (0, 20, 40, 60):
        at = STRIP * (1 - decibel / TALLEST)
        name = f"{decibel} dB" if decibel else "0"
        lines.append(element("line", x1="0", x2="100%", y1=at, y2=at, class_="grid"))
        lines.append(element("text", name, x=-6, y=at + 4, text_anchor="end", class_="tick"))
    return join(*lines)


def _crosses(layers: Sequence[LayerRow]) -> Markup:
    broken = [number for number, layer in enumerate(layers) if _broken(layer)][:MOST_CROSSES]
    places = [f"{100 * (number + 0.5) / len(layers):.2f}%" for number in broken]
    return join(
        *[element("text", "✕", x=place, y=-3, text_anchor="middle", class_="cross") for place in places]
    )

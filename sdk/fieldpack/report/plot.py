"""Size against accuracy: the one drawing that says what compression bought and what it cost.

The drawing stretches with the screen and its letters do not: horizontal positions are in
percent, vertical ones in CSS pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fieldpack.report.evidence import QUALITIES
from fieldpack.report.html import Markup, element, join
from fieldpack.report.icons import MARKER_NAMES, marker
from fieldpack.report.material import Material
from fieldpack.report.placement import Place, Spot, freedom, place_labels
from fieldpack.report.quantity import NARROW, bounds, percent, quantity, significant, size
from fieldpack.report.scale import Scale, log_ticks, straight_ticks
from fieldpack.report.section import section
from fieldpack.verdict import Figure

TOP, ROOM = 26.0, 34.0
Height = Callable[[float], float]
"""From a figure to its height in the drawing, CSS pixels from the top."""
AXES = {
    "flavour_top1": "Top-1 accuracy",
    "top1_agreement": "Same top answer as the source",
    "centred_cosine": "Centred cosine with the source",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One flavour of the plot."""

    name: str
    size_bytes: int
    figure: Figure
    precision: str


def plot_section(material: Material) -> Markup | None:
    """The plot and the same figures as a table; None where nothing comparable was measured."""
    found = _points(material)
    if found is None:
        return None
    output, quality, points, source = found
    several = len(material.manifest.contract.outputs) > 1
    caption = _caption(quality, source, output if several else "", points)
    drawing = element(
        "figure",
        element("p", AXES[quality], " (up is better)", class_="axis-title"),
        draw(points, quality, source),
        element("p", "Size on the phone (logarithmic; left is better)", class_="axis-title x"),
        element("figcaption", caption),
        class_="plot",
    )
    return section("size", "Size against accuracy", drawing, _table(points, quality))


def _points(material: Material) -> tuple[str, str, list[Point], Figure | None] | None:
    for quality in QUALITIES:
        for output in (item.name for item in material.manifest.contract.outputs):
            points, source = [], None
            for flavour in material.manifest.flavours:
                worse = material.measured(flavour.name).worse(output)
                figure = worse[1].figure(quality) if worse else None
                if worse and figure:
                    points.append(Point(flavour.name, flavour.installed_bytes, figure, worse[0]))
                    source = worse[1].figure("source_top1") if quality == "flavour_top1" else None
            if points:
                return output, quality, points, source
    return None


def _caption(quality: str, source: Figure | None, output: str, points: Sequence[Point]) -> str:
    text = "Each point is a flavour"
    text += f", on output {output}" if output else ""
    text += "; bars are its 95 % bounds" if any(not point.figure.exact for point in points) else ""
    if quality == "flavour_top1" and source is not None and source.value is not None:
        text += f". The dashed line is the source model on the same examples ({percent(source.value)})"
    elif quality != "flavour_top1":
        text += (
            ". The examples have no labels, so the source model itself is the measure: the dashed line at "
        )
        text += "100 % is full agreement" if quality == "top1_agreement" else "1 is equality"
    shapes = sorted({point.figure.evidence for point in points})
    if len(shapes) > 1:
        named = ", ".join(f"{MARKER_NAMES[shape]} {shape.value}" for shape in shapes)
        text += f". Shapes tell the evidence apart ({named}); compare within one shape"
    if any(point.precision in ("fp32", "fp16") for point in points):
        text += ". Core ML is drawn in the worse of its two precisions"
    return text + "."


def draw(points: Sequence[Point], quality: str, source: Figure | None) -> Markup:
    """The drawing alone."""
    height = max(260.0, 150.0 + 40.0 * len(points))
    line = source.value if source is not None else None if quality == "flavour_top1" else 1.0
    across, up = _across(points), _upward(points, line)
    bottom = TOP + height

    def y(value: float) -> float:
        return bottom - height * up.share(value)

    share = quality != "centred_cosine"
    grid = []
    for tick in straight_ticks(up.low, up.high, 6):
        text = percent(tick, 0 if up.high - up.low > 0.06 else 1) if share else significant(tick)
        grid.append(element("line", x1="0", x2="100%", y1=y(tick), y2=y(tick), class_="grid"))
        grid.append(element("text", text, x=-8, y=y(tick) + 4, text_anchor="end", class_="tick"))
    for tick in log_ticks(across.low, across.high, 5):
        at = across.percent(tick)
        grid.append(element("line", x1=at, x2=at, y1=bottom, y2=bottom + 5, class_="axis"))
        grid.append(
            element("text", _tick(round(tick)), x=at, y=bottom + 20, text_anchor="middle", class_="tick")
        )
    grid.append(element("line", x1="0", x2="100%", y1=bottom, y2=bottom, class_="axis"))
    spots = [_spot(point, across, y) for point in points]
    reference, reserved = _reference(line, quality, y, spots)
    places = place_labels(spots, bottom, reserved)
    drawn = [_point(*item) for item in zip(points, spots, places, strict=True)]
    described = "; ".join(
        f"{p.name}: {size(p.size_bytes)}, {quantity(p.figure.value, p.figure.unit)}" for p in points
    )
    return element(
        "svg",
        element("title", f"{AXES[quality]} against size on the phone. {described}"),
        *grid,
        reference,
        *drawn,
        role="img",
        height=bottom + ROOM,
        class_="size-plot",
    )


def _tick(size_bytes: int) -> str:
    number, unit = size(size_bytes).split(NARROW)
    return f"{float(number):g}{NARROW}{unit}"


def _across(points: Sequence[Point]) -> Scale:
    low, high = min(p.size_bytes for p in points) / 1.35, max(p.size_bytes for p in points) * 1.35
    widen = max(1.0, 4.0 / (high / low)) ** 0.5
    return Scale(low / widen, high * widen, logarithmic=True)


def _upward(points: Sequence[Point], line: float | None) -> Scale:
    ends = [end for p in points for end in (p.figure.low, p.figure.value, p.figure.high) if end is not None]
    ends += [] if line is None else [line]
    low, high = min(ends), max(ends)
    margin = max(0.08 * (high - low), 0.01)
    return Scale(max(low - margin, 0.0) if low >= 0 else low - margin, min(high + margin, 1.0))


def _reference(
    line: float | None, quality: str, y: Height, spots: Sequence[Spot]
) -> tuple[Markup | None, list[tuple[float, float]]]:
    """The line of the source model with its name at the freer end, and the band that both take."""
    if line is None:
        return None, []
    at = y(line)
    text = f"source model {percent(line)}" if quality == "flavour_top1" else "source model"
    label = Spot(0.0, at, at, at, (text,))
    ends = {0.0: Place("start", 2.0, -6.0), 1.0: Place("end", -2.0, -6.0)}
    share = max(ends, key=lambda end: (freedom(replace(label, share=end), ends[end], spots), end))
    return (
        join(
            element("line", x1="0", x2="100%", y1=at, y2=at, class_="reference"),
            element(
                "text",
                text,
                x=f"{100 * share:g}%",
                dx=ends[share].dx,
                y=at - 6,
                text_anchor=ends[share].anchor,
                class_="reference-label",
            ),
        ),
        [(at - 19.0, at + 2.0)],
    )


def _spot(point: Point, across: Scale, y: Height) -> Spot:
    figure, value = point.figure, point.figure.value or 0.0
    shown = percent(value) if figure.unit == "fraction" else significant(value)
    return Spot(
        share=across.share(point.size_bytes),
        y=y(value),
        top=y(value if figure.high is None else figure.high),
        bottom=y(value if figure.low is None else figure.low),
        lines=(point.name, f"{shown} · {size(point.size_bytes)}"),
    )


def _point(point: Point, spot: Spot, place: Place) -> Markup:
    name, figures = spot.lines
    top, bottom = spot.top - spot.y, spot.bottom - spot.y
    whisker = f"M0 {top:.1f}V{bottom:.1f}M-5 {top:.1f}H5M-5 {bottom:.1f}H5"
    return element(
        "svg",
        None if point.figure.exact else element("path", d=whisker, class_="whisker"),
        _leader(place),
        marker(point.figure.evidence),
        element("text", name, x=place.dx, y=place.dy, text_anchor=place.anchor, class_="name"),
        element("text", figures, x=place.dx, y=place.dy + 15, text_anchor=place.anchor, class_="figures"),
        x=f"{100 * spot.share:.2f}%",
        y=spot.y,
        class_="point",
    )


def _leader(place: Place) -> Markup | None:
    centre = place.dy + 3
    if place.anchor == "middle" or abs(centre) < 22:
        return None
    return element("path", d=f"M0 0L{place.dx * 0.8:.1f} {centre - 5:.1f}", class_="leader")


def _table(points: Sequence[Point], quality: str) -> Markup:
    rows = [
        element(
            "tr",
            element("th", point.name, scope="row"),
            element("td", size(point.size_bytes)),
            element("td", quantity(point.figure.value, point.figure.unit)),
            element("td", bounds(point.figure) or "exact"),
            element("td", "–" if point.figure.n is None else f"{point.figure.n:,}"),
            element("td", f"{point.figure.evidence.value} ({point.precision})"),
        )
        for point in points
    ]
    head = ("Flavour", "Size", AXES[quality], "95 % bounds", "Examples", "Evidence")
    table = element(
        "table",
        element("thead", element("tr", *[element("th", name, scope="col") for name in head])),
        element("tbody", *rows),
    )
    return element(
        "details",
        element("summary", "The same figures as a table"),
        element("div", table, class_="scroll", tabindex="0"),
    )

"""How far the estimates of every flavour lie from the truth, and what its intervals hold."""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.estimates.fit import IntervalFit
from fieldpack.report.evidence import Comparison
from fieldpack.report.html import Child, Markup, clip, element
from fieldpack.report.material import Material
from fieldpack.report.quantity import percent, significant
from fieldpack.report.section import section

HEADS = ("Model", "RMSE", "Mean absolute error", "Bias", "R2", "Inside the interval", "Width")
LEVELS = ("rmse", "mae", "bias", "r2", "coverage", "width")
SHARES = ("coverage",)


def estimate_section(material: Material) -> Markup | None:
    """One table a quantity; None where nothing was held against the truth."""
    quantities = material.manifest.contract.quantities
    parts: list[Child] = [table for name in quantities if (table := _table(material, name)) is not None]
    parts += _intervals(material)
    return section("estimates", "Estimates and the truth", *parts) if parts else None


def _table(material: Material, quantity: str) -> Markup | None:
    rows: list[Markup] = []
    for flavour in material.manifest.flavours:
        for arithmetic, run in material.measured(flavour.name).estimates.items():
            if quantity not in run:
                continue
            if not rows:
                rows.append(_row("source", run[quantity], "source"))
            name = flavour.name if arithmetic == "native" else f"{flavour.name}, {arithmetic}"
            rows.append(_row(name, run[quantity], "flavour"))
    if not rows:
        return None
    unit = next(
        item.unit
        for item in material.manifest.contract.outputs
        if item.estimate is not None and item.estimate.quantity == quantity
    )
    head = element("tr", *[element("th", text, scope="col") for text in HEADS])
    caption = element("caption", f"{clip(quantity)}, errors and widths in {clip(unit or 'its own unit')}")
    return element("table", caption, element("thead", head), element("tbody", *rows))


def _row(name: str, comparison: Comparison, model: str) -> Markup:
    cells = [element("td", _shown(comparison, model, level), class_="number") for level in LEVELS]
    return element("tr", element("th", element("bdi", clip(name)), scope="row"), *cells)


def _shown(comparison: Comparison, model: str, level: str) -> str:
    figure = comparison.figure(f"{model}_{level}")
    if figure is None or figure.value is None:
        return "-"
    return percent(figure.value) if level in SHARES else significant(figure.value, 4)


def _intervals(material: Material) -> Iterator[Markup]:
    """What the refit left of each flavour, in words."""
    for place, interval in enumerate(material.manifest.contract.intervals):
        ends = ", ".join(f"{end:g}" for end in interval.bins)
        fits = "; ".join(
            f"{flavour.name} {_numbers(flavour.intervals[place])}"
            for flavour in material.manifest.flavours
            if place < len(flavour.intervals)
        )
        kind = "ends move outwards by" if interval.ends.kind == "quantiles" else "multiples of the spread:"
        bins = f", in bins of the answer that end at {ends}" if ends else ""
        promise = f"{clip(interval.name)} promises {percent(interval.coverage)}{bins}"
        yield element("p", f"Interval {promise}; {kind} {fits}.", class_="note")


def _numbers(fit: IntervalFit) -> str:
    return ", ".join(significant(number, 4) for number in fit.numbers)

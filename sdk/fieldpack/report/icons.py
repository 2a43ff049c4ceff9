"""Marks that differ in shape as well as in colour, so that no reader depends on colour."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fieldpack.report.html import Markup, element, join
from fieldpack.verdict import Evidence, Outcome

WORDS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: "Pass",
        Outcome.FAIL: "Fail",
        Outcome.INCONCLUSIVE: "Inconclusive",
        Outcome.NOT_RUN: "Not run",
    }
)
SHAPES: Mapping[Outcome, tuple[str, str]] = MappingProxyType(
    {
        Outcome.PASS: ("M10 1a9 9 0 1 0 0 18a9 9 0 1 0 0-18Z", "M5.5 10.5l3 3 6-7"),
        Outcome.FAIL: ("M6 1h8l5 5v8l-5 5H6l-5-5V6Z", "M6.5 6.5l7 7M13.5 6.5l-7 7"),
        Outcome.INCONCLUSIVE: (
            "M10 0L20 10 10 20 0 10Z",
            "M7.5 8a2.5 2.5 0 1 1 3.6 2.2q-1.1.6-1.1 1.8M10 14.6v.4",
        ),
        Outcome.NOT_RUN: ("M2 2h16v16H2Z", "M6 10h8"),
    }
)
"""A circle with a tick, an octagon with a cross, a diamond with a question mark, a square with a dash."""
MARKERS: Mapping[Evidence, str] = MappingProxyType(
    {
        Evidence.DEVICE: "M-6-6h12v12h-12Z",
        Evidence.HOST: "M0-6.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13Z",
        Evidence.EMULATED: "M0-8L7.5 6h-15Z",
        Evidence.REFERENCE: "M0-8.5L8.5 0 0 8.5-8.5 0Z",
        Evidence.ESTIMATED: "M-6.5-2.5h4v-4h5v4h4v5h-4v4h-5v-4h-4Z",
        Evidence.NOT_RUN: "M-6.5-6.5L6.5 6.5M-6.5 6.5L6.5-6.5",
    }
)
"""Outlines of the points of a plot, by evidence class."""
MARKER_NAMES: Mapping[Evidence, str] = MappingProxyType(
    {
        Evidence.DEVICE: "square",
        Evidence.HOST: "circle",
        Evidence.EMULATED: "triangle",
        Evidence.REFERENCE: "diamond",
        Evidence.ESTIMATED: "plus",
        Evidence.NOT_RUN: "cross",
    }
)


def symbols() -> Markup:
    """The shapes, defined once; :func:`badge` refers to them."""
    drawn = [
        element(
            "symbol",
            element("path", d=outline, class_="shape"),
            element("path", d=sign, class_="sign"),
            id=f"is-{outcome.value}",
            viewBox="-1 -1 22 22",
        )
        for outcome, (outline, sign) in SHAPES.items()
    ]
    return element("svg", *drawn, class_="hidden", aria_hidden="true", width=0, height=0)


def badge(outcome: Outcome) -> Markup:
    """The word of an outcome with its shape."""
    shape = element("svg", element("use", href=f"#is-{outcome.value}"), aria_hidden="true", class_="icon")
    return element("span", join(shape, WORDS[outcome]), class_=f"badge {outcome.value}")


def marker(evidence: Evidence) -> Markup:
    """The point of a plot for an evidence class, around 0, 0."""
    return element("path", d=MARKERS[evidence], class_="marker")

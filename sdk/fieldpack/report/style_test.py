"""The style by numbers: contrast as WCAG 2.2 computes it, level AA, in light and in dark."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

STYLE = files("fieldpack.report").joinpath("style.css").read_text(encoding="utf-8")
TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "soft", "accent") for ground in ("paper", "card", "faint")],
    *[(word, ground, TEXT) for word in ("pass", "fail", "open", "idle") for ground in ("paper", "card")],
    *[(word, f"{word}-bg", TEXT) for word in ("pass", "fail", "open", "idle")],
    *[("ink", f"{word}-bg", TEXT) for word in ("pass", "fail", "open", "idle")],
    *[("sign", word, SHAPE) for word in ("pass", "fail", "open", "idle")],
    *[(bar, "room", 2.0) for bar in ("bar", "bar-notable", "bar-loud")],
    *[(bar, "paper", 2.4) for bar in ("bar", "bar-notable", "bar-loud")],
]
"""The last two are bars, whose figure stands beside them as text."""


def colours(mode: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found if mode == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_agrees_with_the_known_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(mode: str, front: str, back: str, least: float) -> None:
    found = colours(mode)
    assert contrast(found[front], found[back]) >= least


def test_every_colour_that_is_used_is_defined_in_both_modes() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert used == set(re.findall(r"--([\w-]+):", light)) == set(re.findall(r"--([\w-]+):", dark))


def test_the_style_asks_nothing_of_the_network() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "<" not in STYLE

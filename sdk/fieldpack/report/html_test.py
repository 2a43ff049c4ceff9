from __future__ import annotations

import pytest

from fieldpack.report.html import Markup, clip, coordinate, element, join, visible


def test_text_is_escaped_and_markup_is_kept() -> None:
    made = element("p", "<b>&", Markup("<i>x</i>"), None, 7)
    assert made == "<p>&lt;b&gt;&amp;<i>x</i>7</p>"


def test_attributes_are_escaped_and_named_as_html_names_them() -> None:
    made = element("a", "x", class_='"><script>', aria_label="a'b", href=None)
    assert made == '<a class="&quot;&gt;&lt;script&gt;" aria-label="a&#x27;b">x</a>'


def test_joined_text_stays_escaped_when_it_is_used_again() -> None:
    assert element("p", join("<", element("b", "<"))) == "<p>&lt;<b>&lt;</b></p>"


def test_void_elements_have_no_end() -> None:
    assert element("img", src="x") == '<img src="x">'
    assert element("circle", r=4.5) == '<circle r="4.5"/>'


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\x00", "\x1b", "\ud800", "\ue000", "\u200f"])
def test_what_cannot_be_seen_or_turns_the_text_is_shown_as_a_mark(char: str) -> None:
    assert visible(f"a{char}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["Zürich 🐝", "蜜蜂", "a\u202fb", "é\u0301", "“x” – y"])
def test_letters_of_any_script_stay(text: str) -> None:
    assert visible(text) == text


def test_lines_become_spaces() -> None:
    assert visible("a\nb\tc") == "a b c"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.125, "0.12"), (-0.001, "0"), (100.0, "100"), (-2.5, "-2.5"), (10.0, "10")],
)
def test_coordinates_are_short(value: float, text: str) -> None:
    assert coordinate(value) == text


def test_a_long_name_is_cut() -> None:
    assert clip("x" * 500, 10) == "x" * 9 + "…"
    assert clip("x" * 10, 10) == "x" * 10

"""Text of others in Markdown, read by the parser that GitHub made."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st

from fieldpack.verdict_files.markdown import LONGEST_NAME, LONGEST_TEXT, code, plain, table

HOSTILE = (
    "a|b", "a\\|b", "a\\", "`", "``a`` b", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "</td></table>", "[a](javascript:b)", "![a](b)", "*a* _b_ ~~c~~ $d$", "&lt;&#124;&amp", "<!-- a",
    "a\r\n\n| b |\n# c", "a\0b\x1b[31m", "\u202egnp.exe", "\u05d0\u05d1\u05d2", "\ud800", "ftp://a.b",
    "@team #12 www.a.org http://a.org a@b.org :tada:", "mailto:a@b.cc",
)  # fmt: skip
UNTRUSTING = Options.CMARK_OPT_UNSAFE
"""The parser passes HTML on, so that only our text keeps it out."""


def cells(markdown: str) -> list[ET.Element]:
    """The cells of the only row of the only table."""
    html = github_flavored_markdown_to_html(markdown, UNTRUSTING)
    body = re.fullmatch(r"<table>.*<tbody>(.*)</tbody>\s*</table>\s*", html, re.DOTALL)
    assert body, html
    (row,) = ET.fromstring(f"<all>{body[1]}</all>")
    return list(row)


def texts(cell: ET.Element) -> str:
    return "".join(cell.itertext()).replace("\u2060", "")


def expected(text: str) -> str:
    """Blanks are one, and what has no shape is named."""
    one_line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else f"<U+{ord(letter):04X}>" for letter in one_line)


@given(
    st.text(max_size=LONGEST_NAME // 8) | st.text("|\\`<>&#;*_[]()!~$@:/ ab\n-", max_size=LONGEST_NAME // 8)
)
@example("a\\|b")
def test_whatever_a_name_is_it_stays_the_text_of_its_cell(name: str) -> None:
    sentence, shape = cells(table(("a", "b"), [(plain(f"x {name} y"), code(f"x{name}y"))]))
    assert list(sentence) == []
    assert texts(sentence) == expected(f"x {name} y")
    (only,) = shape
    assert only.tag == "code"
    assert texts(shape) == expected(f"x{name}y")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_inert(name: str) -> None:
    sentence, shape = cells(table(("a", "b"), [(plain(name), code(name))]))
    assert {item.tag for cell in (sentence, shape) for item in cell} == {"code"}
    for cell in (sentence, shape):
        assert texts(cell) == expected(name)


@pytest.mark.parametrize("text", ["@team", "see #12", "www.a.org", "WWW.a.org", "https://a.org", ":tada:"])
def test_no_service_finds_something_to_link_in_a_sentence(text: str) -> None:
    shown = plain(text)
    assert re.search(r"[@#]\w|www\.|://|:\w+:", shown, re.IGNORECASE) is None
    assert shown.replace("\u2060", "") == text


def test_plain_names_stay_readable_in_the_source() -> None:
    assert code("instructions.qemu-arm64:cortex-a76") == "`instructions.qemu-arm64:cortex-a76`"
    assert plain("top1_drop is 0.2 <= 0.3; in a/b (c)") == "top1_drop is 0.2 <= 0.3; in a/b (c)"
    assert code(" ") == "unnamed"


@pytest.mark.parametrize(("write", "most"), [(code, LONGEST_NAME + 2), (plain, LONGEST_TEXT)])
def test_long_text_loses_its_middle(write: Callable[[str], str], most: int) -> None:
    shown = write("start" + "x" * 2000 + "end")
    assert len(shown) == most
    assert "start" in shown
    assert "…" in shown
    assert shown.strip("`").endswith("end")


def test_rows_that_have_no_room_are_counted() -> None:
    text = table(("a",), [("x" * 10,)] * 9, room=45)
    assert text.count("x" * 10) == 3
    assert text.endswith("\n\nand 6 more")

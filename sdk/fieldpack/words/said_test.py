from __future__ import annotations

import re
from html import unescape

import pytest
from cmarkgfm import github_flavored_markdown_to_html

from fieldpack.words.said import Piece, Said, Source, bullets, joined, say, table
from fieldpack.words.stated import Stated, plain

FACT = Said((Piece("12", Source("d" * 64, "manifest.json", "/n")),))


def test_words_take_facts_in_turn_and_by_name() -> None:
    said = say("{} of {all}, float32", FACT, all=say("many"))
    assert str(said) == "12 of many, float32"
    assert said.sources == [
        {"text": "12", "bundle": "d" * 64, "file": "manifest.json", "pointer": "/n"},
    ]


@pytest.mark.parametrize("words", ["12 of {}", "{}: ½", "{} ²", "about ١٢ {}", "int8 or int4 {}"])
def test_a_number_among_the_words_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="a number without a source"):
        say(words, FACT)


def test_a_separator_and_a_header_are_words_too() -> None:
    with pytest.raises(ValueError, match="a number without a source"):
        joined([FACT, FACT], " 3 ")
    with pytest.raises(ValueError, match="a number without a source"):
        table(["top 7"], [[FACT]])


def test_braces_can_be_said() -> None:
    assert str(say("{{{}}}", FACT)) == "{12}"


@pytest.mark.parametrize("text", ["# x", "- x", "+ x", "1. x", "12) x", "> x", "=== x", "bee", "\u866b"])
def test_a_line_of_a_list_is_text_whatever_it_begins_with(text: str) -> None:
    line = Stated(text, Source("d" * 64, "labels.txt", "line=1"))
    html = str(github_flavored_markdown_to_html(str(bullets([plain(line), plain(line)]))))
    assert re.findall(r"<(\w+)", html) == ["ul", "li", "li"]
    assert unescape(html).count(text) == 2


def test_a_table_aligns_its_numbers() -> None:
    made = table(("name", "count"), [(say("bee"), FACT)], ("count",))
    assert str(made) == "| name | count |\n| --- | ---: |\n| bee | 12 |"

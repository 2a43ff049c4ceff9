"""Sentences in which every number has a source: a law of the code, not of the author's care.

A text consists of pieces. A piece is either the words of this package, which hold no digit but in the
names of :data:`TERMS`, or what a file of a bundle states, with the place where it stands. So a number that
no bundle states cannot be written; one that was computed from two has no place, and both are said instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter

TERMS = ("SHA-256", "sha256", "top-1", "top-5", "WGS 84", "float32", "float16", "int8", "H3")
"""Names of the field that hold a digit and are no numbers."""
_TERM = re.compile("|".join(map(re.escape, TERMS)), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value stands.

    Attributes
    ----------
    bundle : str
        Digest of the bundle, 64 hexadecimal digits.
    file : str
        Path in the bundle.
    pointer : str
        JSON Pointer (RFC 6901) in a JSON file, ``line=K`` from 1 (RFC 5147 counts from 0) in a text.
    """

    bundle: str
    file: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; words of this package have no source."""

    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A text with the sources of what it states."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def sources(self) -> list[dict[str, str]]:
        """Every number as written, with bundle, file and pointer: plain data."""
        return [
            {"text": piece.text, "bundle": at.bundle, "file": at.file, "pointer": at.pointer}
            for piece in self.numbers
            if (at := piece.source) is not None
        ]

    @property
    def numbers(self) -> tuple[Piece, ...]:
        """Every stated piece that holds a digit, in the order of the text."""
        return tuple(piece for piece in self.pieces if piece.source is not None and _numeric(piece.text))


NOTHING = Said(())


def say(template: str, *facts: Said, **named: Said) -> Said:
    """Words with facts in their braces, ``{}`` in turn or ``{name}``.

    Raises
    ------
    ValueError
        The words hold a number, which is then without a source.
    """
    pieces: list[Piece] = []
    turn = iter(facts)
    for words, field, _, _ in Formatter().parse(template):
        if words:
            pieces.append(_words(words))
        if field is not None:
            pieces += (named[field] if field else next(turn)).pieces
    return Said(tuple(pieces))


def joined(parts: Iterable[Said], separator: str = "", last: str | None = None) -> Said:
    """Texts one behind the other; `last` stands before the last of several instead of the separator."""
    pieces: list[Piece] = []
    texts = list(parts)
    for place, part in enumerate(texts):
        between = last if last is not None and place == len(texts) - 1 else separator
        if place and between:
            pieces.append(_words(between))
        pieces += part.pieces
    return Said(tuple(pieces))


def bullets(lines: Iterable[Said]) -> Said:
    """A Markdown list; whatever a line begins with, it is no heading, list or quotation inside it."""
    return joined((say("- {}", _inline(line)) for line in lines), "\n")


def _inline(line: Said) -> Said:
    """The line with its first letter as a character reference where it could be structure."""
    first, *rest = line.pieces
    letter = first.text[:1]
    if first.source is None or letter.isalpha() or letter in "`&<":
        return line
    return Said((Piece(f"&#{ord(letter)};{first.text[1:]}", first.source), *rest))


def table(header: Sequence[str], rows: Iterable[Sequence[Said]], right: Collection[str] = ()) -> Said:
    """A Markdown table; the columns named in `right` are aligned so. Cells are text of one line."""
    ruler = " | ".join("---:" if name in right else "---" for name in header)
    lines = [say(f"| {' | '.join(header)} |"), say(f"| {ruler} |")]
    lines += [say("| {} |", joined(row, " | ")) for row in rows]
    return joined(lines, "\n")


def _words(text: str) -> Piece:
    if _numeric(_TERM.sub("", text)):
        raise ValueError(f"a number without a source: {text!r}")
    return Piece(text)


def _numeric(text: str) -> bool:
    return any(letter.isnumeric() for letter in text)

"""Values of a bundle's files that know their place, and how each is written in Markdown.

:class:`Stated` walks plain JSON as a mapping or a list would, and takes the JSON Pointer along. The
functions below are the only ones that turn a value into a piece of text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fieldpack.report import quantity as figures
from fieldpack.report.vocabulary import title
from fieldpack.verdict import Figure, Verdict
from fieldpack.verdict_files import markdown
from fieldpack.words.said import Piece, Said, Source, joined, say


@dataclass(frozen=True, slots=True)
class Stated:
    """A value, and where it stands.

    Attributes
    ----------
    value
        Plain JSON.
    source : Source
        Its place.
    """

    value: Any
    source: Source

    def __getitem__(self, key: str | int) -> Stated:
        part = str(key).replace("~", "~0").replace("/", "~1")
        source = self.source
        return Stated(self.value[key], Source(source.bundle, source.file, f"{source.pointer}/{part}"))

    def __iter__(self) -> Iterator[Stated]:
        keys = self.value if isinstance(self.value, dict) else range(len(self.value))
        return (self[key] for key in keys)

    def get(self, *keys: str | int) -> Stated | None:
        """What stands there, or None where nothing does or null."""
        found = self
        for key in keys:
            if isinstance(key, str) and key not in found.value:
                return None
            found = found[key]
            if found.value is None:
                return None
        return found

    def items(self) -> Iterator[tuple[str, Stated]]:
        """Keys of an object, and what stands there."""
        return ((key, self[key]) for key in self.value)

    def key(self, key: str) -> Said:
        """A key of this object, as text."""
        return Said((Piece(markdown.plain(key), self[key].source),))

    def written(self, text: str) -> Said:
        """The value as this text."""
        return Said((Piece(text, self.source),))


def plain(stated: Stated) -> Said:
    """Text that anybody wrote, inert and in one line."""
    return stated.written(markdown.plain(str(stated.value)))


def code(stated: Stated) -> Said:
    """A name in a fixed-width font."""
    return stated.written(markdown.code(str(stated.value)))


def digest(stated: Stated) -> Said:
    """A SHA-256, all of it."""
    return say("`sha256:{}`", stated.written(str(stated.value)))


def number(stated: Stated) -> Said:
    """A number as it stands; whole ones with commas."""
    value = stated.value
    if isinstance(value, int):
        return stated.written(f"{value:,}".replace("-", figures.MINUS))
    return stated.written(f"{value:.9g}".replace("-", figures.MINUS))


def numbers(stated: Stated, between: str = ", ") -> Said:
    """A list of them."""
    return joined(map(number, stated), between)


def amount(stated: Stated, one: str, many: str | None = None) -> Said:
    """So many things, in the right grammatical number."""
    return say("{} " + (one if stated.value == 1 else many or f"{one}s"), number(stated))


def size(stated: Stated) -> Said:
    """Bytes for people: in B, kB or MB."""
    return stated.written(figures.size(stated.value))


def share(stated: Stated) -> Said:
    """A fraction in percent."""
    return stated.written(figures.percent(stated.value))


def measured(figure: Stated) -> bool:
    """Whether a figure has a finite value."""
    value = figure["value"].value
    return isinstance(value, int | float) and math.isfinite(value)


def titled(name: Stated) -> Said:
    """The plain title of a figure, by its name."""
    return name.written(markdown.plain(title(name.value)))


def figure(stated: Stated) -> Said:
    """The value of a figure with its unit."""
    found = Figure.from_dict(stated.value)
    text = markdown.unbroken(figures.quantity(found.value, found.unit))
    return stated["value"].written(text)


def bounds(stated: Stated) -> Said:
    """Its two bounds; a dash for an exact figure."""
    found = Figure.from_dict(stated.value)
    if found.exact or found.value is None:
        return say("–")
    unit = "" if found.unit.startswith("of ") else found.unit
    low = say("−∞") if found.low is None else _quantity(stated["low"], found.low, unit)
    high = say("∞") if found.high is None else _quantity(stated["high"], found.high, unit)
    return say("{}\u00a0to\u00a0{}", low, high)


def limit(stated: Stated) -> Said:
    """The limit of a verdict in words."""
    found = Verdict.from_dict(stated.value)
    if found.limit is None:
        return say("–")
    return stated["limit"].written(markdown.unbroken(figures.allowed(found)))


def _quantity(stated: Stated, value: float, unit: str) -> Said:
    return stated.written(markdown.unbroken(figures.quantity(value, unit)))

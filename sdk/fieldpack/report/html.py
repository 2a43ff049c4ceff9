"""HTML elements, built so that nothing that comes from a bundle can become markup.

Text is escaped unless it is :class:`Markup`, and only this module makes that class.
"""

from __future__ import annotations

import unicodedata
from html import escape

VOID = frozenset({"br", "circle", "hr", "img", "line", "meta", "path", "rect", "use"})
"""Elements that this report writes without content; those of SVG close themselves."""
FOREIGN = frozenset({"circle", "line", "path", "rect", "use"})
UNSEEN = frozenset({"Cc", "Cs", "Cn", "Co"})
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Characters that turn the direction of text around them."""
LONGEST = 120


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | None


def element(tag: str, *children: Child, **attributes: str | int | float | None) -> Markup:
    """One element.

    Parameters
    ----------
    tag : str
        Name of the element.
    *children : str, int or None
        Text is escaped, :class:`Markup` is kept, None is left out.
    **attributes : str, int, float or None
        ``class_`` is written ``class``, ``aria_label`` is written ``aria-label``; None is left out.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{named}/>" if tag in FOREIGN else f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """Several pieces, one after the other; text is escaped."""
    return Markup("".join(_content(child) for child in children if child is not None))


def clip(text: str, longest: int = LONGEST) -> str:
    """Text of a bundle, cut so that one hostile name cannot fill the page."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def visible(text: str) -> str:
    """Text without characters that cannot be seen or that turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(" " if char in "\t\n\r" else "\ufffd" if _hidden(char) else char for char in text)


def coordinate(value: float) -> str:
    """A number of a drawing, with two decimals at most."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _hidden(char: str) -> bool:
    return char in TURNING or unicodedata.category(char) in UNSEEN


def _content(child: str | int) -> str:
    return child if isinstance(child, Markup) else escape(visible(str(child)), quote=False)


def _attribute(value: str | float) -> str:
    text = coordinate(value) if isinstance(value, float) else str(value)
    return escape(visible(text), quote=True)

"""Markdown in GitHub's flavour from text that anybody may have written.

Names of layers and operators come from a model file and reasons from a device, so they may hold whatever
Markdown, HTML or a service gives a meaning: pipes, backticks, tags, mentions, marks that turn the direction
of writing. In a summary they are text and nothing else.

Specification: GitHub Flavored Markdown 0.29; a character reference never is structure (section 6.2 there).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST_NAME = 80
LONGEST_TEXT = 500
NO_NAME = "unnamed"
_PLAIN_NAME = re.compile(r"[\w./:;@+#=,()…-]+(?: [\w./:;@+#=,()…-]+)*")
_STRUCTURE = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|<(?=[\w/!?])|&(?=#|\w+;)")
_LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=www)(?=\.)|(?<=:)(?=//|[\w+-]+:)", re.IGNORECASE)
"""Where a service makes a mention, a reference, a link or a picture of plain text."""
_JOINER = "\u2060"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """A sentence as text, in one line."""
    apart = _LINKED.sub(_JOINER, _shortened(_visible(text), LONGEST_TEXT))
    return _STRUCTURE.sub(lambda match: f"&#{ord(match[0])};", apart)


def unbroken(text: str) -> str:
    """A figure with its unit as text that a narrow column does not break."""
    return plain(text).replace(" ", "\u00a0")


def code(text: str) -> str:
    """A name in a fixed-width font, in one line; long ones lose their middle."""
    shown = _shortened(_visible(text), LONGEST_NAME)
    if not shown:
        return NO_NAME
    if _PLAIN_NAME.fullmatch(shown):
        return f"`{shown}`"
    letters = (letter if letter.isalnum() or letter == " " else f"&#{ord(letter)};" for letter in shown)
    return f"<code>{''.join(letters)}</code>"


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = (), room: int = 8000
) -> str:
    """Rows under a header, as many as fit, and how many did not.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells, each already :func:`plain` or :func:`code`.
    numbers : sequence of str
        Columns that are aligned to the right.
    room : int
        Bytes, UTF-8, that the rows may take.
    """
    ruler = ["---:" if name in numbers else "---" for name in header]
    lines = [_line(header), _line(ruler)]
    for row in rows:
        line = _line(row)
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    left = len(rows) - (len(lines) - 2)
    return "\n".join(lines) + (f"\n\nand {left} more" if left else "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _visible(text: str) -> str:
    """Blanks for line ends and tabs; other characters that have no shape are named."""
    return "".join(_shape(letter) for letter in " ".join(text.split()))


def _shape(letter: str) -> str:
    return f"<U+{ord(letter):04X}>" if unicodedata.category(letter) in _INVISIBLE else letter


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[-(most // 2 - 1) :]}"

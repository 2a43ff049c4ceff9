"""What is written where: results on stdout, progress and errors on stderr.

Progress is drawn only on a terminal; a pipe or a CI log gets nothing but the lines that
state a result.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from fieldpack.errors import FieldpackError

BAR_CELLS = 24


class Terminal:
    """The terminal of one command.

    Parameters
    ----------
    json_wanted : bool
        Whether the result is one JSON document.
    """

    def __init__(self, *, json_wanted: bool) -> None:
        self.json_wanted = json_wanted
        self._live = sys.stderr.isatty() and not json_wanted
        self._bars: dict[str, tuple[str, float]] = {}
        self._drawn = 0
        self._lock = threading.Lock()

    def result(self, document: Mapping[str, Any], text: str) -> None:
        """Print the result: the document when JSON is wanted, else the text."""
        self.close()
        print(json.dumps(document, indent=1, ensure_ascii=False) if self.json_wanted else text)

    def note(self, text: str) -> None:
        """One line beside the result."""
        self.close()
        print(text, file=sys.stderr)

    def progress(self, road: str, stage: str, fraction: float) -> None:
        """Draw how far one of several roads has come; nothing when not on a terminal."""
        if not self._live:
            return
        with self._lock:
            self._bars[road] = (stage, min(1.0, max(0.0, fraction)))
            self._erase()
            width = shutil.get_terminal_size().columns - 1
            for name, (at, done) in self._bars.items():
                filled = round(done * BAR_CELLS)
                bar = "█" * filled + "·" * (BAR_CELLS - filled)
                sys.stderr.write(f"{name:<10} {bar} {at}"[:width] + "\n")
            self._drawn = len(self._bars)
            sys.stderr.flush()

    def close(self) -> None:
        """Take the progress off the screen."""
        with self._lock:
            self._erase()
            self._bars.clear()

    def error(self, error: FieldpackError) -> None:
        """Say what is wrong and what to do."""
        self.close()
        if self.json_wanted:
            print(json.dumps({"error": error.as_dict(), "exit_code": error.exit_code}, indent=1))
        else:
            print(f"fieldpack: {error}", file=sys.stderr)

    def internal_error(self, error: Exception) -> None:
        """An error nobody foresaw: the whole trace, and a request to report it."""
        self.close()
        if self.json_wanted:
            print(json.dumps({"error": {"kind": type(error).__name__, "what": str(error)}, "exit_code": 5}))
        traceback.print_exception(error)
        print("fieldpack: internal error; please report it with the lines above", file=sys.stderr)

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(f"\x1b[{self._drawn}A\x1b[J")
            sys.stderr.flush()
            self._drawn = 0


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A plain text table; the columns in `right` are aligned right."""
    lines = [list(header), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def drawn(line: Sequence[str]) -> str:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([drawn(header), rule, *[drawn(row) for row in rows]])


def size_text(size_bytes: int) -> str:
    """A size for people: bytes, kB or MB (decimal)."""
    if size_bytes < 10_000:
        return f"{size_bytes} B"
    if size_bytes < 10_000_000:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"

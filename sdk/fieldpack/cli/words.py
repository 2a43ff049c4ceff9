"""How a text about bundles is handed over: printed, written to a file, or with the place of every number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, size_text

if TYPE_CHECKING:
    from fieldpack.words.said import Said


def tell(said: Said, name: str, out: Path | None, terminal: Terminal) -> None:
    """Print the text, or write it to `out` and say so.

    Raises
    ------
    StorageError
        The file cannot be written; nothing is left.
    """
    from fieldpack.placement import place_file

    text = str(said)
    document: dict[str, object] = {name: text, "numbers": said.sources}
    shown = text.rstrip("\n")
    if out is not None:
        data = text.encode("utf-8")
        place_file(out, data, f"the {name}")
        document[name] = str(out)
        shown = f"{name}  {out} ({size_text(len(data))}, {len(said.numbers):,} numbers with a source)"
    terminal.result(document, shown)

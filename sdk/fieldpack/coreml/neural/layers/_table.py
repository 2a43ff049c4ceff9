"""Tables of numbers for words and other things that are counted, as embedding layers use them."""

from __future__ import annotations

from torch import Tensor

from fieldpack.errors import ModelFileError


def look_up(places: Tensor, table: Tensor, bias: Tensor | None) -> Tensor:
    """Columns of ``table`` ``[C, rows]`` at ``places`` ``[...]``, as ``[..., C]``, with the bias added.

    Raises
    ------
    ModelFileError
        A place is outside the table.
    """
    rows = places.round().long()
    if bool(((rows < 0) | (rows >= table.shape[1])).any()):
        raise ModelFileError(
            "a place is outside the table",
            came=f"{int(rows.min())} to {int(rows.max())}",
            allowed=f"0 to {table.shape[1] - 1}",
        )
    found = table.t()[rows]
    return found if bias is None else found + bias

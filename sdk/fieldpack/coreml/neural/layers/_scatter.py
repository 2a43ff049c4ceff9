"""The modes of the scatter layers, ``ScatterMode``, by the names that the MIL operators give them."""

from __future__ import annotations

from fieldpack.errors import ModelFileError

MODES = ("update", "add", "sub", "mul", "div", "max", "min")


def scatter_mode(number: int) -> str:
    """Name of a mode.

    Raises
    ------
    ModelFileError
        An unknown number.
    """
    if not 0 <= number < len(MODES):
        raise ModelFileError("unknown mode of scatter", came=number, allowed=f"0 to {len(MODES) - 1}")
    return MODES[number]

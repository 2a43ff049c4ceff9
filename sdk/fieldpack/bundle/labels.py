"""Label files: UTF-8, one label a line, in the order of the output's numbers."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.errors import BundleError


def parse_labels(data: bytes, where: str) -> tuple[str, ...]:
    """The labels of a label file.

    Parameters
    ----------
    data : bytes
        UTF-8 text without byte order mark; lines end in a line feed, the last may lack it.
    where : str
        Name of the file, for the message.

    Raises
    ------
    BundleError
        It is not UTF-8, has a byte order mark, a carriage return, an empty line or no line.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"{where} is not UTF-8", came=f"byte {error.start}") from error
    if text.startswith("\ufeff") or "\r" in text:
        raise BundleError(
            f"{where} has a byte order mark or carriage returns", allowed="lines that end in \\n"
        )
    lines = text.removesuffix("\n").split("\n")
    empty = next((number for number, line in enumerate(lines, 1) if not line.strip()), None)
    if empty is not None:
        raise BundleError(f"{where} has no label on line {empty}", allowed="one label a line")
    return tuple(lines)


def labels_bytes(labels: Sequence[str]) -> bytes:
    """The bytes of a label file.

    Raises
    ------
    BundleError
        A label is empty or holds a line break.
    """
    data = "".join(f"{label}\n" for label in labels).encode("utf-8")
    if parse_labels(data, "the label list") != tuple(labels):
        raise BundleError("a label holds a line break", allowed="one line a label")
    return data

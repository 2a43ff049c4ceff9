"""One file, put where it belongs in one step: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

from pathlib import Path

from fieldpack.errors import StorageError


def place_file(path: Path, content: str | bytes, what: str) -> None:
    """Write beside the target, and rename.

    Parameters
    ----------
    path : Path
        The target; its folder is made.
    content : str or bytes
        Text goes out as UTF-8.
    what : str
        The file in words, for the message: ``"the baseline"``.

    Raises
    ------
    StorageError
        It cannot be written; what was there stays, and nothing lies beside it.
    """
    beside = path.parent / f".{path.name}.part"  # with_name refuses "." and "/"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content.encode() if isinstance(content, str) else content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{what} cannot be written", came=f"{path}: {error.strerror}",
            hint="name a folder that you may write to, on a disk with space",
        ) from error  # fmt: skip

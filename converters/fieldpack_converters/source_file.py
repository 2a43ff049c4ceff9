"""What a source file must look like before a framework may touch it.

Frameworks answer an empty or truncated file with a traceback from deep inside; here the
first bytes, the size and, for zip files, the directory are read first, so that the error
names the file, its size and what was expected.  The digest of the same bytes is the
identity of the source model.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from fieldpack.errors import SourceError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_BLOCK = 1 << 20


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of every file of a folder with its relative name, in order."""
    total = hashlib.sha256()
    if path.is_file():
        _feed(total, path)
        return total.hexdigest()
    for member in sorted(item for item in path.rglob("*") if item.is_file()):
        total.update(member.relative_to(path).as_posix().encode() + b"\0")
        total.update(str(member.stat().st_size).encode() + b"\0")
        _feed(total, member)
    return total.hexdigest()


def _feed(total: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            total.update(block)


def checked_path(text: str, expected: str) -> Path:
    """The path, when it exists and is not empty; `expected` says what should be there."""
    path = Path(text)
    if not path.exists():
        raise SourceError(
            f"The source model {path} does not exist.", allowed=expected, hint="check path in [source]"
        )
    if path.is_file() and path.stat().st_size == 0:
        raise damaged(path, expected, "the file is empty")
    return path


def check_hdf5(path: Path) -> None:
    """Raise unless the file starts as HDF5."""
    if _head(path) != _HDF5:
        raise damaged(path, "an HDF5 file (.h5)", f"first bytes {_head(path)!r}")


def check_zip(path: Path, expected: str, member: str | None = None) -> None:
    """Raise unless the file is a complete zip that holds a file named or ending in `member`."""
    if _head(path)[:4] != _ZIP:
        raise damaged(path, expected, f"first bytes {_head(path)!r}")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise damaged(path, expected, f"cut short or altered: {error}") from error
    if broken is not None:
        raise damaged(path, expected, f"its part {broken} does not match its checksum")
    if member is not None and not any(name.rsplit("/", 1)[-1] == member for name in names):
        raise damaged(path, expected, f"no {member} among its {len(names)} parts")


def is_zip(path: Path) -> bool:
    return _head(path)[:4] == _ZIP


def damaged(path: Path, expected: str, found: str) -> SourceError:
    """The error for a file that is not what it should be."""
    size = path.stat().st_size if path.is_file() else 0
    return SourceError(
        f"The source model {path} ({size} bytes) cannot be opened.",
        came=found,
        allowed=expected,
        hint="export the model again, or check that the download is complete",
    )


def _head(path: Path) -> bytes:
    if not path.is_file():
        raise SourceError(f"The source model {path} is a folder.", allowed="one file")
    with path.open("rb") as stream:
        return stream.read(8)

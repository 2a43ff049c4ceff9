"""What may stand at a target before a write: nothing, or a bundle of the same form.

A folder counts as a bundle only when it holds no file but those of its own manifest, so that
a write never deletes what somebody else put there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fieldpack.bundle.archive import SUFFIX
from fieldpack.bundle.content import FolderContent, read_content
from fieldpack.bundle.document import LARGEST_MANIFEST_BYTES, listed_files
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME, RESERVED
from fieldpack.errors import BundleError, StorageError

_ARCHIVE_START = b"PK\x03\x04"
_NAME_OFFSET = 30


def check_target(target: Path) -> None:
    """Refuse a target that a write would destroy.

    Raises
    ------
    BundleError
        Something that is no bundle stands there, or the name is not usable.
    StorageError
        It cannot be read.
    """
    if not target.name or len(os.fsencode(target.name)) > 180:
        raise BundleError("a bundle needs a name of at most 180 bytes", came=target)
    outer = next((folder for folder in target.absolute().parents if _is_bundle(folder)), None)
    if outer is not None:
        raise BundleError(
            "the target lies inside another bundle, which a new file would break",
            came=outer,
            hint="choose a folder beside it",
        )
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StorageError("the target cannot be read", came=f"{target}: {error}") from error
    if stat.S_ISLNK(mode):
        raise _refusal(target, "a link")
    if target.suffix == SUFFIX:
        _check_file(target, mode)
    else:
        _check_folder(target, mode)


def _is_bundle(folder: Path) -> bool:
    return all((folder / name).is_file() for name in RESERVED)


def _check_file(target: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise _refusal(target, "no regular file")
    try:
        with target.open("rb") as file:
            start = file.read(_NAME_OFFSET + len(MANIFEST_NAME))
    except OSError as error:
        raise StorageError("the target cannot be read", came=f"{target}: {error.strerror}") from error
    if not start.startswith(_ARCHIVE_START) or start[_NAME_OFFSET:] != MANIFEST_NAME.encode("ascii"):
        raise _refusal(target, "a file that is no bundle")


def _check_folder(target: Path, mode: int) -> None:
    if not stat.S_ISDIR(mode):
        raise _refusal(target, "a file; the one-file form has a name that ends in .fieldpack")
    content = FolderContent(Path(os.path.realpath(target)))
    survey = content.survey()
    if survey.findings or not set(RESERVED) <= set(survey.sizes):
        raise _refusal(target, "a folder that is no bundle")
    listed = listed_files(read_content(content, MANIFEST_NAME, LARGEST_MANIFEST_BYTES))
    digest = read_content(content, DIGEST_NAME, LARGEST_MANIFEST_BYTES)
    if listed is None or not digest.startswith(b"sha256:"):
        raise _refusal(target, "a folder that is no bundle")
    foreign = sorted(set(survey.sizes) - listed - set(RESERVED))
    if foreign:
        raise _refusal(target, f"a bundle with a file of somebody else in it: {foreign[0]!a}")


def _refusal(target: Path, came: str) -> BundleError:
    return BundleError(
        f"{target} is in the way and is not deleted",
        came=came,
        allowed="a new name, or a bundle of the same form, which is replaced",
        hint="move it away or choose another name",
    )

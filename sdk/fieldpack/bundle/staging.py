"""Staging: a bundle grows beside its target and appears there in one rename.

The staging folder is ``.<target name>.fieldpack-tmp-<pid>-<random>`` in the folder of the
target, hence on the same file system, and is locked with ``flock`` while its writer lives.
The kernel drops the lock with the process, so that a killed writer's folder is known by its
free lock; the next write to the same target removes it.

What a kill, at any moment, leaves at the target: nothing or the old bundle before the
rename, the new bundle after it. Replacing a folder is one exchange (``renameat2``, Linux
3.15 and later). Where the kernel or the file system has no exchange, the old folder is moved into
staging and the new one moved in: between these two renames, and only there, the target is absent.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import sys
import time
from pathlib import Path

from fieldpack.errors import StorageError

MARK = ".fieldpack-tmp-"
YOUNG_S = 60.0
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Staging:
    """A locked folder beside `target`; ``content`` inside it becomes the bundle.

    Raises
    ------
    StorageError
        The folder of the target cannot be made or written.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._made: list[Path] = []
        try:
            self._make_parents(target.parent)
            clean_leftovers(target)
            self._root = target.with_name(f".{target.name}{MARK}{os.getpid()}-{secrets.token_hex(8)}")
            self._root.mkdir()
            self._lock = _locked(self._root)
            self.content = self._root / "content"
            self.content.mkdir()
        except OSError as error:
            self._remove_parents()
            raise storage_error(target, error) from error

    def _make_parents(self, folder: Path) -> None:
        missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        for parent in reversed(missing):
            parent.mkdir()
            self._made.append(parent)

    def _remove_parents(self) -> None:
        for parent in reversed(self._made):
            try:
                parent.rmdir()
            except OSError:
                return

    @property
    def archive(self) -> Path:
        """Where the one-file form is written before it is moved."""
        return self._root / "archive"

    def place_file(self) -> None:
        """Move the archive to the target, over an older one."""
        sync_file(self.archive)
        self.archive.replace(self.target)
        sync_folder(self.target.parent)

    def place_folder(self) -> None:
        """Move the content to the target, in exchange for an older one."""
        sync_tree(self.content)
        if not self.target.exists():
            self.content.rename(self.target)
        elif not exchange(self.content, self.target):
            self.target.rename(self._root / "old")
            self.content.rename(self.target)
        sync_folder(self.target.parent)

    def close(self, *, kept: bool) -> None:
        """Remove the staging folder; with `kept` false also parents made for the target."""
        shutil.rmtree(self._root, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if not kept:
            self._remove_parents()


def clean_leftovers(target: Path) -> None:
    """Remove the staging folders of writers of `target` that were killed."""
    prefix = f".{target.name}{MARK}"
    for entry in list(os.scandir(target.parent)):
        if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
            _remove_if_abandoned(Path(entry.path), entry.name.removeprefix(prefix))


def _remove_if_abandoned(folder: Path, suffix: str) -> None:
    """Remove it when nobody holds its lock; a young folder of a live process may be about to lock."""
    try:
        lock = _locked(folder)
        young = time.time() - folder.stat().st_mtime < YOUNG_S
    except OSError:
        return
    if lock is None:
        return
    if not (young and _alive(suffix.split("-")[0])):
        shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _alive(pid: str) -> bool:
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock, or None when locks do not exist here.

    Raises
    ------
    OSError
        Another process holds the lock, or the folder is gone.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def exchange(first: Path, second: Path) -> bool:
    """Swap two paths in one step; False where the system has no such call.

    Raises
    ------
    OSError
        The system has the call, and it failed.
    """
    rename = (
        getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    )
    if rename is None:
        return False
    done = rename(
        _AT_FDCWD,
        ctypes.c_char_p(os.fsencode(first)),
        _AT_FDCWD,
        ctypes.c_char_p(os.fsencode(second)),
        _RENAME_EXCHANGE,
    )
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), os.fspath(second))


def sync_tree(folder: Path) -> None:
    """Force a folder and everything below it to the disk."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(parent) / name)
        sync_folder(Path(parent))


def sync_file(path: Path) -> None:
    """Force a file to the disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Force a folder's entries to the disk."""
    if sys.platform != "win32":
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(target: Path, error: OSError) -> StorageError:
    """What to tell a person whose disk refused."""
    hints = {
        errno.ENOSPC: "free some space and run again; nothing was left behind",
        errno.EDQUOT: "free some of your quota and run again; nothing was left behind",
        errno.EFBIG: "raise the file size limit (ulimit -f) and run again; nothing was left behind",
        errno.EACCES: "choose a folder that you may write",
        errno.EPERM: "choose a folder that you may write",
        errno.EROFS: "choose a folder on a writable file system",
    }
    return StorageError(
        f"the bundle {target} cannot be written",
        came=error.strerror or str(error),
        hint=hints.get(error.errno or 0, "look at the path and the disk, then run again"),
    )

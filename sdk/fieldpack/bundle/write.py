"""Writing a bundle: stage, check as a reader would, place in one step.

A bundle that :func:`fieldpack.bundle.verify.check_structure` would refuse is never written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic_core import to_jsonable_python

from fieldpack.bundle.archive import SUFFIX, write_archive
from fieldpack.bundle.consistency import manifest_findings
from fieldpack.bundle.content import open_content
from fieldpack.bundle.digest import folder_entries, sha256_bytes
from fieldpack.bundle.document import canonical_json, digest_text, manifest_bytes
from fieldpack.bundle.finding import refuse
from fieldpack.bundle.manifest import MANIFEST_SCHEMA, Manifest
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME, RESERVED, path_fault
from fieldpack.bundle.payload import payload_findings
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.replaceable import check_target
from fieldpack.bundle.staging import Staging, storage_error
from fieldpack.errors import BundleError, FieldpackError
from fieldpack.model import validated

_DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


class BundleWriter:
    """Context manager that writes one bundle.

    ::

        with BundleWriter(Path("build/meadow")) as writer:
            shutil.copy(model, writer.path("tflite-int8/model.tflite"))
            writer.add_bytes("labels.txt", labels_bytes(labels))
            digest = writer.commit(fields)

    Nothing is seen at the target before :meth:`commit`; leaving the block without it, or with an
    exception, leaves nothing behind. A full disk inside the block becomes a StorageError.

    Parameters
    ----------
    target : Path
        A folder, or the one-file form when the name ends in ``.fieldpack``. Missing parents are
        made. A bundle that is already there is replaced; anything else is refused.
    """

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.abspath(target))
        self._staging: Staging | None = None
        self._committed = False

    def __enter__(self) -> BundleWriter:
        check_target(self.target)
        self._staging = Staging(self.target)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._staging is not None:
            self._staging.close(kept=self._committed)
        self._staging = None
        full = isinstance(error, OSError) and error.errno in _DISK_FAULTS
        if isinstance(error, OSError) and full and not isinstance(error, FieldpackError):
            raise storage_error(self.target, error) from error

    def path(self, relative: str) -> Path:
        """Where to write a file or folder of the bundle; its parents are made.

        Raises
        ------
        BundleError
            The path is not legal in a bundle.
        StorageError
            The parents cannot be made.
        """
        fault = path_fault(relative)
        if fault or relative in RESERVED:
            raise BundleError(
                "a path is not legal in a bundle",
                came=ascii(relative),
                allowed=fault or "the writer makes this file",
            )
        place = self._open().content / relative
        with self._storage_told():
            place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def add_bytes(self, relative: str, data: bytes) -> None:
        """Write one file of the bundle.

        Raises
        ------
        BundleError
            The path is not legal in a bundle.
        StorageError
            The disk is full.
        """
        place = self.path(relative)
        with self._storage_told():
            place.write_bytes(data)

    def commit(self, manifest_fields: Mapping[str, Any]) -> str:
        """Hash what is staged, complete and check the manifest, and move the bundle to its target.

        Parameters
        ----------
        manifest_fields : mapping
            Every field of :class:`Manifest` but `files` and `schema_version`, as models or plain values.

        Returns
        -------
        str
            The bundle digest, 64 hexadecimal digits.

        Raises
        ------
        BundleError
            A field is missing or wrong, or the bundle would not pass its own verification.
        StorageError
            The disk is full or the target cannot be written.
        """
        with self._storage_told():
            manifest = self._manifest(manifest_fields)
            return self._finish(manifest, manifest_bytes(manifest))

    def commit_again(self, manifest: Manifest, data: bytes) -> str:
        """Move a bundle whose manifest exists already to its target, checked as a reader would.

        Parameters
        ----------
        manifest : Manifest
            Its files are staged, each held against its digest by whoever staged it.
        data : bytes
            The bytes of ``manifest.json``.

        Returns
        -------
        str
            The bundle digest, 64 hexadecimal digits.

        Raises
        ------
        BundleError
            The bundle would not pass its own verification.
        StorageError
            The disk is full or the target cannot be written.
        """
        with self._storage_told():
            return self._finish(manifest, data)

    def draft(self, manifest_fields: Mapping[str, Any]) -> Bundle:
        """What is staged as a reader would see it, before it is committed; to be closed before that.

        Parameters
        ----------
        manifest_fields : mapping
            As for :meth:`commit`.

        Raises
        ------
        BundleError
            A field is missing or wrong.
        StorageError
            A file cannot be read.
        """
        with self._storage_told():
            manifest = self._manifest(manifest_fields)
            content = open_content(self._open().content)
            return Bundle(self.target, manifest, manifest_bytes(manifest), content)

    @contextmanager
    def _storage_told(self) -> Iterator[None]:
        """Errors of the system become a StorageError about the target."""
        try:
            yield
        except FieldpackError:
            raise
        except OSError as error:
            raise storage_error(self.target, error) from error

    def _manifest(self, manifest_fields: Mapping[str, Any]) -> Manifest:
        """Hash what is staged, and complete the manifest."""
        content = self._open().content
        _drop_empty_folders(content)
        files = folder_entries(content)
        fields = _plain({**manifest_fields, "files": files, "schema_version": MANIFEST_SCHEMA})
        return validated(Manifest, fields, f"the manifest of {self.target}", BundleError)

    def _finish(self, manifest: Manifest, data: bytes) -> str:
        """Check as a reader would, write the two last files, and place."""
        staging = self._open()
        findings = manifest_findings(manifest)
        if not findings:
            findings = payload_findings(manifest, lambda name: (staging.content / name).read_bytes())
        refuse(self.target, findings)
        digest = sha256_bytes(data)
        (staging.content / MANIFEST_NAME).write_bytes(data)
        (staging.content / DIGEST_NAME).write_bytes(digest_text(digest))
        check_target(self.target)
        if self.target.suffix == SUFFIX:
            with staging.archive.open("xb") as file:
                write_archive(file, staging.content, [*RESERVED, *manifest.files])
            staging.place_file()
        else:
            staging.place_folder()
        self._committed = True
        return digest

    def _open(self) -> Staging:
        if self._staging is None or self._committed:
            raise BundleError(
                "the writer is not open",
                hint="use it inside `with BundleWriter(target) as writer:` and commit once",
            )
        return self._staging


def copy_bundle(source: Path, target: Path) -> str:
    """Write a bundle again, in the form that the name of `target` asks for; the digest stays.

    Parameters
    ----------
    source : Path
        Folder or ``.fieldpack`` file; every file is checked on the way.
    target : Path
        Folder, or a name that ends in ``.fieldpack``.

    Returns
    -------
    str
        The bundle digest, 64 hexadecimal digits.

    Raises
    ------
    BundleError
        The source is not a good bundle, or the target is something else than a bundle.
    StorageError
        The disk is full or a path cannot be read or written.
    """
    with open_bundle(source) as bundle, BundleWriter(target) as writer:
        for name in bundle.manifest.files:
            writer.add_bytes(name, bundle.read(name))
        return writer.commit_again(bundle.manifest, bundle.manifest_data)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as JSON says them: models become objects, tuples lists, enums words."""
    try:
        plain: dict[str, Any] = to_jsonable_python(fields, by_alias=False)
        canonical_json(plain)
    except (ValueError, RecursionError) as error:
        raise BundleError(
            "a manifest field cannot be written as JSON",
            came=error,
            allowed="finite numbers, texts, lists, tables and Fieldpack's own models",
        ) from error
    return plain


def _drop_empty_folders(content: Path) -> None:
    """Remove folders that hold nothing; a bundle is its files."""
    for parent, _, _ in os.walk(content, topdown=False):
        if parent != os.fspath(content) and not os.listdir(parent):
            os.rmdir(parent)

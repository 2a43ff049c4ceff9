"""Reading a bundle: open cheaply, check each file when it is used."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.arrays import read_array
from fieldpack.bundle.content import Content, open_content, read_content
from fieldpack.bundle.digest import entries_below, sha256_bytes
from fieldpack.bundle.document import LARGEST_MANIFEST_BYTES, identity_finding, parse_manifest
from fieldpack.bundle.finding import AGAIN, printable, refuse
from fieldpack.bundle.labels import parse_labels
from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME, RESERVED, path_fault
from fieldpack.bundle.thresholds import parse_thresholds
from fieldpack.bundle.verify import LONGEST_DIGEST_FILE
from fieldpack.errors import BundleError, StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Bundle:
    """An open bundle; a context manager. Made by :func:`open_bundle`.

    Every file is held against the size and SHA-256 of the manifest when it is first used.
    """

    def __init__(self, location: Path, manifest: Manifest, manifest_data: bytes, content: Content) -> None:
        self.location = location
        self.manifest = manifest
        self.manifest_data = manifest_data
        self.digest = sha256_bytes(manifest_data)
        self._content = content
        self._good: set[str] = set()
        self._extracted: Path | None = None
        self._remove: weakref.finalize[[str, bool], Bundle] | None = None

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive and remove what was extracted from it."""
        self._content.close()
        if self._remove is not None:
            self._remove()

    def read(self, relative: str) -> bytes:
        """One listed file as bytes.

        Raises
        ------
        BundleError
            The file is not listed, missing, or not what the manifest says.
        StorageError
            It cannot be read.
        """
        entry = self.manifest.files.get(relative)
        if entry is None:
            raise BundleError(
                f"{self.location} has no file {printable(relative)}", hint="see `files` of its manifest"
            )
        data = read_content(self._content, relative, entry.size_bytes)
        if len(data) != entry.size_bytes or sha256_bytes(data) != entry.sha256:
            raise BundleError(
                f"{relative} was altered: it is not the file that the manifest of {self.location} lists",
                hint=AGAIN,
            )
        return data

    def path(self, relative: str) -> Path:
        """A real path to a listed file, or to a folder of listed files, all checked.

        An archive is extracted for it into a private temporary folder that :meth:`close` removes.

        Raises
        ------
        BundleError
            Nothing listed is there, or a file is not what the manifest says.
        StorageError
            A file cannot be read or extracted.
        """
        files = self.manifest.files
        names = (
            [relative]
            if relative in files
            else [f"{relative}/{name}" for name in entries_below(relative, files)]
        )
        if not names:
            raise BundleError(f"{self.location} has no file or folder {printable(relative)}")
        folder = self._content.folder()
        for name in names:
            if name not in self._good:
                self._check_or_extract(name, folder)
        return (folder or self._extraction()) / relative

    def labels(self, output: str) -> tuple[str, ...]:
        """The labels of an output in the order of its numbers; empty for a linear output.

        Raises
        ------
        BundleError
            The contract has no such output, or its label file is faulty.
        """
        found = next((item for item in self.manifest.contract.outputs if item.name == output), None)
        if found is None:
            names = ", ".join(item.name for item in self.manifest.contract.outputs)
            raise BundleError("the contract has no such output", came=output, allowed=names)
        return parse_labels(self.read(found.labels), found.labels) if found.labels else ()

    def thresholds(self, output: str, flavour: str | None = None) -> NDArray[Any] | None:
        """Thresholds of the labels of an output, float32 [C], NaN for none; None where it has no such file.

        Parameters
        ----------
        output : str
            Of the contract.
        flavour : str, optional
            Those refitted on this flavour, where there are such; else those of the source model.

        Raises
        ------
        BundleError
            The contract has no such output, there is no such flavour, or a file is faulty.
        """
        labels = self.labels(output)
        found = next(item for item in self.manifest.contract.outputs if item.name == output)
        entry = None if flavour is None else self.manifest.flavour(flavour)
        if flavour is not None and entry is None:
            names = ", ".join(item.name for item in self.manifest.flavours)
            raise BundleError("the bundle has no such flavour", came=flavour, allowed=names)
        path = (entry.thresholds.get(output) if entry else None) or found.thresholds
        return None if path is None else parse_thresholds(self.read(path), path, labels)

    def golden_inputs(self) -> dict[str, NDArray[Any]]:
        """Golden inputs by name, [N, ...]: pictures as pixels 0..255 [N, H, W, C], others float32."""
        return self._arrays(self.manifest.golden.inputs)

    def golden_outputs(self) -> dict[str, NDArray[Any]]:
        """The source model's outputs on the golden inputs by name, [N, ...] float32."""
        return self._arrays(self.manifest.golden.outputs)

    def flavour_golden(self, name: str) -> dict[str, NDArray[Any]]:
        """What a flavour gave on the golden inputs when it was built, by output name, [N, ...] float32.

        Raises
        ------
        BundleError
            There is no such flavour, or a file is faulty.
        """
        flavour = self.manifest.flavour(name)
        if flavour is None:
            names = ", ".join(item.name for item in self.manifest.flavours)
            raise BundleError("the bundle has no such flavour", came=name, allowed=names)
        return self._arrays(flavour.golden.files)

    def _arrays(self, files: Mapping[str, str]) -> dict[str, NDArray[Any]]:
        return {name: read_array(self.read(path), path) for name, path in files.items()}

    def _check_or_extract(self, name: str, folder: Path | None) -> None:
        data = self.read(name)
        if folder is None:
            place = self._extraction() / name
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            except OSError as error:
                place.unlink(missing_ok=True)
                raise StorageError("a file cannot be extracted", came=f"{place}: {error.strerror}") from error
        self._good.add(name)

    def _extraction(self) -> Path:
        if self._extracted is None:
            try:
                self._extracted = Path(tempfile.mkdtemp(prefix="fieldpack-open-"))
            except OSError as error:
                raise StorageError("no temporary folder can be made", came=error.strerror) from error
            self._remove = weakref.finalize(self, shutil.rmtree, os.fspath(self._extracted), True)
        return self._extracted


def open_bundle(path: Path | str) -> Bundle:
    """Open a bundle in either form.

    Parses and checks the manifest and ``DIGEST``; other files are checked when they are used,
    and :func:`fieldpack.bundle.verify.check_structure` checks everything.

    Parameters
    ----------
    path : Path or str
        Folder or ``.fieldpack`` file.

    Raises
    ------
    BundleError
        There is no bundle, or its manifest is malformed, altered or of an unknown schema.
    StorageError
        It cannot be read.
    """
    path = Path(path)
    content = open_content(path)
    try:
        data = read_content(content, MANIFEST_NAME, LARGEST_MANIFEST_BYTES)
        identity = identity_finding(data, read_content(content, DIGEST_NAME, LONGEST_DIGEST_FILE))
        refuse(path, [identity] if identity else [])
        manifest = parse_manifest(data, str(path))
        illegal = next((name for name in manifest.files if path_fault(name) or name in RESERVED), None)
        if illegal is not None:
            raise BundleError(f"the manifest of {path} lists an illegal path", came=printable(illegal))
    except BaseException:
        content.close()
        raise
    return Bundle(path, manifest, data, content)

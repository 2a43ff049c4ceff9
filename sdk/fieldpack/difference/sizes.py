"""How large the files of each flavour are, installed, after compression, and layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle


@dataclass(frozen=True, slots=True)
class LayerSize:
    """The stored weights of one layer in both files, bytes; 0 where it is not there.

    Attributes
    ----------
    name, operator : str
        As the files say.
    old_bytes, new_bytes : int
        Stored bytes.
    """

    name: str
    operator: str
    old_bytes: int
    new_bytes: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class SizeDifference:
    """The sizes of one flavour in both bundles, bytes; None where a bundle has no such flavour.

    Attributes
    ----------
    flavour, kind : str
        Which.
    old_installed, new_installed : int or None
        Of its files.
    old_download, new_download : int or None
        After deflate level 6, as the manifest estimates.
    layers : tuple of LayerSize
        Layers whose weights take other room, the largest difference first; empty where the files were not
        opened.
    """

    flavour: str
    kind: str
    old_installed: int | None
    new_installed: int | None
    old_download: int | None
    new_download: int | None
    layers: tuple[LayerSize, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "layers"}
        return {**plain, "layers": [layer.as_dict() for layer in self.layers]}


def size_differences(old: Bundle, new: Bundle, *, layers: bool = True) -> tuple[SizeDifference, ...]:
    """The sizes of every flavour of either bundle.

    Parameters
    ----------
    old, new : Bundle
        Open.
    layers : bool
        Open the files and compare layer by layer.

    Raises
    ------
    ModelFileError
        A file is malformed.
    MissingDependencyError
        A Core ML file needs an extra to be read.
    """
    names = dict.fromkeys(item.name for bundle in (old, new) for item in bundle.manifest.flavours)
    return tuple(_flavour(old, new, name, layers) for name in names)


def _flavour(old: Bundle, new: Bundle, name: str, layers: bool) -> SizeDifference:
    first, second = old.manifest.flavour(name), new.manifest.flavour(name)
    kind = next(item.kind.value for item in (first, second) if item is not None)
    changed: tuple[LayerSize, ...] = ()
    if layers and first is not None and second is not None and first.digest != second.digest:
        changed = tuple(_layers(_weights(old, first), _weights(new, second)))
    return SizeDifference(
        name,
        kind,
        None if first is None else first.installed_bytes,
        None if second is None else second.installed_bytes,
        None if first is None else first.download_bytes,
        None if second is None else second.download_bytes,
        changed,
    )


Weights = dict[str, tuple[str, int]]


def _weights(bundle: Bundle, entry: FlavourEntry) -> Weights:
    """Layer -> operator and stored bytes; of layers with one name, the sum."""
    path = bundle.path(entry.path)
    if entry.kind is FlavourKind.TFLITE:
        from fieldpack.modelfile.tflite_explanation import layers_of
        from fieldpack.tflite.file import open_model

        layers = layers_of(open_model(path))
    else:
        from fieldpack.coreml.package import open_package
        from fieldpack.modelfile.explanation import Layer

        layers = tuple(Layer(*row) for row in open_package(path).operations())
    found: Weights = {}
    for operator, name, size in layers:
        found[name] = (operator, found.get(name, ("", 0))[1] + size)
    return found


def _layers(old: Weights, new: Weights) -> Iterator[LayerSize]:
    nothing = ("", 0)
    rows = []
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, nothing), new.get(name, nothing)
        if before[1] != after[1]:
            rows.append(LayerSize(name, after[0] or before[0], before[1], after[1]))
    yield from sorted(rows, key=lambda row: (-abs(row.new_bytes - row.old_bytes), row.name))

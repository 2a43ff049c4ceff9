"""What label files, golden vectors, golden sounds and coefficients must keep: counts, shapes, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.arrays import read_array
from fieldpack.bundle.cell_tables import cell_table_findings
from fieldpack.bundle.finding import Finding, FindingCode, one_line
from fieldpack.bundle.golden_sounds import golden_sound_findings
from fieldpack.bundle.labels import parse_labels
from fieldpack.bundle.manifest import Border, FlavourEntry, Manifest
from fieldpack.bundle.resampling import resampling_findings
from fieldpack.bundle.thresholds import threshold_findings
from fieldpack.contract import GridInput, ImageInput, Input
from fieldpack.errors import BundleError, ContractError
from fieldpack.taxonomy import Form, find_faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

Read = Callable[[str], bytes | None]
Shape = tuple[int, ...]


def payload_findings(manifest: Manifest, read: Read) -> list[Finding]:
    """Look into every label file and golden vector.

    Parameters
    ----------
    manifest : Manifest
    read : callable
        Gives the bytes of a listed file, or None for one that was already found faulty.
    """
    named, findings = _label_lists(manifest, read)
    labels = {name: len(found) for name, found in named.items()}
    findings += threshold_findings(manifest, named, read)
    shapes: dict[str, Shape] = {}
    for item in manifest.contract.inputs:
        findings += _input_findings(manifest, item, read)
    for name, path in manifest.golden.outputs.items():
        found = _array(path, read, "<f4", findings)
        if found is not None:
            shapes[name] = found.shape
            findings += _count_findings(path, found.shape, manifest)
            findings += _label_findings(path, found.shape, labels.get(name))
    for flavour in manifest.flavours:
        findings += _flavour_findings(manifest, flavour, shapes, labels, read)
    findings += cell_table_findings(manifest, read)
    return [*findings, *resampling_findings(manifest, read), *golden_sound_findings(manifest, read)]


def golden_shape(item: Input) -> Shape:
    """Shape of one golden example of an input; pictures and rasters are [H, W, C] in every layout."""
    if isinstance(item, GridInput):
        return (item.height, item.width, item.channels)
    return item.shape


def _label_lists(manifest: Manifest, read: Read) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    lists: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for output in manifest.contract.outputs:
        data = read(output.labels) if output.labels else None
        if data is None or output.labels is None:
            continue
        try:
            labels = parse_labels(data, output.labels)
            lists[output.name] = labels
        except BundleError as error:
            findings.append(Finding(FindingCode.LABELS, output.labels, error.what))
            continue
        if output.taxonomy and (taxa := read(output.taxonomy)) is not None:
            findings += _taxonomy_findings(output.taxonomy, taxa, labels)
    return lists, findings


def _taxonomy_findings(path: str, data: bytes, labels: tuple[str, ...]) -> Iterator[Finding]:
    taxonomy, faults = find_faults(data, Form.PLAIN)
    if taxonomy is None:
        for fault in faults:
            yield Finding(FindingCode.LABELS, path, one_line(str(fault)))
        return
    try:
        taxonomy.check(labels)
    except ContractError as error:
        yield Finding(FindingCode.LABELS, path, one_line(error.what))


def _input_findings(manifest: Manifest, item: Input, read: Read) -> list[Finding]:
    findings: list[Finding] = []
    path = manifest.golden.inputs.get(item.name)
    found = _array(path, read, None if isinstance(item, ImageInput) else "<f4", findings) if path else None
    if found is None or path is None:
        return findings
    findings += _count_findings(path, found.shape, manifest)
    expected = golden_shape(item)
    if found.shape[1:] != expected:
        message = f"examples have shape {found.shape[1:]}; input {item.name} has {expected}"
        findings.append(Finding(FindingCode.GOLDEN, path, message))
    return findings


def _flavour_findings(
    manifest: Manifest, flavour: FlavourEntry, shapes: dict[str, Shape], labels: dict[str, int], read: Read
) -> list[Finding]:
    findings: list[Finding] = []
    for name, path in flavour.golden.files.items():
        found = _array(path, read, "<f4", findings)
        if found is not None and found.shape != shapes.get(name, found.shape):
            message = f"shape {found.shape} differs from the source model's {shapes[name]}"
            findings.append(Finding(FindingCode.GOLDEN, path, message))
    for border in flavour.outputs:
        findings += _border_findings(flavour, border, labels.get(border.name))
    return findings


def _border_findings(flavour: FlavourEntry, border: Border, count: int | None) -> Iterator[Finding]:
    if count is not None and count not in border.shape[1:]:
        message = f"{count} labels for output {border.name} of shape {border.shape} in {flavour.name}"
        yield Finding(FindingCode.LABELS, "manifest.json", message)


def _label_findings(path: str, shape: Shape, count: int | None) -> Iterator[Finding]:
    if count is not None and count not in shape[1:]:
        yield Finding(FindingCode.LABELS, path, f"{count} labels for golden outputs of shape {shape}")


def _count_findings(path: str, shape: Shape, manifest: Manifest) -> Iterator[Finding]:
    if shape[0] != len(manifest.golden.ids):
        yield Finding(
            FindingCode.GOLDEN, path, f"{shape[0]} examples; golden.ids names {len(manifest.golden.ids)}"
        )


def _array(path: str, read: Read, descr: str | None, findings: list[Finding]) -> NDArray[Any] | None:
    """The array, or None after the reason was noted."""
    import numpy as np

    data = read(path)
    if data is None:
        return None
    try:
        array = read_array(data, path)
    except BundleError as error:
        findings.append(Finding(FindingCode.GOLDEN, path, error.what))
        return None
    if descr is not None and array.dtype != np.dtype(descr):
        findings.append(Finding(FindingCode.GOLDEN, path, f"holds {array.dtype}; float32 is allowed"))
        return None
    if not np.isfinite(array).all():
        findings.append(Finding(FindingCode.GOLDEN, path, "holds NaN or an infinity"))
    return array

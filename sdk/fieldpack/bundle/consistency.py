"""What a well-typed manifest must still keep: legal names, and parts that agree with each other.

Nothing here opens a file; ``payload.py`` looks into label files and golden vectors.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Set

from fieldpack.bundle.digest import entries_below, listed_digest
from fieldpack.bundle.finding import Finding, FindingCode, printable
from fieldpack.bundle.manifest import Border, EncoderEntry, FlavourEntry, FrontEndEntry, Manifest
from fieldpack.bundle.paths import (
    LARGEST_BUNDLE_BYTES,
    MANIFEST_NAME,
    MOST_FILES,
    RESERVED,
    collisions,
    path_fault,
)
from fieldpack.contract import LocationInput, SpectrogramInput
from fieldpack.errors import BundleError
from fieldpack.verdict import Verdict


def manifest_findings(manifest: Manifest) -> list[Finding]:
    """Everything in a manifest that contradicts the path rule or itself."""
    return [
        *_path_findings(manifest),
        *_golden_findings(manifest),
        *(finding for flavour in manifest.flavours for finding in _flavour_findings(manifest, flavour)),
        *(finding for entry in manifest.front_ends for finding in _front_end_findings(manifest, entry)),
        *_golden_sound_findings(manifest),
        *(finding for entry in manifest.encoders for finding in _encoder_findings(manifest, entry)),
        *_unique_findings(manifest),
        *_verdict_findings(manifest),
    ]


def _path_findings(manifest: Manifest) -> Iterator[Finding]:
    for path in manifest.files:
        fault = path_fault(path)
        if fault:
            yield Finding(FindingCode.PATH, printable(path), fault)
    for first, second in collisions([*RESERVED, *manifest.files]):
        yield collision_finding(first, second)
    for path in set(RESERVED) & set(manifest.files):
        yield Finding(FindingCode.PATH, path, "is not listed in files, since it stands for itself")
    if len(manifest.files) > MOST_FILES:
        yield _manifest(FindingCode.SIZE, f"{len(manifest.files)} files; at most {MOST_FILES} are allowed")
    total = sum(entry.size_bytes for entry in manifest.files.values())
    if total > LARGEST_BUNDLE_BYTES:
        yield _manifest(FindingCode.SIZE, f"{total} bytes in all; at most {LARGEST_BUNDLE_BYTES} are allowed")


def collision_finding(first: str, second: str) -> Finding:
    """Two names that are one on some file systems."""
    message = f"collides with {printable(first)} where letter case or Unicode form does not count"
    return Finding(FindingCode.COLLISION, printable(second), message)


def _golden_findings(manifest: Manifest) -> Iterator[Finding]:
    inputs = {item.name for item in manifest.contract.inputs}
    outputs = {item.name for item in manifest.contract.outputs}
    yield from _names(manifest.golden.inputs, inputs, "golden.inputs")
    yield from _names(manifest.golden.outputs, outputs, "golden.outputs")
    if not manifest.golden.ids or len(set(manifest.golden.ids)) != len(manifest.golden.ids):
        yield _manifest(FindingCode.GOLDEN, "golden.ids is empty or names an example twice")


def _flavour_findings(manifest: Manifest, flavour: FlavourEntry) -> Iterator[Finding]:
    where = f"flavour {flavour.name}"
    outputs = {item.name for item in manifest.contract.outputs}
    yield from _names(
        _border_names(flavour.inputs), {item.name for item in manifest.contract.inputs}, f"{where}: inputs"
    )
    yield from _names(_border_names(flavour.outputs), outputs, f"{where}: outputs")
    yield from _names(flavour.golden.files, outputs, f"{where}: golden.files")
    yield from _names(flavour.golden.tolerance, outputs, f"{where}: golden.tolerance")
    stated = [(item.name, len(item.bins) + 1) for item in manifest.contract.intervals]
    if [(fit.interval, len(fit.numbers)) for fit in flavour.intervals] != stated:
        yield _manifest(FindingCode.CONTRACT, f"{where}: intervals are not those of the contract")
    if any(not math.isfinite(value) or value < 0 for value in flavour.golden.tolerance.values()):
        yield _manifest(FindingCode.GOLDEN, f"{where}: a tolerance is below 0 or not finite")
    strange = sorted(set(flavour.thresholds) - outputs)
    if strange:
        yield _manifest(FindingCode.CONTRACT, f"{where}: thresholds of {', '.join(map(printable, strange))}")
    yield from _file_findings(manifest, where, flavour)


def _front_end_findings(manifest: Manifest, entry: FrontEndEntry) -> Iterator[Finding]:
    where = f"front-end of {printable(entry.input)}"
    fits = [item for item in manifest.contract.inputs if item.name == entry.input]
    if not fits or not isinstance(fits[0], SpectrogramInput):
        yield _manifest(FindingCode.CONTRACT, f"{where}: the contract has no such spectrogram")
        return
    if entry.outputs[0].name != entry.input or entry.outputs[0].shape[1:] != fits[0].shape:
        came = f"{printable(entry.outputs[0].name)} {list(entry.outputs[0].shape[1:])}"
        yield _manifest(FindingCode.CONTRACT, f"{where} makes {came}, not {list(fits[0].shape)}")
    if len(entry.transforms) != len(fits[0].channels):
        yield _manifest(FindingCode.CONTRACT, f"{where} has {len(entry.transforms)} transforms")
    yield from _file_findings(manifest, where, entry)


def _golden_sound_findings(manifest: Manifest) -> Iterator[Finding]:
    channels = {
        item.name: len(item.channels)
        for item in manifest.contract.inputs
        if isinstance(item, SpectrogramInput)
    }
    for entry in manifest.golden_sounds:
        if len(entry.tolerances) != channels.pop(entry.input, 0):
            came = f"{len(entry.tolerances)} tolerances of {printable(entry.input)}"
            message = f"golden_sounds has {came}; a spectrogram has one entry, with one a channel"
            yield _manifest(FindingCode.GOLDEN, message)


def _encoder_findings(manifest: Manifest, entry: EncoderEntry) -> Iterator[Finding]:
    where = f"encoder of {printable(entry.input)}"
    fits = [item for item in manifest.contract.inputs if item.name == entry.input]
    if not fits or not isinstance(fits[0], LocationInput):
        yield _manifest(FindingCode.CONTRACT, f"{where}: the contract has no such place")
        return
    if entry.fields != fits[0].fields or entry.inputs[0].shape != (1, len(entry.fields)):
        came = f"{', '.join(map(printable, entry.fields))} in {list(entry.inputs[0].shape)}"
        yield _manifest(FindingCode.CONTRACT, f"{where} takes {came}, not {', '.join(fits[0].fields)}")
    if entry.outputs[0].name != entry.input or entry.outputs[0].shape[1:] != fits[0].shape:
        came = f"{printable(entry.outputs[0].name)} {list(entry.outputs[0].shape[1:])}"
        yield _manifest(FindingCode.CONTRACT, f"{where} makes {came}, not {list(fits[0].shape)}")
    yield from _file_findings(manifest, where, entry)


def _file_findings(
    manifest: Manifest, where: str, entry: FlavourEntry | FrontEndEntry | EncoderEntry
) -> Iterator[Finding]:
    """Whether the file or folder is listed, with the digest and size that the entry states."""
    digest = listed_digest(entry.path, manifest.files)
    if digest is None:
        yield Finding(FindingCode.FLAVOUR, printable(entry.path), f"{where} names it, files does not")
    elif digest != entry.digest:
        yield Finding(FindingCode.FLAVOUR, entry.path, f"{where} states another digest than files gives")
    if digest is not None and entry.installed_bytes != listed_bytes(manifest, entry.path):
        yield Finding(
            FindingCode.FLAVOUR, entry.path, f"{where}: installed_bytes is not the size of its files"
        )


def listed_bytes(manifest: Manifest, path: str) -> int:
    """Size in bytes of a listed file, or of all files in a listed folder."""
    if path in manifest.files:
        return manifest.files[path].size_bytes
    return sum(entry.size_bytes for entry in entries_below(path, manifest.files).values())


def _border_names(borders: Iterable[Border]) -> list[str]:
    return [border.name for border in borders]


def _names(found: Iterable[str], expected: Set[str], where: str) -> Iterator[Finding]:
    names = sorted(found)
    if names != sorted(expected):
        came = ", ".join(map(printable, names)) or "nothing"
        yield _manifest(
            FindingCode.CONTRACT, f"{where} names {came}; the contract names {', '.join(sorted(expected))}"
        )


def _unique_findings(manifest: Manifest) -> Iterator[Finding]:
    names = [flavour.name for flavour in manifest.flavours]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _manifest(FindingCode.FLAVOUR, f"two flavours are called {name}")
    places = [item.path for item in manifest.flavours]
    places += [item.path for item in manifest.front_ends] + [item.path for item in manifest.encoders]
    paths = sorted(place + "/" for place in places)
    for outer, inner in itertools.pairwise(paths):
        if inner.startswith(outer):
            yield _manifest(FindingCode.FLAVOUR, f"two flavours share {printable(outer.rstrip('/'))}")


def _verdict_findings(manifest: Manifest) -> Iterator[Finding]:
    for number, stored in enumerate(manifest.verdicts):
        try:
            Verdict.from_dict(stored)
        except BundleError as error:
            yield _manifest(FindingCode.VERDICT, f"verdicts[{number}]: {error.what}")


def _manifest(code: FindingCode, message: str) -> Finding:
    return Finding(code, MANIFEST_NAME, message)

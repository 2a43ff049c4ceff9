"""Golden sounds: what a phone that computes spectrograms with code of its own holds that code against.

Three windows of sound a spectrogram input, as WAV files that any platform reads, with the patches of the
numpy reference, where they are compared, and how far a value may be off. A verifier computes them anew.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.arrays import npy_bytes, read_array
from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.bundle.manifest import GoldenSounds, HeardTolerance, Manifest
from fieldpack.contract import Contract, SpectrogramInput
from fieldpack.errors import BundleError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fieldpack.parity.front_end import Reference

CHOSEN = {
    "chirps": ("chirps over pink noise", 0.0),
    "calls": ("calls", -60.0),
    "click": ("silence with a click", 0.0),
}
"""Name of a file -> sound and level in dBFS; see :func:`fieldpack.parity.front_end.sounds_at_levels`."""
PATCH_SHARE = 1e-5
"""Of a patch's largest value: what another machine's Fourier transform may change, and float32 rounds."""
EDGE_DB = 1e-6
"""A value so near to the edge of what is heard may be on either side of it."""
TOLERANCE_SHARE = 1e-3
"""Of a tolerance, which is a figure for a reader and no sum of many terms."""
MOST_VALUES = 2**26
"""Of a transform or a filter bank: far more than phones compute, and a bound for a stranger's bundle."""
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FULL_SCALE = 32768

Read = Callable[[str], bytes | None]


def golden_sounds(contract: Contract) -> list[tuple[GoldenSounds, dict[str, bytes]]]:
    """The golden sounds of every spectrogram input, each with the bytes of its files by path.

    A front-end whose transform would hold more than ``MOST_VALUES`` has none.
    """
    inputs = [item for item in contract.inputs if isinstance(item, SpectrogramInput)]
    return [_made(item) for item in inputs if _largest(item) <= MOST_VALUES]


def _largest(item: SpectrogramInput) -> int:
    """Values of the largest array on the way to a patch: the frames of a window, or the filters."""
    from fieldpack.preprocess.spectrogram import example_samples

    samples = example_samples(item)
    return max(
        max((samples + spec.n_fft) // spec.hop_length, spec.bands) * spec.n_fft for spec in item.channels
    )


def golden_sound_findings(manifest: Manifest, read: Read) -> Iterator[Finding]:
    """What is wrong with the golden sounds of a bundle; one without any is an older bundle.

    Parameters
    ----------
    manifest : Manifest
    read : callable
        Gives the bytes of a listed file, or None for one that was already found faulty.
    """
    inputs = {item.name: item for item in manifest.contract.inputs if isinstance(item, SpectrogramInput)}
    for entry in manifest.golden_sounds:
        if entry.input in inputs and (values := _largest(inputs[entry.input])) > MOST_VALUES:
            yield _finding(entry.patches, f"would take {values:,} values to check; at most {MOST_VALUES:,}")
        elif entry.input in inputs:
            yield from _entry_findings(entry, inputs[entry.input], read)


def wav_bytes(samples: NDArray[np.int16], sample_rate_hz: int) -> bytes:
    """The bytes of a WAV file of 16-bit mono samples with a header of 44 bytes."""
    data = samples.astype("<i2", copy=False).tobytes()
    header = _HEADER.pack(
        b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1,
        sample_rate_hz, 2 * sample_rate_hz, 2, 16, b"data", len(data),
    )  # fmt: skip
    return header + data


def wav_samples(data: bytes, sample_rate_hz: int, where: str) -> NDArray[np.float32]:
    """The samples of what :func:`wav_bytes` wrote, float32 [n] in -1..1.

    Raises
    ------
    BundleError
        The bytes are another file, or one of another rate.
    """
    import numpy as np

    samples = np.frombuffer(data[_HEADER.size :][: (len(data) - _HEADER.size) // 2 * 2], "<i2")
    if data != wav_bytes(samples, sample_rate_hz):
        raise BundleError(
            f"{where} is no golden sound",
            allowed=f"a WAV file of {sample_rate_hz} Hz, mono, 16 bit, with a header of 44 bytes",
        )
    return (samples / _FULL_SCALE).astype(np.float32)


def _made(item: SpectrogramInput) -> tuple[GoldenSounds, dict[str, bytes]]:
    import numpy as np

    from fieldpack.parity.front_end import sounds_at_levels, tolerances_of
    from fieldpack.preprocess.spectrogram import example_samples

    rate, folder = item.front_end.sample_rate_hz, f"golden/sounds/{item.name}"
    made = sounds_at_levels(example_samples(item), rate)
    whole = {
        f"{folder}/{name}.wav": np.clip(np.round(made[key] * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
        for name, key in CHOSEN.items()
    }
    files = {path: wav_bytes(samples.astype(np.int16), rate) for path, samples in whole.items()}
    references = [_reference(wav_samples(data, rate, path), item) for path, data in files.items()]
    entry = GoldenSounds(
        input=item.name,
        sounds=tuple(files),
        patches=f"{folder}/patches.npy",
        heard=f"{folder}/heard.npy",
        tolerances=tuple(
            HeardTolerance(absolute=absolute, relative=relative)
            for absolute, relative in tolerances_of(references, item)
        ),
    )
    files[entry.patches] = npy_bytes(np.stack([one.patch for one in references]).astype(np.float32))
    files[entry.heard] = npy_bytes(np.stack([one.heard for one in references]).astype(np.uint8))
    return entry, files


def _reference(sound: NDArray[np.float32], item: SpectrogramInput, edge_db: float = 0.0) -> Reference:
    from fieldpack.parity.front_end import RANGE_DB, reference_of

    return reference_of(sound, item, RANGE_DB + edge_db)


def _entry_findings(entry: GoldenSounds, item: SpectrogramInput, read: Read) -> Iterator[Finding]:
    parts = {path: read(path) for path in (*entry.sounds, entry.patches, entry.heard)}
    files = {path: data for path, data in parts.items() if data is not None}
    if len(files) < len(parts):
        return
    shape = (len(entry.sounds), *item.shape)
    try:
        sounds = [_sound(files[path], item, path) for path in entry.sounds]
        patches = _array(files[entry.patches], entry.patches, "float32", shape)
        heard = _array(files[entry.heard], entry.heard, "uint8", shape)
        findings = list(_value_findings(entry, item, sounds, patches, heard))
    except (BundleError, InputError) as error:
        findings = [_finding(entry.patches, error.what)]
    yield from findings


def _sound(data: bytes, item: SpectrogramInput, where: str) -> NDArray[np.float32]:
    from fieldpack.preprocess.spectrogram import example_samples

    sound, wanted = wav_samples(data, item.front_end.sample_rate_hz, where), example_samples(item)
    if len(sound) != wanted:
        raise BundleError(f"{where} has {len(sound)} samples; one window of {item.name} has {wanted}")
    return sound


def _array(data: bytes, where: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = read_array(data, where)
    if array.dtype != dtype or array.shape != shape:
        raise BundleError(
            f"{where} holds {array.dtype} {list(array.shape)}; the contract gives {dtype} {list(shape)}"
        )
    return array


def _value_findings(
    entry: GoldenSounds,
    item: SpectrogramInput,
    sounds: list[NDArray[np.float32]],
    patches: NDArray[np.float32],
    heard: NDArray[np.uint8],
) -> Iterator[Finding]:
    """Whether the patches, the masks and the tolerances are those of the reference."""
    import numpy as np

    from fieldpack.parity.front_end import tolerances_of

    references = [_reference(sound, item, EDGE_DB) for sound in sounds]
    inner = [_reference(sound, item, -EDGE_DB).heard for sound in sounds]
    for path, reference, certain, patch, mask in zip(
        entry.sounds, references, inner, patches, heard, strict=True
    ):
        allowed = PATCH_SHARE * max(float(np.abs(reference.patch).max()), 1e-6)
        if not np.abs(patch - reference.patch).max() <= allowed:
            yield _finding(entry.patches, f"does not hold what the reference makes of {path}")
        if mask.max() > 1 or (certain & (mask == 0)).any() or ((mask != 0) & ~reference.heard).any():
            yield _finding(entry.heard, f"does not say what is heard of {path}")
    stated = [[one.absolute, one.relative] for one in entry.tolerances]
    wanted = tolerances_of(references, item)
    if not np.allclose(stated, wanted, rtol=TOLERANCE_SHARE, atol=0.0):
        message = f"golden_sounds of {entry.input} states tolerances {stated}; the contract gives {wanted}"
        yield _finding("manifest.json", message)


def _finding(path: str, message: str) -> Finding:
    return Finding(FindingCode.GOLDEN, path, message)

"""Golden sounds in a bundle: small, read by any platform; what is not the reference is never written."""

from __future__ import annotations

import io
import json
import math
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.arrays import npy_bytes, read_array
from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json, digest_text
from fieldpack.bundle.golden_sounds import golden_sounds, wav_bytes, wav_samples
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.contract import Contract
from fieldpack.errors import BundleError
from fieldpack.parity.front_end import gap_of, reference_of, tolerances_of
from fieldpack.preprocess.spectrogram import patches as patches_of_recording
from fieldpack.preprocess.spectrogram_test import DECIBEL, HTK, LINEAR, LN, PCEN, ROOT, patch_input
from fieldpack.recordings.testing import RATE_HZ, tone_bundle, tone_content, tone_contract
from fieldpack.testing import tiny_bundle

FIXED = DECIBEL | {"reference": 1.0, "top_db": "none"}
CLIP = {"log": {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0}}


def sounding_content(writer: BundleWriter, contract: Contract) -> dict[str, Any]:
    """The bundle of tones with golden sounds, staged."""
    fields = tone_content(writer, contract)
    made = golden_sounds(contract)
    for path, data in [pair for _, files in made for pair in files.items()]:
        writer.add_bytes(path, data)
    return {**fields, "golden_sounds": [entry.model_dump(mode="json") for entry, _ in made]}


def sounding_bundle(target: Path, contract: Contract) -> Path:
    """The same, written."""
    with BundleWriter(target) as writer:
        writer.commit(sounding_content(writer, contract))
    return target


def test_sounds_are_small_and_the_same_every_time() -> None:
    ((entry, files),) = golden_sounds(tone_contract())
    assert [Path(path).name for path in files] == [
        "chirps.wav", "calls.wav", "click.wav", "patches.npy", "heard.npy"
    ]  # fmt: skip
    assert sum(map(len, files.values())) < 75_000
    assert golden_sounds(tone_contract()) == [(entry, files)]
    levels = []
    for path in entry.sounds:
        with wave.open(io.BytesIO(files[path])) as read:
            assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, RATE_HZ)
            samples = np.frombuffer(read.readframes(read.getnframes()), "<i2")
        levels.append(20 * math.log10(np.abs(samples.astype(int)).max() / 32768))
    assert levels == pytest.approx([0.0, -60.0, 0.0], abs=0.2)


@pytest.mark.parametrize(
    ("front_end", "windows"),
    [
        ({}, {}),
        ({"center": True}, {"samples": "none"}),
        ({"center": True, **CLIP}, {"samples": "none"}),
        ({"center": True, "normalization": "patch_mean_std", "value_scale": {"kind": "int16"}}, {}),
    ],
)
def test_a_phone_repeats_a_patch_from_the_files_alone(
    front_end: dict[str, Any], windows: dict[str, Any], tmp_path: Path
) -> None:
    path = sounding_bundle(tmp_path / "tones", tone_contract(front_end, windows))
    assert check_structure(path) == []
    with open_bundle(path) as bundle:
        (entry,) = bundle.manifest.golden_sounds
        item: Any = bundle.manifest.contract.inputs[0]
        wanted, heard = (read_array(bundle.read(name), name) for name in (entry.patches, entry.heard))
        (tolerance,) = entry.tolerances
        for place, name in enumerate(entry.sounds):
            sound = wav_samples(bundle.read(name), RATE_HZ, name)
            got = patches_of_recording(sound, RATE_HZ, item)[0]
            counted = heard[place].astype(bool)
            assert counted.any()
            gap = np.abs(got - wanted[place])
            assert gap.max() < 1e-5 * np.abs(wanted[place]).max()
            assert (gap <= tolerance.absolute + tolerance.relative * np.abs(wanted[place]))[counted].all()


def test_a_front_end_of_another_window_is_outside_the_tolerance() -> None:
    contract = tone_contract()
    ((entry, files),) = golden_sounds(contract)
    other: Any = tone_contract({"window": "hann_symmetric"}).inputs[0]
    wanted, heard = (read_array(files[name], name) for name in (entry.patches, entry.heard))
    sound = wav_samples(files[entry.sounds[0]], RATE_HZ, "sound")
    gap = np.abs(patches_of_recording(sound, RATE_HZ, other)[0] - wanted[0])
    assert (gap > entry.tolerances[0].absolute)[heard[0].astype(bool)].any()


@pytest.mark.parametrize(
    "changes",
    [
        {"log": FIXED},
        {"log": FIXED, "power": 1},
        {"log": LN | {"factor": 0.1}, "power": 1},
        {"log": LN},
        {"log": ROOT},
        {"log": LINEAR, "power": 1},
        {"log": PCEN},
        {"log": FIXED, "normalization": "patch_mean_std"},
    ],
)
def test_a_tolerance_is_a_hundredth_of_a_decibel(changes: dict[str, Any]) -> None:
    """A value that is off by the tolerance is off by the bar of front-ends; the bar is not exceeded."""
    contract = patch_input(40, mel=HTK, windows={"samples": 8000}, **changes)
    sound = np.random.default_rng(3).normal(size=8000).astype(np.float32) * 0.1
    reference = reference_of(sound, contract)
    ((absolute, relative),) = tolerances_of([reference], contract)
    allowed = absolute + relative * np.abs(reference.patch)
    gaps = [gap_of(reference, reference.patch + side * allowed, contract).max_db for side in (-1, 1)]
    assert max(gaps) == pytest.approx(0.01, rel=1e-3)
    assert max(gaps) <= 0.01 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("patches", "not hold what the reference makes of golden/sounds/spectrogram/calls.wav"),
        ("nan", "not hold what the reference makes"),
        ("shape", "the contract gives float32"),
        ("mask", "not say what is heard"),
        ("mask of twos", "not say what is heard"),
        ("louder sound", "not hold what the reference makes of golden/sounds/spectrogram/chirps.wav"),
        ("short sound", "one window of spectrogram has"),
        ("other rate", "is no golden sound"),
        ("hidden byte", "is no golden sound"),
        ("no sound", "is no golden sound"),
        ("tolerance", "states tolerances"),
        ("two tolerances", "one entry, with one a channel"),
        ("twice", "one entry, with one a channel"),
        ("other input", "one entry, with one a channel"),
        ("not listed", "named but is not in files"),
    ],
)
def test_what_is_not_the_reference_is_never_written(fault: str, words: str, tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "tones") as writer:
        fields = sounding_content(writer, tone_contract())
        (entry,) = fields["golden_sounds"]
        _spoil(fault, writer, fields, entry)
        with pytest.raises(BundleError, match=words):
            writer.commit(fields)


def _spoil(fault: str, writer: BundleWriter, fields: dict[str, Any], entry: dict[str, Any]) -> None:
    patches = read_array(writer.path(entry["patches"]).read_bytes(), "patches")
    heard = read_array(writer.path(entry["heard"]).read_bytes(), "heard")
    chirps = writer.path(entry["sounds"][0]).read_bytes()
    samples = np.frombuffer(chirps[44:], "<i2")
    patches[1, 3, 4] += np.nan if fault == "nan" else 0.001
    mask = np.full_like(heard, 2) if fault == "mask of twos" else 1 - heard
    arrays = {"patches": patches, "nan": patches, "shape": patches[:, :-1]}
    sounds = {
        "louder sound": wav_bytes(samples // 2, RATE_HZ),
        "short sound": wav_bytes(samples[:-1], RATE_HZ),
        "other rate": wav_bytes(samples, RATE_HZ + 1),
        "hidden byte": chirps + b"\0",
        "no sound": b"RIFF",
    }
    if fault in arrays:
        writer.add_bytes(entry["patches"], npy_bytes(arrays[fault]))
    elif fault.startswith("mask"):
        writer.add_bytes(entry["heard"], npy_bytes(mask))
    elif fault in sounds:
        writer.add_bytes(entry["sounds"][0], sounds[fault])
    elif fault == "tolerance":
        entry["tolerances"][0]["absolute"] *= 1.01
    elif fault == "two tolerances":
        entry["tolerances"] *= 2
    elif fault == "twice":
        fields["golden_sounds"] *= 2
    elif fault == "other input":
        entry["input"] = "other"
    else:
        entry["heard"] = "golden/sounds/spectrogram/nothing.npy"


def test_an_altered_patch_is_found_even_where_every_digest_is_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sounding_bundle(tmp_path / "tones", tone_contract())
    manifest = json.loads((path / "manifest.json").read_bytes())
    name = manifest["golden_sounds"][0]["patches"]
    patches = read_array((path / name).read_bytes(), name)
    patches[2, 5, 6] += 0.01
    (path / name).write_bytes(npy_bytes(patches))
    assert main(["verify", str(path)]) == 1
    manifest["files"][name]["sha256"] = sha256_bytes((path / name).read_bytes())
    data = canonical_json(manifest)
    (path / "manifest.json").write_bytes(data)
    (path / "DIGEST").write_bytes(digest_text(sha256_bytes(data)))
    capsys.readouterr()
    assert main(["verify", str(path)]) == 1
    assert "does not hold what the reference makes of golden/sounds/spectrogram/click.wav" in (
        capsys.readouterr().out
    )


def test_bundles_without_them_are_read_and_say_nothing_of_them(tmp_path: Path) -> None:
    for path in (tone_bundle(tmp_path / "tones"), tiny_bundle(tmp_path / "tiny")):
        assert b"golden_sounds" not in (path / "manifest.json").read_bytes()
        assert check_structure(path) == []
    with open_bundle(tmp_path / "tiny") as bundle:
        assert golden_sounds(bundle.manifest.contract) == []


@pytest.mark.parametrize("front_end", [{"hop_length": 1, "n_fft": 2**17}, {"center": True, "n_fft": 2**34}])
def test_a_front_end_that_fills_the_memory_is_refused_unseen(
    front_end: dict[str, Any], tmp_path: Path
) -> None:
    huge = tone_contract(front_end, {"samples": 2**18})
    assert golden_sounds(huge) == []
    with BundleWriter(tmp_path / "tones") as writer:
        fields = sounding_content(writer, tone_contract())
        fields["contract"]["inputs"][0]["front_end"] |= front_end
        with pytest.raises(BundleError, match="values to check; at most 67,108,864"):
            writer.commit(fields)


def test_what_inspect_says_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sounding_bundle(tmp_path / "tones", tone_contract({"log": {"kind": "root", "exponent": 0.5}}))
    assert main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert "golden sounds of spectrogram: chirps, calls, click; own front-ends within 0.0012 of a" in said

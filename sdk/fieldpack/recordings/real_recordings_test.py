"""Birds in real recordings, by a model of others: each is heard where it sings, and none in the background.

Needs the sample data (README, `make demo-real`); skipped without it.
"""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.build.borders import find_borders
from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.labels import labels_bytes, parse_labels
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import ChannelMix, Contract
from fieldpack.preprocess.sound import open_sound
from fieldpack.recordings.analyser import Analyser, Settings
from fieldpack.recordings.testing import tone_content, tone_contract

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
FOLDER = ROOT / "models" / "sound" / "birdnet_stm32"
BIRDS = ROOT / "sound" / "birds"
NAMES = ("Common_Chaffinch", "Background", "Great_Tit", "Eurasian_Blackbird", "Common_Chiffchaff")
RATE_HZ = 24000
FRONT_END: dict[str, Any] = {
    "sample_rate_hz": 22050,
    "n_fft": 512,
    "win_length": 512,
    "hop_length": 258,
    "center": True,
    "power": 1,
    "mel": "none",
    "log": {"kind": "linear"},
    "normalization": "patch_min_max",
}
WINDOWS = {"samples": 66150, "overlap": 0.0, "last": "pad", "pooling": "max"}


def recording(folder: Path) -> Path:
    """The clips of three seconds one behind the other."""
    clips = [next(BIRDS.glob(f"BioDCASE26_TEST_*_{name}.wav")) for name in NAMES]
    samples = np.concatenate([open_sound(path, ChannelMix.MEAN)[0] for path in clips])
    path = folder / "birds.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def bundle(target: Path) -> Path:
    """The published int8 file in a bundle of ours, with one golden vector of silence."""
    contract = tone_contract(FRONT_END, WINDOWS, {"label_format": "scientific_common"}, frames=256)
    labels = parse_labels((FOLDER / "birdnet_stm32n6_100_labels.txt").read_bytes(), "labels")
    inputs, outputs = find_borders(
        FlavourKind.TFLITE, FOLDER / "birdnet_stm32n6_100.tflite", contract, folded=False
    )
    with BundleWriter(target) as writer:
        content = tone_content(writer, tone_contract())
        flavour = content["flavours"][0]
        writer.add_bytes(flavour["path"], (FOLDER / "birdnet_stm32n6_100.tflite").read_bytes())
        writer.add_bytes("labels/scores.txt", labels_bytes(labels))
        writer.add_bytes("golden/spectrogram.npy", npy_bytes(np.zeros((1, 257, 256, 1), np.float32)))
        for name in ("golden/scores.npy", "golden/tflite-float32/scores.npy"):
            writer.add_bytes(name, npy_bytes(np.zeros((1, 100), np.float32)))
        model = writer.path(flavour["path"])
        flavour |= {"digest": content_digest(model), "installed_bytes": model.stat().st_size}
        flavour |= {"inputs": inputs, "outputs": outputs}
        content["golden"]["ids"] = ["silence"]
        writer.commit({**content, "contract": contract, "resampling": _tables(writer, contract)})
    return target


def _tables(writer: BundleWriter, contract: Contract) -> list[Any]:
    from fieldpack.bundle.resampling import resampling_tables

    for stale in writer.path("resampling/spectrogram/x").parent.glob("*"):
        stale.unlink()
    tables = resampling_tables(contract)
    for table, data in tables:
        writer.add_bytes(table.path, data)
    return [table for table, _ in tables]


def test_each_bird_is_heard_where_it_sings_and_no_other(tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"no models under {FOLDER}; set FIELDPACK_DATA to a folder that has them")
    settings = Settings(step_s=0.5, threshold=0.3)
    analysis = Analyser(open_bundle(bundle(tmp_path / "birds")), settings=settings).analyse(
        recording(tmp_path)
    )
    sung = {name.replace("_", " "): 3.0 * place for place, name in enumerate(NAMES) if name != "Background"}
    assert list(dict.fromkeys(item.name for item in analysis.detections)) == list(sung)
    for item in analysis.detections:
        assert item.start_s <= sung[item.name] + 2.5
        assert item.end_s >= sung[item.name] + 0.5
        assert item.scientific is not None

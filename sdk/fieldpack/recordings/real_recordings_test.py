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

from fieldpack.bundle.labels import parse_labels
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import ChannelMix
from fieldpack.preprocess.sound import open_sound
from fieldpack.recordings.analyser import Analyser, Settings
from fieldpack.recordings.testing import SoundModel, sound_content, tone_contract

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
    model = SoundModel(
        data=(FOLDER / "birdnet_stm32n6_100.tflite").read_bytes(),
        labels=parse_labels((FOLDER / "birdnet_stm32n6_100_labels.txt").read_bytes(), "labels"),
        inputs=np.zeros((1, 257, 256, 1), np.float32),
        scores=np.zeros((1, 100), np.float32),
    )
    with BundleWriter(target) as writer:
        writer.commit(sound_content(writer, contract, model))
    return target


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

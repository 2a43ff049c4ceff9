"""A sound model that gives scores and an embedding: both are kept, judged, verified, written by window."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.tflite.conftest import ModelWriter

pytestmark = pytest.mark.full

RATE_HZ, WINDOW, WIDTH = 8000, 800, 16
LABELS = ("low", "middle", "high")
TONES_HZ = (300.0, 900.0, 2700.0)
FLAVOURS = ("float32", "float16", "static_int8")
SPEC = """
schema = 1

[pack]
name = "three-tones"
version = "1.0.0"
description = "Three tones, and an embedding of the sound."
license = "CC0-1.0"
seed = 0

[source]
kind = "tflite"
path = "source.tflite"

[[contract.inputs]]
name = "sound"
kind = "waveform"
axes = ["sample"]

[contract.inputs.front_end]
sample_rate_hz = 8000
resampler = { kind = "polyphase", zero_crossings = 32, kaiser_beta = 9.0, rolloff = 0.91 }
channel_mix = "mean"
low_rate = "refuse"
min_seconds = 0.0
max_seconds = 60.0
remove_silence = "none"
value_scale = { kind = "unit" }
windows = { samples = 800, overlap = 0.5, last = "drop", pooling = "mean" }

[[contract.outputs]]
name = "scores"
activation = "logits"
labels = "labels.txt"

[[contract.outputs]]
name = "embedding"
activation = "linear"
unit = "feature"

[data]
golden = 4
"""
DATA = """
[data.{}]
kind = "table"
manifest = "{}.csv"
folder = "."
file_column = "file"
label_column = "label"
"""
FLAVOUR = """
[[flavours]]
kind = "tflite"
name = "tflite-{0}"
method = "{0}"
io = "float32"
fold_scaling = false
{1}
"""
BUDGET = """
[budget.every]
top1_agreement = 0.8
top1_drop = 0.2
centred_cosine = 0.99
"""


def source() -> bytes:
    """Sines and cosines of the tones with a ReLU are the embedding; what answers to a tone is its score."""
    time = np.arange(WINDOW) / RATE_HZ
    waves = [turn(2 * np.pi * hz * time) for hz in TONES_HZ for turn in (np.sin, np.cos)]
    waves += [-one for one in waves]
    first = np.zeros((WIDTH, WINDOW), np.float32)
    first[: len(waves)] = np.stack(waves) / 100
    second = np.zeros((len(LABELS), WIDTH), np.float32)
    for row in range(len(waves)):
        second[row % 6 // 2, row] = 1.0
    writer = ModelWriter()
    sound = writer.tensor("sound", (1, WINDOW))
    embedding, scores = writer.tensor("embedding", (1, WIDTH)), writer.tensor("scores", (1, len(LABELS)))
    dense = "FullyConnectedOptions"
    weights = writer.tensor("first", first.shape, values=first)
    writer.operator(
        "FULLY_CONNECTED", (sound, weights, -1), (embedding,), options=dense, fusedActivationFunction=1
    )
    weights = writer.tensor("second", second.shape, values=second)
    writer.operator("FULLY_CONNECTED", (embedding, weights, -1), (scores,), options=dense)
    writer.ends((sound,), (embedding, scores))
    return writer.pack()


def write_sounds(folder: Path, name: str, count: int, seed: int) -> None:
    """A table of recordings of one tone each, 0.25 s, 16 bits."""
    random, rows = np.random.default_rng(seed), ["file,label"]
    for number in range(count):
        label = number % len(LABELS)
        time = np.arange(RATE_HZ // 4) / RATE_HZ
        sound = random.uniform(0.2, 0.8) * np.sin(2 * np.pi * TONES_HZ[label] * time + random.uniform(0, 6))
        sound += random.normal(0, 0.02, len(time))
        with wave.open(str(folder / f"{name}{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes((sound * 32767).astype("<i2").tobytes())
        rows.append(f"{name}{number}.wav,{LABELS[label]}")
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings, and ``bundle`` of three TFLite flavours."""
    folder = tmp_path_factory.mktemp("tones")
    (folder / "source.tflite").write_bytes(source())
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    for name, count, seed in (("evaluation", 45, 1), ("calibration", 12, 2)):
        write_sounds(folder, name, count, seed)
    ranges = {"static_int8": 'ranges = { kind = "min_max" }'}
    tables = [FLAVOUR.format(method, ranges.get(method, "")) for method in FLAVOURS]
    text = SPEC + "".join(DATA.format(name, name) for name in ("evaluation", "calibration"))
    (folder / "pack.toml").write_text(text + "".join(tables) + BUDGET, encoding="utf-8")
    assert main(["build", str(folder / "pack.toml"), "--out", str(folder / "bundle")]) == 0
    return folder


def test_every_flavour_keeps_both_outputs_and_both_are_judged(folder: Path) -> None:
    with open_bundle(folder / "bundle") as bundle:
        evidence = json.loads(bundle.path("evidence/parity.json").read_text(encoding="utf-8"))
        verdicts = {(item["subject"], item["name"]): item["outcome"] for item in bundle.manifest.verdicts}
        flavours = bundle.manifest.flavours
    assert [item.name for item in flavours] == [f"tflite-{method}" for method in FLAVOURS]
    assert set(verdicts.values()) == {"pass"}
    assert len(verdicts) == 3 * len(FLAVOURS)
    for item in flavours:
        assert [border.name for border in item.outputs] == ["scores", "embedding"]
        assert [border.shape[1] for border in item.outputs] == [len(LABELS), WIDTH]
        assert item.golden.files.keys() == {"scores", "embedding"}
        for outputs in evidence["flavours"][item.name]["runs"].values():
            figures = {figure["name"]: figure["value"] for figure in outputs["embedding"]["figures"]}
            assert figures["centred_cosine"] > 0.99
    assert evidence["flavours"]["tflite-static_int8"]["runs"]["native"]["embedding"]["counts"] == {
        "broken_items": 0
    }


def test_a_bundle_verifies_and_its_windows_are_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(folder / "bundle")
    assert main(["verify", bundle]) == 0
    assert main(["gate", bundle]) == 0
    rows: dict[str, np.ndarray] = {}
    for number in range(6):
        target = tmp_path / f"{number}.npz"
        words = [str(folder / f"evaluation{number}.wav"), "--flavour", "tflite-static_int8"]
        assert main(["predict", bundle, *words, "--values", str(target)]) == 0
        with np.load(target) as arrays:
            assert arrays["embedding"].shape == (4, WIDTH)
            assert arrays["scores"].shape == (4, len(LABELS))
            assert np.allclose(arrays["start_s"], [0.0, 0.05, 0.1, 0.15])
            rows[str(number)] = arrays["embedding"].mean(axis=0)
    capsys.readouterr()
    units = np.stack([row / np.linalg.norm(row) for row in rows.values()])
    alike = units @ units.T - 2 * np.eye(6)
    assert list(alike.argmax(axis=1) % 3) == [0, 1, 2, 0, 1, 2]  # the nearest other sound has the same tone

"""Presets against what they are taken from: librosa's signatures, YAMNet's file, the specs of real models."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract.presets import PRESETS, Preset
from fieldpack.errors import SpecError
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import spectrogram, stft

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
DATA = ROOT / "models" / "sound"
REST: dict[str, Any] = {
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.0,
    "max_seconds": 60.0,
    "remove_silence": "none",
    "windows": {"samples": 144000, "overlap": 0.0, "last": "drop", "pooling": "mean"},
}
OWN: dict[str, dict[str, Any]] = {
    "birdnet_2_4": {"log": [{"kind": "root", "exponent": 0.23}, {"kind": "root", "exponent": 0.19}]},
    "perch": {"mel": {"bands": 160, "fmax_hz": 10000.0}, "power": 2},
}
"""What a caller states besides of these presets."""


def given(preset: Preset) -> dict[str, Any]:
    """What a caller states of a preset."""
    return {name: REST[name] for name in preset.missing if name in REST} | OWN.get(preset.name, {})


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_with_the_rest_is_a_front_end(name: str) -> None:
    preset = PRESETS[name]
    made = preset.front_ends(**given(preset))
    assert len(made) == 1 + len(preset.more_channels)
    for field, value in preset.fields.items():
        if not isinstance(value, dict):
            assert getattr(made[0], field) == value
    sound = np.random.default_rng(0).uniform(-1, 1, 5 * made[0].sample_rate_hz).astype(np.float32)
    for spec in made:
        values = spectrogram(sound[: 5 * spec.sample_rate_hz], spec)
        assert values.shape[0] == spec.bands
        assert np.isfinite(values).all()


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_what_is_missing_is_named(name: str) -> None:
    preset = PRESETS[name]
    with pytest.raises(SpecError, match=rf"preset {name}: \d+ field") as caught:
        preset.front_ends()
    assert preset.missing
    assert all(f"`{field}`" in str(caught.value) for field in preset.missing)


def test_another_value_than_the_presets_is_refused() -> None:
    with pytest.raises(SpecError, match="preset yamnet states hop_length otherwise"):
        PRESETS["yamnet"].front_ends(**REST, hop_length=100)
    with pytest.raises(SpecError, match="preset yamnet, mel states bands otherwise"):
        PRESETS["yamnet"].front_ends(**REST, mel={"bands": 32})


def test_frames_are_those_of_the_models() -> None:
    low, high = PRESETS["birdnet_2_4"].front_ends(**given(PRESETS["birdnet_2_4"]))
    sound = np.random.default_rng(0).uniform(-1, 1, 144000).astype(np.float32)
    assert {spectrogram(sound, low).shape, spectrogram(sound, high).shape} == {(96, 511)}
    yamnet = PRESETS["yamnet"].front_ends(**REST)[0]
    assert spectrogram(sound[:15600], yamnet).shape == (64, 96)
    perch = PRESETS["perch"].front_ends(**given(PRESETS["perch"]))[0]
    assert spectrogram(np.resize(sound, 160000), perch).shape == (160, 501)


def test_librosas_defaults_are_librosas() -> None:
    librosa = pytest.importorskip("librosa", reason='pip install "fieldpack[sound]"')
    stated = PRESETS["librosa"].front_ends(**{key: REST[key] for key in PRESETS["librosa"].missing})[0]
    sound = np.random.default_rng(0).uniform(-1, 1, 22050)
    assert inspect.signature(librosa.load).parameters["sr"].default == stated.sample_rate_hz
    wanted = librosa.power_to_db(librosa.feature.melspectrogram(y=sound, dtype=np.float64))
    assert np.abs(spectrogram(sound.astype(np.float32), stated) - wanted).max() < 1e-3


def test_yamnets_preset_is_inside_yamnet() -> None:
    """The file's filters are ours in eight bits, and everything before and after them is ours."""
    model = DATA / "yamnet" / "yamnet.tflite"
    if not model.is_file():
        pytest.skip(f"no {model}; set FIELDPACK_DATA to a folder that has it")
    sound = np.random.default_rng(0).normal(0, 0.1, 15600).astype(np.float32)
    tensors = tensors_of(model, sound)
    stated = PRESETS["yamnet"].front_ends(**REST)[0]
    magnitude = np.abs(stft(sound, stated))
    assert np.abs(tensors["ComplexAbs"] - magnitude.T).max() < 1e-5
    step, filters = np.abs(tensors["MatMul"]).max() / 127, mel_filters(stated.mel, 16000, 512)
    assert np.abs(tensors["MatMul"] - filters).max() <= step / 2 * 1.001
    wanted = spectrogram(sound, stated).T
    assert np.abs(tensors["Log"] - np.log(tensors["mel"])).max() < 1e-5
    assert np.abs(tensors["Log"] - wanted).max() < 0.1


def tensors_of(model: Path, sound: np.ndarray) -> dict[str, np.ndarray]:
    """The front-end's tensors inside YAMNet: magnitude, filters, mel with its floor, logarithm."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(model), num_threads=1, experimental_preserve_all_tensors=True)
    runner.allocate_tensors()
    runner.set_tensor(runner.get_input_details()[0]["index"], sound)
    runner.invoke()
    found = {}
    for item in runner.get_tensor_details():
        for name in ("ComplexAbs", "MatMul", "Log"):
            if f"tf_op_layer_{name}/{name}" in item["name"].split(";")[0]:
                scale = item["quantization"][0] or 1.0
                key = "mel" if name == "MatMul" and item["dtype"] == np.float32 else name
                found[key] = runner.get_tensor(item["index"]).astype(np.float64) * scale
    return found

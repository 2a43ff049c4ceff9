"""Sensitivity, latency and the choice between methods, on the tiny classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters import latency_table
from fieldpack_converters.mixed_precision import choose
from fieldpack_converters.opened_source import Array
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.sensitivity import divergence, measure
from fieldpack_converters.tflite_interpreter import run_tflite

Files = tuple[str, dict[str, str]]
METHODS = ["dynamic_int8", "dynamic_int4", "static_int8"]


def test_every_layer_and_method_has_a_loss_and_a_size(tiny_files: Files) -> None:
    answer = measure(*tiny_files, METHODS, "softmax", limit=12)
    layers: list[Any] = answer["layers"]  # type: ignore[assignment]
    assert [item["operator"] for item in layers] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED",
    ]  # fmt: skip
    head = layers[3]
    assert head["size_bytes"] == {
        "float32": 128, "dynamic_int8": 48, "dynamic_int4": 32, "static_int8": 48,
    }  # fmt: skip
    assert "dynamic_int4" not in layers[1]["loss"]
    for layer in layers:
        losses = layer["loss"]
        assert losses["float32"] == 0 < losses["dynamic_int8"] < 0.01
        assert losses.get("dynamic_int4", 1.0) > 3 * losses["dynamic_int8"]


def test_the_choice_becomes_rules_that_fit(tiny_files: Files, tiny_samples: Array, tmp_path: Path) -> None:
    layers: Any = measure(*tiny_files, METHODS[:2], "softmax", limit=12)["layers"]
    answer: Any = choose(tiny_files[0], layers, METHODS[:2], size_bytes=400)
    whole = sum(layer["size_bytes"]["float32"] for layer in layers)
    assert choose(tiny_files[0], layers, METHODS[:2], share=400.5 / whole)["rules"] == answer["rules"]
    assert answer["size_bytes"] <= 400
    assert len({rule["method"] for rule in answer["rules"]}) > 1
    path = tmp_path / "mixed.tflite"
    quantize(tiny_files[0], str(path), "dynamic_int8", rules=answer["rules"])
    wanted = run_tflite(Path(tiny_files[0]).read_bytes(), [tiny_samples])[0]
    came = run_tflite(path.read_bytes(), [tiny_samples])[0]
    assert 0 < divergence(wanted, came, "softmax") < 3 * answer["loss"] + 1e-4


def test_a_latency_takes_part_and_the_impossible_is_said(tiny_files: Files) -> None:
    layers: Any = measure(*tiny_files, METHODS[:1], "softmax", limit=4)["layers"]
    timed: Any = choose(tiny_files[0], layers, METHODS[:1], size_bytes=10_000, latency_ms=1e3)
    assert {rule["method"] for rule in timed["rules"]} == {"float32"}
    assert 0 < timed["latency_ms"] < 1e3
    with pytest.raises(SpecError, match="fits"):
        choose(tiny_files[0], layers, METHODS[:1], size_bytes=100)


def test_every_operator_is_timed_alone(tiny_files: Files) -> None:
    answer = latency_table.measure(tiny_files[0], METHODS, rounds=2)
    layers: list[dict[str, dict[str, float]]] = answer["layers"]  # type: ignore[assignment]
    assert [set(layer["latency_ms"]) for layer in layers] == [
        {"float32", "dynamic_int8", "static_int8", *(["dynamic_int4"] if number != 1 else [])}
        for number in range(4)
    ]
    assert all(np.isfinite(value) and value > 0 for layer in layers for value in layer["latency_ms"].values())


def test_divergences() -> None:
    one, two = np.array([[0.25, 0.75]]), np.array([[0.5, 0.5]])
    kl = 0.25 * np.log(0.5) + 0.75 * np.log(1.5)
    assert divergence(one, two, "softmax") == pytest.approx(kl)
    assert divergence(np.log(one) + 3, np.log(two), "logits") == pytest.approx(kl)
    assert divergence(one[:, :1], two[:, :1], "sigmoid") == pytest.approx(kl)
    assert divergence(np.array([[0.0], [2.0]]), np.array([[1.0], [2.0]]), "linear") == pytest.approx(0.5)


def test_a_method_of_core_ml_is_refused(tiny_files: Files) -> None:
    with pytest.raises(SpecError, match="not for TFLite"):
        measure(*tiny_files, ["palette"], "softmax")

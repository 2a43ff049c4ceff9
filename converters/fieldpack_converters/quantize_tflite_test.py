"""Quantising the tiny classifier: what the file holds, and how near it stays to the float model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import ConversionError, InputError, SpecError
from fieldpack_converters.conftest import DEAD_CHANNEL, TinyWriter
from fieldpack_converters.opened_source import Array
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite

Files = tuple[str, dict[str, str]]


def quantised(
    files: Files, tmp_path: Path, method: str = "static_int8", **options: Any
) -> tuple[Any, TFLiteGraph]:
    path = tmp_path / "quantised.tflite"
    answer = quantize(files[0], str(path), method, files[1], **options)
    return answer, TFLiteGraph.read(path)


def outputs(path: Path | str, samples: Array) -> Array:
    return run_tflite(Path(path).read_bytes(), [samples])[0]


def weight_dtypes(graph: TFLiteGraph) -> dict[str, str]:
    return {
        item.name: graph.dtype(item.inputs[1])
        for item in graph.operations()
        if item.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    }


def test_static_int8_with_int8_borders(tiny_files: Files, tiny_samples: Array, tmp_path: Path) -> None:
    answer, graph = quantised(tiny_files, tmp_path, io="int8", input_ranges={"image": [0.0, 1.0]})
    assert answer["matched"] == {"default": 7}
    assert (answer["quantised_ops"], answer["float_ops"], answer["changed"]) == (7, 0, True)
    assert answer["inputs"] == [
        {
            "name": "image",
            "shape": [1, 12, 12, 3],
            "dtype": "int8",
            "scale": pytest.approx(1 / 255),
            "zero_point": -128,
        }
    ]
    assert (answer["outputs"][0]["scale"], answer["outputs"][0]["zero_point"]) == (1 / 256, -128)
    assert set(weight_dtypes(graph).values()) == {"int8"}
    difference = outputs(tiny_files[0], tiny_samples) - outputs(tmp_path / "quantised.tflite", tiny_samples)
    assert np.abs(difference).max() < 0.03


def test_float_borders_stay_float(tiny_files: Files, tmp_path: Path) -> None:
    answer, graph = quantised(tiny_files, tmp_path)
    assert answer["inputs"][0]["dtype"] == answer["outputs"][0]["dtype"] == "float32"
    assert [item.name for item in graph.operations()].count("QUANTIZE") == 1


def test_an_output_that_is_read_on_stays_integers_inside(
    tiny_files: Files, tiny_samples: Array, tmp_path: Path
) -> None:
    graph = TFLiteGraph.read(tiny_files[0])
    head = next(item.outputs[0] for item in graph.operations() if item.name == "FULLY_CONNECTED")
    graph.main.outputs = [*graph.main.outputs, head]
    graph.write(tiny_files[0])
    plain = run_tflite(Path(tiny_files[0]).read_bytes(), [tiny_samples])
    _, graph = quantised(tiny_files, tmp_path)
    softmax = next(item for item in graph.operations() if item.name == "SOFTMAX")
    assert graph.dtype(softmax.inputs[0]) == "int8"
    assert [graph.dtype(tensor) for tensor in graph.outputs] == ["float32", "float32"]
    came = run_tflite((tmp_path / "quantised.tflite").read_bytes(), [tiny_samples])
    assert [one.shape for one in came] == [one.shape for one in plain]
    for one, other in zip(came, plain, strict=True):
        assert np.abs(one - other).max() < 0.03 * np.abs(other).max()


def test_weights_are_symmetric_and_per_channel(tiny_files: Files, tmp_path: Path) -> None:
    _, graph = quantised(tiny_files, tmp_path)
    convolution = next(item for item in graph.operations() if item.name == "CONV_2D")
    scales = graph.scales(convolution.inputs[1])
    assert scales is not None
    assert (len(scales[0]), set(scales[1].tolist()), scales[2]) == (8, {0}, 0)
    assert np.abs(graph.constant(convolution.inputs[1]).astype(int)).max() == 127


@pytest.mark.parametrize(("method", "dtype"), [("dynamic_int8", "int8"), ("float16", "float32")])
def test_weights_only(
    tiny_files: Files, tiny_samples: Array, tmp_path: Path, method: str, dtype: str
) -> None:
    answer, graph = quantised((tiny_files[0], {}), tmp_path, method)
    assert answer["quantised_ops"] > 0
    assert set(weight_dtypes(graph).values()) == {dtype}
    difference = outputs(tiny_files[0], tiny_samples) - outputs(tmp_path / "quantised.tflite", tiny_samples)
    assert np.abs(difference).max() < 0.03


def test_four_bit_weights(tiny_files: Files, tiny_samples: Array, tmp_path: Path) -> None:
    answer, graph = quantised((tiny_files[0], {}), tmp_path, "dynamic_int4")
    assert answer["quantised_ops"] == 4
    assert weight_dtypes(graph) == {"CONV_2D": "int4", "DEPTHWISE_CONV_2D": "int8", "FULLY_CONNECTED": "int4"}
    head = next(item for item in graph.operations() if item.name == "FULLY_CONNECTED")
    steps = graph.constant(head.inputs[1])
    original = TFLiteGraph.read(tiny_files[0])
    weights = original.constant(
        next(item for item in original.operations() if item.name == "FULLY_CONNECTED").inputs[1]
    )
    scale = np.abs(weights).max(axis=1, keepdims=True) / 7
    np.testing.assert_array_equal(steps, np.rint(weights / scale))
    difference = outputs(tiny_files[0], tiny_samples) - outputs(tmp_path / "quantised.tflite", tiny_samples)
    assert 0 < np.abs(difference).max() < 0.2


@pytest.mark.parametrize(("bits", "last"), [(8, 127), (4, 7)])
def test_weight_only_rounds_no_activation(
    tiny_files: Files, tiny_samples: Array, tmp_path: Path, bits: int, last: int
) -> None:
    """A file whose dense layer has integer weights answers as float weights of the grid do."""
    method = f"weight_int{bits}"
    rules: list[dict[str, Any]] = [{"method": "float32", "layers": ".*"}]
    rules.append({"method": method, "layers": ".*", "operators": ["FULLY_CONNECTED"]})
    answer, graph = quantised((tiny_files[0], {}), tmp_path, method, rules=rules)
    assert answer["quantised_ops"] == 1
    constants = {graph.dtype(item.inputs[0]) for item in graph.operations() if item.name == "DEQUANTIZE"}
    assert constants == {f"int{bits}"}
    original = TFLiteGraph.read(tiny_files[0])
    head = next(item for item in original.operations() if item.name == "FULLY_CONNECTED")
    weights = original.constant(head.inputs[1])
    scale = (np.abs(weights).max(axis=1, keepdims=True) / np.float32(last)).astype(np.float32)
    rounded = (np.rint(weights / scale) * scale).astype(np.float32)
    original.model.buffers[original.main.tensors[head.inputs[1]].buffer].data = np.frombuffer(
        rounded.tobytes(), np.uint8
    )
    (tmp_path / "wanted.tflite").write_bytes(original.content())
    found = outputs(tmp_path / "quantised.tflite", tiny_samples)
    np.testing.assert_allclose(found, outputs(tmp_path / "wanted.tflite", tiny_samples), atol=2e-6)


def test_a_later_rule_wins_and_is_counted(tiny_files: Files, tmp_path: Path) -> None:
    rules = [
        {"method": "float32", "layers": ".*", "operators": ["CONV_2D", "FULLY_CONNECTED"]},
        {"method": "static_int8", "layers": "^stem$"},
    ]
    answer, graph = quantised(tiny_files, tmp_path, rules=rules, keep_names=True)
    assert answer["matched"] == {"default": 7, "0": 3, "1": 1}
    dtypes = {
        graph.scope(item): graph.dtype(item.inputs[1])
        for item in graph.operations()
        if item.name == "CONV_2D"
    }
    assert sorted(dtypes.values()) == ["float32", "int8"]
    assert dtypes["point"] == "float32"


@pytest.mark.parametrize(
    "rules",
    [
        [{"method": "float32", "layers": "nothing_is_called_this"}],
        [{"method": "float32", "operators": ["TANH"]}],
        [{"method": "int3"}],
        [{"method": "palette", "layers": ".*"}],
        [{"method": "weight_int8", "layers": ".*", "operators": ["SOFTMAX"]}],
        [{"method": "float32", "layers": "("}],
        [{"method": "float32", "layer": "stem"}],
    ],
)
def test_rules_that_miss_or_are_wrong_are_refused(tiny_files: Files, tmp_path: Path, rules: Any) -> None:
    with pytest.raises(SpecError):
        quantised(tiny_files, tmp_path, rules=rules)
    assert not (tmp_path / "quantised.tflite").exists()


def test_calibration_is_demanded_and_fitted(tiny_files: Files, tmp_path: Path) -> None:
    target = str(tmp_path / "quantised.tflite")
    with pytest.raises(SpecError):
        quantize(tiny_files[0], target, "static_int8")
    np.save(tmp_path / "small.npy", np.zeros((3, 6, 6, 3), np.float32))
    with pytest.raises(InputError):
        quantize(tiny_files[0], target, "static_int8", {"0": str(tmp_path / "small.npy")})
    with pytest.raises(InputError):
        quantised(tiny_files, tmp_path, input_ranges={"picture_of_nothing": [0, 1]})


def test_samples_are_found_by_signature_name_too(tiny_files: Files, tmp_path: Path) -> None:
    answer, _ = quantised((tiny_files[0], {"picture": tiny_files[1]["image"]}), tmp_path)
    assert answer["quantised_ops"] == 7


def test_one_sample_far_out_widens_the_min_max_range(
    tiny_files: Files, tiny_samples: Array, tmp_path: Path
) -> None:
    far = tiny_samples.copy()
    far[13] = 4.0
    np.save(tiny_files[1]["image"], far)
    answer, _ = quantised(tiny_files, tmp_path, io="int8")
    assert answer["inputs"][0]["scale"] == pytest.approx(4.0 / 255, rel=1e-3)


def test_the_same_input_gives_the_same_bytes(tiny_files: Files, tmp_path: Path) -> None:
    options: dict[str, Any] = {"ranges": {"kind": "mse"}, "bias_correction": True, "io": "int8"}
    quantised(tiny_files, tmp_path, **options)
    first = (tmp_path / "quantised.tflite").read_bytes()
    quantised(tiny_files, tmp_path, **options)
    assert (tmp_path / "quantised.tflite").read_bytes() == first


def test_a_dead_channel_keeps_its_bias(tiny_files: Files, tmp_path: Path) -> None:
    answer, graph = quantised(tiny_files, tmp_path)
    assert answer["mended_channels"] == 1
    stem = next(item for item in graph.operations() if item.name == "CONV_2D")
    assert graph.real(stem.inputs[2])[DEAD_CHANNEL] == pytest.approx(0.3, rel=1e-6)


def test_bias_correction_takes_the_mean_shift_back(
    tiny_files: Files, tiny_samples: Array, tmp_path: Path
) -> None:
    reference = outputs(tiny_files[0], tiny_samples)
    errors = []
    for corrected in (False, True):
        answer, graph = quantised(tiny_files, tmp_path, bias_correction=corrected)
        assert answer["corrected_ops"] == (4 if corrected else 0)
        stem = next(item for item in graph.operations() if item.name == "CONV_2D")
        float_graph = TFLiteGraph.read(tiny_files[0])
        float_stem = next(item for item in float_graph.operations() if item.name == "CONV_2D")
        lost = float_graph.real(float_stem.inputs[1]) - graph.real(stem.inputs[1])
        moved = graph.real(stem.inputs[2]) - float_graph.real(float_stem.inputs[2])
        whole = padded_mean_answer(tiny_samples, lost)
        errors.append(np.abs(moved - whole).max())
        assert np.abs(outputs(tmp_path / "quantised.tflite", tiny_samples) - reference).max() < 0.03
    assert errors[1] < 1e-4 < errors[0]


def padded_mean_answer(samples: Array, weights: Array) -> Array:
    """Mean over samples and places of a 3 x 3 stride-2 SAME convolution on 12 x 12, in loops."""
    padded = np.pad(samples.astype(np.float64), ((0, 0), (0, 1), (0, 1), (0, 0)))
    total = np.zeros(weights.shape[0])
    for row, column in np.ndindex(6, 6):
        patch = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        total += np.einsum("nhwi,ohwi->o", patch, weights)
    return total / (36 * len(samples))


def test_an_impossible_promise_is_an_error(
    tiny_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fieldpack_converters.quantize_tflite._rewritten", lambda graph, content, *others: content
    )
    with pytest.raises(ConversionError):
        quantised(tiny_files, tmp_path, "dynamic_int8")


@pytest.fixture
def attending(tmp_path: Path) -> Path:
    """Two inputs, a dense layer on each, and their product: attention in its smallest form."""
    writer = TinyWriter()
    schema = writer.schema
    sides = []
    for name in ("query", "key"):
        given, made = writer.tensor(name, (1, 6, 32)), writer.tensor(f"{name}/dense", (1, 6, 32))
        weights, bias = writer.weights(name, (32, 32), 0.2, 32)
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = True
        code = schema.BuiltinOperator.FULLY_CONNECTED
        writer.operator(code, [given, weights, bias], made, options, "FullyConnectedOptions")
        sides.append((given, made))
    product, options = writer.tensor("product", (1, 6, 6)), schema.BatchMatMulOptionsT()
    options.adjY = True
    factors = [made for _, made in sides]
    writer.operator(schema.BuiltinOperator.BATCH_MATMUL, factors, product, options, "BatchMatMulOptions")
    path = tmp_path / "attending.tflite"
    path.write_bytes(writer.finished([given for given, _ in sides], [product]))
    return path


@pytest.mark.parametrize("method", ["float16", "dynamic_int8", "dynamic_int4", "weight_int8", "weight_int4"])
def test_products_of_activations_have_no_weights_to_store(
    attending: Path, tmp_path: Path, method: str
) -> None:
    answer, graph = quantised((str(attending), {}), tmp_path, method)
    assert (answer["quantised_ops"], answer["float_ops"], answer["without_weights"]) == (2, 1, 1)
    product = next(item for item in graph.operations() if item.name == "BATCH_MATMUL")
    assert {graph.dtype(tensor) for tensor in (*product.inputs, *product.outputs)} == {"float32"}
    given = list(np.random.default_rng(0).standard_normal((2, 1, 6, 32)).astype(np.float32))
    plain, small = (
        run_tflite(path.read_bytes(), given)[0] for path in (attending, tmp_path / "quantised.tflite")
    )
    # Steps of 3 standard deviations / 7 move a factor by 12 % of one, the product by 17 %; in 8 bits by 1 %.
    share = 0.25 if method.endswith("int4") else 0.02
    assert 0 < (plain - small).std() < share * plain.std()


def test_static_int8_takes_products_of_activations(attending: Path, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).standard_normal((2, 8, 6, 32)).astype(np.float32)
    files = {name: str(tmp_path / f"{name}.npy") for name in ("query", "key")}
    for path, values in zip(files.values(), samples, strict=True):
        np.save(path, values)
    answer, _ = quantised((str(attending), files), tmp_path)
    assert (answer["quantised_ops"], answer["without_weights"]) == (3, 0)


def test_a_rule_about_weights_on_products_alone_is_refused(attending: Path, tmp_path: Path) -> None:
    rules = [{"method": "weight_int8", "layers": ".", "operators": ["BATCH_MATMUL"]}]
    with pytest.raises(SpecError, match="matches no operator that has some"):
        quantised((str(attending), {}), tmp_path, "float16", rules=rules)


def test_weights_behind_another_operator_are_not_passed_over(tmp_path: Path) -> None:
    writer = TinyWriter()
    schema = writer.schema
    given, turned = writer.tensor("given", (1, 6, 32)), writer.tensor("turned", (1, 32, 8))
    weights, order = writer.weights("weights", (1, 8, 32), 0.2, 3)[0], np.array([0, 2, 1], np.int32)
    code, stored = schema.BuiltinOperator.TRANSPOSE, [weights, writer.constant("order", order)]
    writer.operator(code, stored, turned, schema.TransposeOptionsT(), "TransposeOptions")
    product, code = writer.tensor("product", (1, 6, 8)), schema.BuiltinOperator.BATCH_MATMUL
    writer.operator(code, [given, turned], product, schema.BatchMatMulOptionsT(), "BatchMatMulOptions")
    (tmp_path / "turned.tflite").write_bytes(writer.finished([given], [product]))
    with pytest.raises(ConversionError, match="does not hold what the rules promise"):
        quantised((str(tmp_path / "turned.tflite"), {}), tmp_path, "float16")

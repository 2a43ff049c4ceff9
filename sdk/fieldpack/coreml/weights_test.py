"""Compressed packages, as coremltools' own compressors write them.

The oracle is twofold: PyMIL's decompression of the same weights (``decompress_weights``), and the
reference output computed with those weights.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.package import open_package

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def models() -> Any:
    """A small net as float16 ML Program for iOS 16 and for iOS 18."""
    ct = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')
    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, 2, 1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 16, 3, 1, 1, groups=4),
        torch.nn.SiLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(1024, 32),
    ).eval()
    traced = torch.jit.trace(net, torch.zeros(1, 3, 16, 16))
    inputs = [ct.TensorType(name="x", shape=(1, 3, 16, 16))]
    made = {
        version: ct.convert(
            traced, inputs=inputs, minimum_deployment_target=getattr(ct.target, f"iOS{version}")
        )
        for version in (16, 18)
    }
    yield made
    logging.disable(logging.NOTSET)


def linear(ct: Any, **settings: Any) -> Any:
    cto = ct.optimize.coreml
    config = cto.OptimizationConfig(cto.OpLinearQuantizerConfig(weight_threshold=64, **settings))
    return lambda model, **extra: cto.linear_quantize_weights(model, config, **extra)


def palette(ct: Any, **settings: Any) -> Any:
    cto = ct.optimize.coreml
    config = cto.OptimizationConfig(cto.OpPalettizerConfig(weight_threshold=64, mode="uniform", **settings))
    return lambda model, **extra: cto.palettize_weights(model, config, **extra)


def sparse(ct: Any) -> Any:
    cto = ct.optimize.coreml
    config = cto.OptimizationConfig(cto.OpMagnitudePrunerConfig(target_sparsity=0.5, weight_threshold=64))
    return lambda model, **extra: cto.prune_weights(model, config, **extra)


#: name -> (iOS, compressors in turn, operator that must appear, storage type that must appear)
VARIANTS: dict[str, tuple[int, Any, str, str]] = {
    "int8 affine": (16, lambda ct: [linear(ct, mode="linear")], "constexpr_affine_dequantize", "int8"),
    "int8 symmetric": (18, lambda ct: [linear(ct)], "constexpr_blockwise_shift_scale", "int8"),
    "uint8 affine": (
        18,
        lambda ct: [linear(ct, mode="linear", dtype="uint8")],
        "constexpr_blockwise_shift_scale",
        "uint8",
    ),
    "int4 blocks": (
        18,
        lambda ct: [linear(ct, dtype="int4", granularity="per_block", block_size=32)],
        "constexpr_blockwise_shift_scale",
        "int4",
    ),
    "palette 4 bits packed": (16, lambda ct: [palette(ct, nbits=4)], "constexpr_lut_to_dense", "uint8"),
    "palette 6 bits": (18, lambda ct: [palette(ct, nbits=6)], "constexpr_lut_to_dense", "uint6"),
    "palette grouped": (
        18,
        lambda ct: [palette(ct, nbits=2, granularity="per_grouped_channel", group_size=4)],
        "constexpr_lut_to_dense",
        "uint2",
    ),
    "sparse packed": (16, lambda ct: [sparse(ct)], "constexpr_sparse_to_dense", "uint8"),
    "sparse": (18, lambda ct: [sparse(ct)], "constexpr_sparse_to_dense", "uint1"),
    "sparse int8": (
        18,
        lambda ct: [sparse(ct), linear(ct)],
        "constexpr_sparse_blockwise_shift_scale",
        "int8",
    ),
    "sparse palette": (18, lambda ct: [sparse(ct), palette(ct, nbits=4)], "constexpr_lut_to_sparse", "uint4"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_compressed_weights_are_read_as_pymil_reads_them(models: Any, name: str, tmp_path: Any) -> None:
    import coremltools as ct

    version, compressors, operator, storage = VARIANTS[name]
    model = models[version]
    for index, compress in enumerate(compressors(ct)):
        model = compress(model, joint_compression=True) if index else compress(model)
    model.save(str(tmp_path / "small.mlpackage"))
    ct.optimize.coreml.decompress_weights(model).save(str(tmp_path / "whole.mlpackage"))
    small, whole = open_package(tmp_path / "small.mlpackage"), open_package(tmp_path / "whole.mlpackage")
    assert operator in small.op_histogram()
    assert storage in small.weight_storage
    assert small.weight_bytes < whole.weight_bytes
    x = {"x": np.random.default_rng(1).uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)}
    (mine,) = Interpreter(small, Precision.FP16).run(x).values()
    (theirs,) = Interpreter(whole, Precision.FP16).run(x).values()
    scale = float(np.abs(theirs.astype(np.float64)).max())
    # PyMIL multiplies in float16, here in float32 and rounds once: half a unit in the last place apart
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=2e-3 * scale)
    for weight in dense_weights(small):
        reference = whole_weight(whole, weight.shape)
        np.testing.assert_allclose(weight, reference, rtol=1e-3, atol=1e-6)


def dense_weights(package: Any) -> list[Any]:
    """Weights as the convolutions and the linear layer see them, in program order."""
    runner = Interpreter(package, Precision.FP16)
    names = [
        op.inputs["weight"].arguments[0].name for op in package.block.operations if "weight" in op.inputs
    ]
    x = {"x": np.zeros((1, 3, 16, 16), np.float32)}
    return list(runner.run_intermediates(x, names).values())


def whole_weight(package: Any, shape: tuple[int, ...]) -> Any:
    return next(weight for weight in dense_weights(package) if weight.shape == shape)


def test_vectors_of_a_palette_spread_along_their_axis() -> None:
    """Against PyMIL's own ``lut_to_dense``, for both axes and for grouped tables."""
    torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')
    optimize = pytest.importorskip(
        "coremltools.optimize._utils", reason='pip install "fieldpack[coreml-convert]"'
    )
    from fieldpack.coreml.ops._palette import look_up

    rng = np.random.default_rng(0)
    indices = rng.integers(0, 4, (4, 6, 2)).astype(np.uint8)
    for blocks in ((1, 1, 1), (2, 1, 1), (2, 3, 1)):
        for axis in (0, 1, 2, -1):
            lut = rng.normal(size=(*blocks, 4, 3)).astype(np.float32)
            mine = look_up(torch.from_numpy(indices), torch.from_numpy(lut), axis).numpy()
            np.testing.assert_array_equal(mine, optimize.lut_to_dense(indices, lut, axis))


def test_quantised_activations_run(tmp_path: Any) -> None:
    """``quantize`` and ``dequantize`` around a product, per tensor and per channel."""
    ct = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    from coremltools.converters.mil import Builder
    from coremltools.converters.mil.mil import Function, Program

    scales = np.array([0.5, 0.25, 2.0], np.float32)
    zeros = np.array([1, -2, 3], np.int8)
    program = Program()
    with Function({"x": Builder.placeholder((2, 3))}, opset_version=ct.target.iOS17) as function:
        x = function.inputs["x"]
        q = Builder.quantize(input=x, scale=np.float32(0.125), zero_point=np.uint8(100), output_dtype="uint8")
        a = Builder.dequantize(input=q, scale=np.float32(0.125), zero_point=np.uint8(100))
        p = Builder.quantize(input=x, scale=scales, zero_point=zeros, axis=1, output_dtype="int8")
        b = Builder.dequantize(input=p, scale=scales, zero_point=zeros, axis=1)
        function.set_outputs([Builder.identity(x=a, name="a"), Builder.identity(x=b, name="b")])
        program.add_function("main", function)
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS17,
        compute_precision=ct.precision.FLOAT32,
        pass_pipeline=ct.PassPipeline.EMPTY,
    )
    model.save(str(tmp_path / "q.mlpackage"))
    x_value = np.array([[0.3, -20.0, 30.0], [0.7, 100.0, -300.0]], np.float32)
    outputs = Interpreter(open_package(tmp_path / "q.mlpackage")).run({"x": x_value})
    codes = np.clip(np.rint(x_value / 0.125) + 100, 0, 255)
    np.testing.assert_array_equal(outputs["a"], (codes - 100) * 0.125)
    codes = np.clip(np.rint(x_value / scales) + zeros, -128, 127)
    np.testing.assert_array_equal(outputs["b"], (codes - zeros) * scales)

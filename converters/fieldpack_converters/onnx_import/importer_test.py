"""Files that are damaged, foreign, too new or dynamic; conditions; shapes; weights outside the file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import FieldpackError, SourceError, SpecError, UnsupportedError
from fieldpack_converters.onnx_import.importer import import_onnx

PARSER_HEAD = '<ir_version: 8, opset_import: ["" : 17]>'


def model(text: str, head: str = PARSER_HEAD) -> Any:
    import onnx.parser

    return onnx.parser.parse_model(f"{head}\n{text}")


def run(module: Any, *inputs: Any) -> Any:
    import torch

    with torch.no_grad():
        result = module(*(torch.from_numpy(np.asarray(value)) for value in inputs))
    return [item.numpy() for item in result] if isinstance(result, tuple) else result.numpy()


RELU = "net (float[n, 4] x) => (float[n, 4] y) { y = Relu(x) }"


def test_shape_arithmetic_leaves_the_graph() -> None:
    text = """net (float[n, 4, 6] x) => (float[n, m] y) {
        s = Shape(x)
        zero = Constant <value_ints = [0]> ()
        n = Gather(s, zero)
        rest = Constant <value_ints = [-1]> ()
        wanted = Concat <axis = 0> (n, rest)
        y = Reshape(x, wanted)
    }"""
    module = import_onnx(model(text), {"x": (3, 4, 6)})
    assert [step.label.split(" ")[0] for step in module.program.steps] == ["Reshape"]
    assert run(module, np.ones((3, 4, 6), np.float32)).shape == (3, 24)


def test_free_axes_are_named_with_the_way_to_give_them() -> None:
    with pytest.raises(SpecError, match="input x of the ONNX model has free axes") as caught:
        import_onnx(model(RELU))
    assert "[n, 4]; free: axis 0" in str(caught.value.came)
    assert "contract.inputs" in str(caught.value.hint)


@pytest.mark.parametrize("shape", [(2, 5), (2, 4, 1), (-1, 4)])
def test_a_shape_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="does not fit") as caught:
        import_onnx(model(RELU), {"x": shape})
    assert "[n, 4]" in str(caught.value.allowed)


def test_unknown_inputs_are_named() -> None:
    with pytest.raises(SpecError, match="does not have") as caught:
        import_onnx(model(RELU), {"z": (1, 4)})
    assert (caught.value.came, caught.value.allowed) == ("z", "x")


BRANCHES = """net (float[2, 3] x, bool c) => (float[2, 3] y) {
    y = If (c) <
        then_branch = one () => (float[2, 3] a) { a = Neg(x) },
        else_branch = two () => (float[2, 3] b) { b = Exp(x) }
    >
}"""


def test_a_known_condition_takes_one_branch_and_an_unknown_one_both() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    fixed = import_onnx(model(BRANCHES), constants={"c": False})
    assert [step.label.split(" ")[0] for step in fixed.program.steps] == ["Exp"]
    assert np.allclose(run(fixed, x), np.exp(x))
    free = import_onnx(model(BRANCHES))
    assert np.allclose(run(free, x, True), -x)
    assert np.allclose(run(free, x, False), np.exp(x))


def test_branches_of_different_shapes_are_refused_by_name() -> None:
    text = BRANCHES.replace("b = Exp(x)", "b = ReduceSum(x)")
    with pytest.raises(UnsupportedError, match="differ in shape") as caught:
        import_onnx(model(text))
    assert "(2, 3) and (1, 1)" in str(caught.value.came)


def test_sizes_that_the_inputs_decide_are_refused_by_name() -> None:
    text = "net (float[4] x, int64[1] s) => (float[n] y) { y = Expand(x, s) }"
    with pytest.raises(UnsupportedError, match="shape of the node Expand") as caught:
        import_onnx(model(text))
    assert "the value s" in str(caught.value.came)
    assert run(import_onnx(model(text), constants={"s": [4]}), np.ones(4, np.float32)).shape == (4,)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("y = com.example.Magic(x)", "com.example::Magic"),
        ("y = NonMaxSuppression(x, x)", "NonMaxSuppression"),
        ("y = RandomNormalLike(x)", "RandomNormalLike"),
    ],
)
def test_operators_outside_the_list_are_named(body: str, name: str) -> None:
    head = '<ir_version: 8, opset_import: ["" : 17, "com.example" : 1]>'
    with pytest.raises(UnsupportedError) as caught:
        import_onnx(model(RELU.replace("y = Relu(x)", body), head), {"x": (1, 4)})
    assert name in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda proto: setattr(proto, "ir_version", 99), "IR version 99"),
        (lambda proto: setattr(proto.opset_import[0], "version", 999), "opset 999"),
        (lambda proto: proto.graph.node[0].input.__setitem__(0, "nowhere"), "nowhere"),
        (lambda proto: proto.graph.node[0].input.__setitem__(0, "y"), "depends on itself"),
        (lambda proto: setattr(proto.graph.output[0], "name", "z"), "never computed"),
        (lambda proto: proto.graph.node.append(proto.graph.node[0]), "defined twice"),
        (lambda proto: proto.graph.node[0].input.append("x"), "too many inputs"),
    ],
)
def test_altered_models_are_refused(change: Any, message: str) -> None:
    proto = model(RELU)
    change(proto)
    with pytest.raises(SourceError) as caught:
        import_onnx(proto, {"x": (1, 4)})
    assert message in str(caught.value)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_cut_files_are_refused(tmp_path: Path, kept: float) -> None:
    content = model(RELU).SerializeToString()
    (tmp_path / "cut.onnx").write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(SourceError, match="bytes"):
        import_onnx(tmp_path / "cut.onnx", {"x": (1, 4)})


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip", b"<!DOCTYPE html>", b"\x08\x08", bytes(range(256))])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(SourceError, match=r"net\.onnx"):
        import_onnx(tmp_path / "net.onnx")


def test_any_altered_byte_gives_a_model_or_one_of_our_errors(tmp_path: Path) -> None:
    content = model(SCALED).SerializeToString()
    generator = np.random.default_rng(4)
    for _ in range(300):
        altered = bytearray(content)
        altered[generator.integers(0, len(content))] = generator.integers(0, 256)
        (tmp_path / "net.onnx").write_bytes(altered)
        with contextlib.suppress(FieldpackError):
            import_onnx(tmp_path / "net.onnx", {"x": (2, 4)})


SCALED = "net (float[n, 4] x) => (float[n, 4] y) <float[4] w = {1, 2, 3, 4}> { y = Mul(x, w) }"


def external(tmp_path: Path, **facts: object) -> Path:
    """A model whose weights lie in another file."""
    import onnx

    proto = model(SCALED)
    tensor = proto.graph.initializer[0]
    (tmp_path / "net.data").write_bytes(b"\0" * 8 + np.array([5, 6, 7, 8], np.float32).tobytes())
    tensor.ClearField("float_data")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": "net.data", "offset": 8, "length": 16, **facts}.items():
        tensor.external_data.add(key=key, value=str(value))
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    return tmp_path / "net.onnx"


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    module = import_onnx(external(tmp_path), {"x": (1, 4)})
    assert run(module, np.ones((1, 4), np.float32)).tolist() == [[5, 6, 7, 8]]
    assert module.program.parameters == 4


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"location": "../outside.data"}, "leaves the folder"),
        ({"location": "/etc/hostname"}, "leaves the folder"),
        ({"location": "linked.data"}, "leaves the folder"),
        ({"location": "absent.data"}, "is missing"),
        ({"offset": 1000}, "does not fit its file"),
        ({"offset": -8}, "does not fit its file"),
        ({"length": 12}, "does not fit its file"),
        ({"offset": "many"}, "no numbers"),
    ],
)
def test_weights_outside_the_folder_or_the_file_are_refused(
    tmp_path: Path, facts: dict[str, object], message: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.data").write_bytes(b"\0" * 64)
    (folder / "linked.data").symlink_to(tmp_path / "outside.data")
    with pytest.raises(SourceError, match=message):
        import_onnx(external(folder, **facts), {"x": (1, 4)})


def test_nodes_in_any_order_are_sorted() -> None:
    proto = model("net (float[2] x) => (float[2] y) { a = Neg(x) b = Exp(a) y = Relu(b) }")
    nodes = list(proto.graph.node)[::-1]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    assert np.allclose(run(import_onnx(proto), [1.0, 2.0]), np.exp([-1.0, -2.0]))


def test_local_functions_are_inlined() -> None:
    head = '<ir_version: 8, opset_import: ["" : 17, "local" : 1]>'
    text = """net (float[2] x) => (float[2] y) { y = local.twice(x) }
    <domain: "local", opset_import: ["" : 17]> twice (a) => (b) { b = Add(a, a) }"""
    assert run(import_onnx(model(text, head)), np.ones(2, np.float32)).tolist() == [2, 2]


def test_a_padded_reverse_slice_and_a_transposed_convolution_survive_both_recorders() -> None:
    """What tf2onnx writes around a convolution, with slices backwards, recorded by trace and export."""
    import torch

    text = """net (float[1, 8, 8, 3] x) => (float[1, 4, 4, 2] y)
    <int64[1] start = {-1}, int64[1] end = {-100}, int64[1] axis = {1}, int64[1] step = {-1}>
    {
        a = Transpose <perm = [0, 3, 1, 2]> (x)
        b = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (a, w)
        c = Transpose <perm = [0, 2, 3, 1]> (b)
        y = Slice (c, start, end, axis, step)
    }"""
    import onnx

    weights = np.random.default_rng(1).standard_normal((2, 3, 3, 3)).astype(np.float32)
    proto = model(text)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(weights, "w"))
    module = import_onnx(proto)
    x = torch.randn(1, 8, 8, 3, generator=torch.Generator().manual_seed(0))
    zeros = torch.zeros(1, 8, 8, 3)
    wanted = module(x)
    assert torch.equal(torch.jit.trace(module, zeros, check_trace=False)(x), wanted)
    assert torch.allclose(torch.export.export(module, (zeros,)).module()(x), wanted, atol=1e-6)

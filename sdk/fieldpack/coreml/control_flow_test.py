"""Control flow, lists, state and random numbers in programs written by coremltools."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import InputError, ModelFileError

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def mb() -> Any:
    pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    from coremltools.converters.mil import Builder

    logging.disable(logging.WARNING)
    yield Builder
    logging.disable(logging.NOTSET)


def opened(build: Any, shapes: dict[str, Any], folder: Path, opset: int = 16) -> Interpreter:
    """The program of a builder function, written to disk and opened."""
    import coremltools as ct
    from coremltools.converters.mil import Builder
    from coremltools.converters.mil.mil import Function, Program

    program = Program()
    slots = {name: Builder.placeholder(shape) for name, shape in shapes.items()}
    with Function(slots, opset_version=getattr(ct.target, f"iOS{opset}")) as function:
        built = build(**function.inputs)
        function.set_outputs(list(built) if isinstance(built, (tuple, list)) else [built])
        program.add_function("main", function)
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=getattr(ct.target, f"iOS{opset}"),
        compute_precision=ct.precision.FLOAT32,
        pass_pipeline=ct.PassPipeline.EMPTY,
    )
    model.save(str(folder / "p.mlpackage"))
    return Interpreter(open_package(folder / "p.mlpackage"))


def test_a_condition_picks_its_block(mb: Any, tmp_path: Path) -> None:
    def build(x: Any) -> Any:
        positive = mb.greater(x=mb.reduce_sum(x=x, axes=[0], keep_dims=False), y=0.0)
        return mb.cond(pred=positive, _true_fn=lambda: mb.mul(x=x, y=2.0), _false_fn=lambda: mb.abs(x=x))

    ran = opened(build, {"x": (2,)}, tmp_path)
    for x, expected in (([3.0, -1.0], [6.0, -2.0]), ([-3.0, 1.0], [3.0, 1.0])):
        (found,) = ran.run({"x": np.array(x, np.float32)}).values()
        assert found.tolist() == expected


def test_a_loop_sees_outer_values_and_runs_anew_each_time(mb: Any, tmp_path: Path) -> None:
    def build(x: Any) -> Any:
        step = mb.mul(x=x, y=0.5)

        def again(total: Any, rounds: Any) -> Any:
            return mb.less(x=mb.squeeze(x=rounds, axes=[0]), y=mb.reduce_max(x=x, axes=[0], keep_dims=False))

        def body(total: Any, rounds: Any) -> Any:
            return mb.add(x=total, y=step), mb.add(x=rounds, y=1.0)

        return mb.while_loop(_cond=again, _body=body, loop_vars=(x, np.zeros(1, np.float32)))

    ran = opened(build, {"x": (2,)}, tmp_path)
    for rounds in (3, 0, 5):
        total, counted = ran.run({"x": np.array([rounds, -1.0], np.float32)}).values()
        np.testing.assert_allclose(total, np.array([rounds, -1.0]) * (1 + 0.5 * rounds), atol=1e-6)
        assert counted.tolist() == [rounds]


def test_lists_grow_and_keep_what_was_written(mb: Any, tmp_path: Path) -> None:
    def build(x: Any) -> Any:
        rows = mb.make_list(init_length=1, dynamic_length=True, elem_shape=(3,), dtype="fp32")
        rows = mb.list_write(
            ls=rows,
            index=2,
            value=mb.slice_by_index(x=x, begin=[0, 0], end=[1, 3], squeeze_mask=[True, False]),
        )
        rows = mb.list_scatter(ls=rows, indices=[3, 1], value=x)
        read = mb.list_read(ls=rows, index=2)
        gathered = mb.list_gather(ls=rows, indices=[1, 0, 3])
        return read, gathered, mb.expand_dims(x=mb.cast(x=mb.list_length(ls=rows), dtype="fp32"), axes=[0])

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    read, gathered, length = opened(build, {"x": (2, 3)}, tmp_path).run({"x": x}).values()
    assert read.tolist() == x[0].tolist()
    assert gathered.tolist() == [x[1].tolist(), [0, 0, 0], x[0].tolist()]
    assert length.tolist() == [4]


def test_an_index_that_leaves_a_fixed_list_is_refused(mb: Any, tmp_path: Path) -> None:
    def build(x: Any) -> Any:
        rows = mb.make_list(init_length=2, dynamic_length=False, elem_shape=(2,), dtype="fp32")
        place = mb.cast(x=mb.reduce_max(x=x, axes=[0], keep_dims=False), dtype="int32")
        return mb.list_read(ls=mb.list_write(ls=rows, index=place, value=x), index=0)

    ran = opened(build, {"x": (2,)}, tmp_path)
    (found,) = ran.run({"x": np.array([0.0, -4.0], np.float32)}).values()
    assert found.tolist() == [0.0, -4.0]
    with pytest.raises(ModelFileError, match="leaves its list"):
        ran.run({"x": np.array([7.0, 0.0], np.float32)})


def test_state_is_kept_between_runs_and_not_shared(mb: Any, tmp_path: Path) -> None:
    import coremltools as ct
    import torch

    class Sum(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(3))

        def forward(self, x: Any) -> Any:
            self.total.add_(x)
            return self.total * 2

    model = ct.convert(
        torch.jit.trace(Sum().eval(), torch.zeros(3)),
        inputs=[ct.TensorType(name="x", shape=(3,))],
        states=[ct.StateType(wrapped_type=ct.TensorType(shape=(3,)), name="total")],
        minimum_deployment_target=ct.target.iOS18,
    )
    model.save(str(tmp_path / "s.mlpackage"))
    ran = Interpreter(open_package(tmp_path / "s.mlpackage"))
    one, other = ran.make_state(), ran.make_state()
    feed = {"x": np.ones(3, np.float32)}
    for state, expected in ((one, 2.0), (one, 4.0), (other, 2.0), (one, 6.0)):
        (found,) = ran.run(feed, state).values()
        assert found.tolist() == [expected] * 3
    with pytest.raises(InputError, match="remembers from run to run"):
        ran.run(feed)


def test_random_numbers_follow_their_distribution_and_their_seed(mb: Any, tmp_path: Path) -> None:
    def build(x: Any) -> Any:
        shape = [20000]
        return (
            mb.random_uniform(shape=shape, low=-1.0, high=3.0, seed=7),
            mb.random_normal(shape=shape, mean=2.0, stddev=0.5, seed=7),
            mb.random_bernoulli(shape=shape, prob=0.25, seed=7),
            mb.random_categorical(x=x, mode="probs", size=20000, seed=7),
            mb.random_uniform(shape=shape, seed=-1),
        )

    ran = opened(build, {"x": (1, 3)}, tmp_path)
    feed = {"x": np.array([[0.2, 0.0, 0.8]], np.float32)}
    first, second = (list(ran.run(feed).values()) for _ in range(2))
    uniform, normal, bernoulli, classes, free = first
    assert uniform.min() >= -1
    assert uniform.max() < 3
    means = [part.mean() for part in (uniform, normal, bernoulli, free)]
    np.testing.assert_allclose(means, [1.0, 2.0, 0.25, 0.5], atol=0.05)
    assert normal.std() == pytest.approx(0.5, abs=0.02)
    assert set(np.unique(classes)) == {0.0, 2.0}
    assert (classes == 2).mean() == pytest.approx(0.8, abs=0.02)
    for again, before in zip(second[:4], first[:4], strict=True):
        np.testing.assert_array_equal(again, before)
    assert (second[4] != free).any()

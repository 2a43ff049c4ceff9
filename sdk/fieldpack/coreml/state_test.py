"""State: what a program remembers, and what it must be given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade, set_type
from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.package import open_package
from fieldpack.errors import InputError, ModelFileError


@pytest.fixture
def counting(tmp_path: Any) -> Any:
    """``y`` is the sum of all ``x`` so far, kept in the float16 state ``total``."""
    made = Handmade(tmp_path, opset="CoreML8", specification=9)
    made.input("x", "float32", (2,))
    set_type(made.function.inputs.add(name="total").type.stateType.wrappedType, "float16", (2,))
    feature = made.model.description.state.add(name="total")
    feature.type.stateType.arrayType.shape.append(2)
    feature.type.stateType.arrayType.dataType = 65552
    made.op("read_state", "before", "float16", (2,), input="total")
    made.op("cast", "wide", "float32", (2,), x="before", dtype="=fp32")
    made.op("add", "y", "float32", (2,), x="x", y="wide")
    made.op("cast", "narrow", "float16", (2,), x="y", dtype="=fp16")
    write = made.block.operations.add(type="write_state")
    write.inputs["input"].arguments.add(name="total")
    write.inputs["data"].arguments.add(name="narrow")
    made.output("y", "float32", (2,))
    return made


X = np.array([1.0, 2049.5], np.float32)


@pytest.mark.parametrize("precision", list(Precision))
def test_a_state_is_kept_rounded_and_belongs_to_its_owner(counting: Any, precision: Any) -> None:
    runner = Interpreter(open_package(counting.save()), precision)
    one, other = runner.make_state(), runner.make_state()
    assert runner.run({"x": X}, one)["y"].tolist() == X.tolist()
    assert one.read("total").tolist() == [1.0, 2050.0]
    assert runner.run({"x": X}, one)["y"].tolist() == [2.0, 4099.5]
    assert one.read("total").tolist() == [2.0, 4100.0]
    assert other.read("total").tolist() == [0.0, 0.0]
    assert runner.run({"x": X}, other)["y"].tolist() == X.tolist()


def test_a_state_can_be_set(counting: Any) -> None:
    runner = Interpreter(open_package(counting.save()))
    state = runner.make_state()
    state.write("total", np.array([10.0, 2049.0]))
    assert state.read("total").tolist() == [10.0, 2048.0]
    assert runner.run({"x": X}, state)["y"].tolist() == [11.0, 4097.5]
    with pytest.raises(InputError, match="another shape"):
        state.write("total", np.zeros(3))
    with pytest.raises(InputError, match="no such state"):
        state.read("count")


def test_a_stateful_program_wants_its_state(counting: Any) -> None:
    runner = Interpreter(open_package(counting.save()))
    with pytest.raises(InputError, match="remembers from run to run") as caught:
        runner.run({"x": X})
    assert "make_state" in str(caught.value)


def test_a_program_without_state_takes_none(counting: Any, handmade: Any) -> None:
    handmade.input("x", "float32", (2,))
    handmade.op("relu", "y", "float32", (2,), x="x")
    handmade.output("y", "float32", (2,))
    plain = Interpreter(open_package(handmade.save()))
    assert plain.run({"x": X}, plain.make_state())["y"].tolist() == X.tolist()
    counting.root = counting.root / "other"
    with pytest.raises(InputError, match="has no state"):
        plain.run({"x": X}, Interpreter(open_package(counting.save())).make_state())


def test_a_state_keeps_its_shape(counting: Any) -> None:
    counting.op("tile", "longer", "float16", (4,), x="narrow", reps=np.array([2], np.int32))
    write = counting.block.operations.add(type="write_state")
    write.inputs["input"].arguments.add(name="total")
    write.inputs["data"].arguments.add(name="longer")
    runner = Interpreter(open_package(counting.save()))
    with pytest.raises(ModelFileError, match="another shape"):
        runner.run({"x": X}, runner.make_state())


@pytest.mark.parametrize("number", [0, 2, 7, 2**31 - 1])
def test_a_state_of_no_type_is_refused(counting: Any, number: int) -> None:
    counting.function.inputs[1].type.stateType.wrappedType.tensorType.dataType = number
    with pytest.raises(ModelFileError, match="type that none can have"):
        Interpreter(open_package(counting.save())).make_state()

"""A GRU written as a loop: recognised, and left alone as soon as one piece differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.coreml import plan
from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.coreml.plan_test import inside
from fieldpack.errors import ModelFileError

STEPS, BATCH, INPUTS, WIDTH = 5, 2, 3, 4
Array = NDArray[Any]
ZERO = np.array(0, np.int32)
ONE = np.array(1, np.int32)


def weights() -> dict[str, Array]:
    draw = np.random.default_rng(3).standard_normal
    sizes = {"w": (WIDTH, INPUTS), "u": (WIDTH, WIDTH), "b": (WIDTH,), "c": (WIDTH,)}
    return {f"{kind}{gate}": draw(size).astype(np.float32) for gate in "rzn" for kind, size in sizes.items()}


def sequence() -> Array:
    return np.random.default_rng(4).standard_normal((STEPS, BATCH, INPUTS)).astype(np.float32)


def gru_loop(handmade: Any, change: Callable[[dict[str, Any]], None] = lambda pieces: None) -> Any:
    """The loop; ``change`` alters a piece of it before it is written."""
    pieces: dict[str, Any] = {
        "buffer": np.zeros((STEPS + 1, BATCH, WIDTH), np.float32),
        "start": np.array([0], np.int32),
        "limit": np.array([STEPS], np.int32),
        "less": "less",
        "stride": ONE,
        "mode": "=add",
        "place": "next",
        "candidate": "tanh",
        "gate": "sigmoid",
        "old_gate": "z",
        "one": np.array(1, np.float32),
        "reset": ("hn", "xn"),
        "seen": "x",
        "state": "h",
        "row": "i",
        "axes": np.array([0], np.int32),
        "results": ["again"],
        "layers": weights(),
        "kinds": {},
        "widths": {},
    }
    pieces["buffer"][0] = 0.25
    change(pieces)
    handmade.input("s", "float32", (STEPS, BATCH, INPUTS))
    handmade.const("start", pieces["start"])
    handmade.const("first", pieces["buffer"])
    handmade.op("while_loop", "last", "int32", (1,), loop_vars=["start", "first"])
    operation = handmade.block.operations[-1]
    operation.outputs.add(name="filled").type.CopyFrom(_type(handmade, (STEPS + 1, BATCH, WIDTH)))
    carried = [("i", "int32", (1,)), ("kept", "float32", (STEPS + 1, BATCH, WIDTH))]
    with inside(handmade, operation, pieces["results"], carried):
        handmade.op(pieces["less"], "more", "bool", (1,), x="i", y=pieces["limit"])
        handmade.op("squeeze", "again", "bool", (), x="more")
    with inside(handmade, operation, ["next", "after"], carried):
        _body(handmade, pieces)
    handmade.output("filled", "float32", (STEPS + 1, BATCH, WIDTH))
    return handmade


def _type(handmade: Any, shape: tuple[int, ...]) -> Any:
    from fieldpack.coreml.conftest import set_type

    entry = handmade.block.operations[-1].outputs.add(name="scratch")
    set_type(entry.type, "float32", shape)
    kept = type(entry.type)()
    kept.CopyFrom(entry.type)
    del handmade.block.operations[-1].outputs[-1]
    return kept


def _body(handmade: Any, pieces: dict[str, Any]) -> None:
    def op(kind: str, name: str, width: int = WIDTH, **inputs: Any) -> str:
        dtype, width = pieces["kinds"].get(name, "float32"), pieces["widths"].get(name, width)
        return str(handmade.op(kind, name, dtype, (BATCH, width), **_given(inputs)))

    handmade.op("gather", "x1", "float32", (1, BATCH, INPUTS), x="s", indices=pieces["row"], axis=ZERO)
    handmade.op("gather", "h1", "float32", (1, BATCH, WIDTH), x="kept", indices="i", axis=ZERO)
    op("squeeze", "x", INPUTS, x="x1", axes=np.array([0], np.int32))
    op("squeeze", "h", x="h1", axes=pieces["axes"])
    op("tanh", "other", INPUTS, x="x")
    op("tanh", "stale", x="h")
    layers = pieces["layers"]
    for gate in "rzn":
        seen = pieces["seen"] if gate == "z" else "x"
        state = pieces["state"] if gate == "z" else "h"
        op("linear", f"x{gate}", x=seen, weight=layers[f"w{gate}"], bias=layers[f"b{gate}"])
        op("linear", f"h{gate}", x=state, weight=layers[f"u{gate}"], bias=layers[f"c{gate}"])
    for gate in "rz":
        op("add", f"sum{gate}", x=f"x{gate}", y=f"h{gate}")
        op(pieces["gate"] if gate == "r" else "sigmoid", gate, x=f"sum{gate}")
    gated, plain = pieces["reset"]
    op("mul", "reset", x=gated, y="r")
    op("add", "sumn", x=plain, y="reset")
    op(pieces["candidate"], "n", x="sumn")
    op("sub", "rest", x=pieces["one"], y="z")
    op("mul", "fresh", x="rest", y="n")
    op("mul", "old", x=pieces["old_gate"], y="h")
    op("add", "new", x="fresh", y="old")
    handmade.op("add", "next", "int32", (1,), x="i", y=pieces["stride"])
    handmade.op("expand_dims", "new1", "float32", (1, BATCH, WIDTH), x="new", axes=np.array([0], np.int32))
    handmade.op(
        "scatter",
        "after",
        "float32",
        (STEPS + 1, BATCH, WIDTH),
        data="kept",
        indices=pieces["place"],
        updates="new1",
        axis=ZERO,
        **_given({"mode": pieces["mode"]}),
    )


def _given(inputs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if value is not None}


def opened(handmade: Any, precision: Precision = Precision.FP32) -> Interpreter:
    return Interpreter(open_package(handmade.save()), precision)


def is_fused(runner: Interpreter) -> bool:
    (step,) = (step for step in runner._plan.steps if step.operator.name == "while_loop")
    return any(source.parameter.name == "sequence" for source in step.sources)


def by_hand(x: Array, first: Array) -> Array:
    """The definition in float64."""
    layers = {name: array.astype(np.float64) for name, array in weights().items()}
    rows = [first.astype(np.float64)]
    for row in x.astype(np.float64):
        h = rows[-1]
        inner = {g: row @ layers[f"w{g}"].T + layers[f"b{g}"] for g in "rzn"}
        state = {g: h @ layers[f"u{g}"].T + layers[f"c{g}"] for g in "rzn"}
        r, z = (1 / (1 + np.exp(-inner[g] - state[g])) for g in "rz")
        n = np.tanh(inner["n"] + r * state["n"])
        rows.append((1 - z) * n + z * h)
    return np.stack(rows)


def test_the_loop_of_a_gru_is_run_as_one(handmade: Any) -> None:
    runner = opened(gru_loop(handmade))
    assert is_fused(runner)
    found = runner.run({"s": sequence()})["filled"]
    np.testing.assert_allclose(found, by_hand(sequence(), found[0]), atol=1e-6)


def test_halves_round_after_each_operation_and_stay_a_loop(handmade: Any) -> None:
    assert not is_fused(opened(gru_loop(handmade), Precision.FP16))


def _set(**pieces: Any) -> Callable[[dict[str, Any]], None]:
    return lambda known: known.update(pieces)


def _one_gate_for_all(pieces: dict[str, Any]) -> None:
    """The gate z has a single unit, which broadcasts."""
    pieces["layers"] |= {f"{kind}z": pieces["layers"][f"{kind}z"][:1] for kind in "wubc"}
    pieces["widths"] |= dict.fromkeys(("xz", "hz", "sumz", "z", "rest"), 1)


CHANGES = {
    "another candidate": _set(candidate="sigmoid"),
    "another gate": _set(gate="tanh"),
    "the gates change places": _set(old_gate="rest"),
    "the other gate keeps the state": _set(old_gate="r"),
    "two instead of one": _set(one=np.array(2, np.float32)),
    "the input is reset": _set(reset=("xn", "hn")),
    "a layer sees something else": _set(seen="other"),
    "a layer sees another state": _set(state="stale"),
    "rows are replaced": _set(mode="=update"),
    "rows are added where they were read": _set(place="i"),
    "every second row": _set(stride=np.array(2, np.int32)),
    "always the same row": _set(row=np.array([2], np.int32)),
    "up to and with the last": _set(less="less_equal", limit=np.array([STEPS - 1], np.int32)),
    "no mode": _set(mode=None),
    "all axes of size one are squeezed": _set(axes=None),
    "a gate of integers": _set(kinds={"sumz": "int32"}),
    "one gate for all": _one_gate_for_all,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_loop_with_one_piece_changed_stays_a_loop(
    change: Callable[[dict[str, Any]], None], handmade: Any
) -> None:
    assert not is_fused(opened(gru_loop(handmade, change)))


def test_a_condition_of_two_results_stays_a_loop(handmade: Any) -> None:
    runner = opened(gru_loop(handmade, _set(results=["again", "more"])))
    assert not is_fused(runner)
    with pytest.raises(ModelFileError, match="while_loop"):
        runner.run({"s": sequence()})


def test_a_result_inside_the_fused_loop_has_its_declared_shape(handmade: Any) -> None:
    runner = opened(gru_loop(handmade, _set(widths={"sumn": WIDTH + 1})))
    assert is_fused(runner)
    with pytest.raises(ModelFileError, match=r"add 'sumn': a result has another shape than declared"):
        runner.run({"s": sequence()})


BUFFERS = {
    "begins later": _set(start=np.array([2], np.int32)),
    "no round": _set(start=np.array([STEPS], np.int32)),
    "one round": _set(limit=np.array([1], np.int32)),
    "rows that hold something": _set(buffer=np.full((STEPS + 1, BATCH, WIDTH), 0.5, np.float32)),
}


@pytest.mark.parametrize("change", BUFFERS.values(), ids=BUFFERS.keys())
def test_the_fused_loop_gives_what_the_loop_gives(
    change: Callable[[dict[str, Any]], None], handmade: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = open_package(gru_loop(handmade, change).save())
    fused = Interpreter(package)
    monkeypatch.setattr(plan, "fuse_recurrence", lambda step, constants: step)
    plain = Interpreter(package)
    assert is_fused(fused)
    assert not is_fused(plain)
    one, other = (runner.run({"s": sequence()})["filled"] for runner in (fused, plain))
    np.testing.assert_allclose(one, other, atol=1e-6)

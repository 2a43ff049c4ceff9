"""Recurrent layers and control flow, against loops over numpy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.neural.conftest import add_layer, put, run_layer
from fieldpack.coreml.neural.graph import make_graph
from fieldpack.coreml.neural.schema import message
from fieldpack.errors import ModelFileError

RNG = np.random.default_rng(11)
SIZE, WIDTH, STEPS, BATCH = 3, 4, 5, 2
X = RNG.normal(size=(STEPS, BATCH, WIDTH, 1, 1)).astype(np.float32).astype(np.float64)


def numbers(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32).astype(np.float64)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def close(found: Any, expected: Any) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def choose(params: Any, *names: str) -> None:
    for name in names:
        getattr(params.add(), name).SetInParent()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sequence", [False, True])
def test_simple_recurrent(reverse: bool, sequence: bool) -> None:
    w, r, b, start = numbers(SIZE, WIDTH), numbers(SIZE, SIZE), numbers(SIZE), numbers(1, BATCH, SIZE, 1, 1)

    def fill(params: Any) -> None:
        params.activation.tanh.SetInParent()
        for name, values in (("weightMatrix", w), ("recursionMatrix", r), ("biasVector", b)):
            put(getattr(params, name), values)

    y, found = start[0, :, :, 0, 0], np.zeros((STEPS, BATCH, SIZE))
    for t, x in enumerate(X[:: -1 if reverse else 1, :, :, 0, 0]):
        y = np.tanh(x @ w.T + y @ r.T + b)
        found[t] = y
    outputs, last = run_layer(
        "simpleRecurrent", X, start, fill=fill, outputs=2, inputVectorSize=WIDTH, outputVectorSize=SIZE,
        hasBiasVector=True, sequenceOutput=sequence, reverseInput=reverse,
    )  # fmt: skip
    close(outputs, (found if sequence else y[None])[..., None, None])
    close(last, y[None, ..., None, None])


def test_gru() -> None:
    names = ("update", "reset", "output")
    w, r, b = ([numbers(*shape) for _ in names] for shape in ((SIZE, WIDTH), (SIZE, SIZE), (SIZE,)))

    def fill(params: Any) -> None:
        choose(params.activations, "sigmoid", "tanh")
        for place, name in enumerate(names):
            put(getattr(params, f"{name}GateWeightMatrix"), w[place])
            put(getattr(params, f"{name}GateRecursionMatrix"), r[place])
            put(getattr(params, f"{name}GateBiasVector"), b[place])

    y, found = np.zeros((BATCH, SIZE)), []
    for x in X[..., 0, 0]:
        z, reset = (sigmoid(x @ w[n].T + y @ r[n].T + b[n]) for n in range(2))
        y = (1 - z) * np.tanh(x @ w[2].T + (y * reset) @ r[2].T + b[2]) + z * y
        found.append(y)
    outputs = run_layer(
        "gru",
        X,
        fill=fill,
        inputVectorSize=WIDTH,
        outputVectorSize=SIZE,
        hasBiasVectors=True,
        sequenceOutput=True,
    )
    close(outputs, np.stack(found)[..., None, None])


GATES = ("inputGate", "forgetGate", "blockInput", "outputGate")


class Lstm:
    """Weights of one direction, and the loop that uses them."""

    def __init__(self) -> None:
        self.w, self.r, self.b = (
            {gate: numbers(*shape) for gate in GATES} for shape in ((SIZE, WIDTH), (SIZE, SIZE), (SIZE,))
        )
        self.p = {gate: numbers(SIZE) for gate in GATES if gate != "blockInput"}

    def fill(self, stored: Any) -> None:
        for gate in GATES:
            put(getattr(stored, f"{gate}WeightMatrix"), self.w[gate])
            put(getattr(stored, f"{gate}RecursionMatrix"), self.r[gate])
            put(getattr(stored, f"{gate}BiasVector"), self.b[gate])
            if gate in self.p:
                put(getattr(stored, f"{gate}PeepholeVector"), self.p[gate])

    def loop(self, steps: Any, y: Any, c: Any, form: dict[str, Any]) -> Any:
        found = []
        peep = self.p if form.get("hasPeepholeVectors") else dict.fromkeys(self.p, 0.0)
        more = {"forgetGate": 1.0 if form.get("forgetBias") else 0.0}
        clip = form.get("cellClipThreshold", 50.0)

        def gate(name: str, x: Any, y: Any, c: Any) -> Any:
            total = x @ self.w[name].T + y @ self.r[name].T + self.b[name] + more.get(name, 0.0)
            return total + peep.get(name, 0.0) * c

        for x in steps:
            i = sigmoid(gate("inputGate", x, y, c))
            forget = 1 - i if form.get("coupledInputAndForgetGate") else sigmoid(gate("forgetGate", x, y, c))
            c = np.clip(c * forget + i * np.tanh(gate("blockInput", x, y, c)), -clip, clip)
            y = np.tanh(c) * sigmoid(gate("outputGate", x, y, c))
            found.append(y)
        return np.stack(found), y, c


FORMS: list[dict[str, Any]] = [
    {},
    {"hasPeepholeVectors": True, "cellClipThreshold": 0.25},
    {"coupledInputAndForgetGate": True, "hasPeepholeVectors": True},
    {"forgetBias": True},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reverse", [False, True])
def test_lstm(form: dict[str, Any], reverse: bool) -> None:
    lstm, start = Lstm(), (numbers(1, BATCH, SIZE, 1, 1), numbers(1, BATCH, SIZE, 1, 1))

    def fill(params: Any) -> None:
        choose(params.activations, "sigmoid", "tanh", "tanh")
        lstm.fill(params.weightParams)
        params.params.sequenceOutput = params.params.hasBiasVectors = True
        for key, value in form.items():
            setattr(params.params, key, value)

    steps = X[:: -1 if reverse else 1, :, :, 0, 0]
    found, y, c = lstm.loop(steps, start[0][0, :, :, 0, 0], start[1][0, :, :, 0, 0], form)
    outputs, last, cell = run_layer(
        "uniDirectionalLSTM", X, *start, fill=fill, outputs=3, inputVectorSize=WIDTH, outputVectorSize=SIZE,
        reverseInput=reverse,
    )  # fmt: skip
    close(outputs, found[..., None, None])
    close(last, y[None, ..., None, None])
    close(cell, c[None, ..., None, None])


@pytest.mark.parametrize("sequence", [False, True])
def test_both_directions_stand_side_by_side(sequence: bool) -> None:
    pair = (Lstm(), Lstm())

    def fill(params: Any) -> None:
        choose(params.activationsForwardLSTM, "sigmoid", "tanh", "tanh")
        choose(params.activationsBackwardLSTM, "sigmoid", "tanh", "tanh")
        for lstm in pair:
            lstm.fill(params.weightParams.add())
        params.params.hasBiasVectors = True
        params.params.sequenceOutput = sequence

    zeros = np.zeros((BATCH, SIZE))
    forth, y, c = pair[0].loop(X[..., 0, 0], zeros, zeros, {})
    back, y_back, c_back = pair[1].loop(X[::-1, :, :, 0, 0], zeros, zeros, {})
    expected = np.concatenate([forth, back[::-1]], -1) if sequence else np.concatenate([y, y_back], -1)[None]
    found = run_layer(
        "biDirectionalLSTM", X, fill=fill, outputs=5, inputVectorSize=WIDTH, outputVectorSize=SIZE
    )
    close(found[0], expected[..., None, None])
    for state, values in zip(found[1:], (y, c, y_back, c_back), strict=True):
        close(state, values[None, ..., None, None])


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("linear", lambda x: x),
        ("scaledTanh", np.tanh),
        ("sigmoidHard", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        ("ReLU", lambda x: np.maximum(x, 0)),
    ],
)
def test_gates_have_default_numbers(name: Any, function: Any) -> None:
    w = numbers(SIZE, WIDTH)

    def fill(params: Any) -> None:
        getattr(params.activation, name).SetInParent()
        put(params.weightMatrix, w)
        put(params.recursionMatrix, np.zeros((SIZE, SIZE)))

    scalars: Any = {"inputVectorSize": WIDTH, "outputVectorSize": SIZE, "sequenceOutput": True}
    close(run_layer("simpleRecurrent", X, fill=fill, **scalars)[..., 0, 0], function(X[..., 0, 0] @ w.T))

    def stated(params: Any) -> None:
        fill(params)
        params.activation.scaledTanh.alpha, params.activation.scaledTanh.beta = 1.5, 0.5

    found = run_layer("simpleRecurrent", X, fill=stated, **scalars)[..., 0, 0]
    close(found, 1.5 * np.tanh(0.5 * (X[..., 0, 0] @ w.T)))


def test_a_blob_that_is_no_sequence_is_refused() -> None:
    def fill(params: Any) -> None:
        params.activation.tanh.SetInParent()
        put(params.weightMatrix, numbers(SIZE, WIDTH))
        put(params.recursionMatrix, numbers(SIZE, SIZE))

    with pytest.raises(ModelFileError, match="no sequence"):
        run_layer("simpleRecurrent", X[0], fill=fill, inputVectorSize=WIDTH, outputVectorSize=SIZE)


def run_network(network: Any, result: str, **blobs: Any) -> Any:
    arithmetic = Arithmetic(Precision.FP32)
    graph = make_graph(network.layers, 5, arithmetic, set(blobs))
    values = {
        name: arithmetic.torch.tensor(value, dtype=arithmetic.torch.float32) for name, value in blobs.items()
    }
    graph.run(values, [result])
    return values[result].tolist()


@pytest.mark.parametrize(("condition", "expected"), [(1.0, [4.0]), (0.0, [-2.0]), (1e-7, [-2.0])])
def test_a_branch_chooses_by_a_number(condition: float, expected: Any) -> None:
    network = message("NeuralNetwork")
    branch = add_layer(network.layers, "branch", ["c"], [])
    add_layer(branch.ifBranch.layers, "multiply", ["x"], ["y"], alpha=2.0)
    add_layer(branch.elseBranch.layers, "multiply", ["x"], ["y"], alpha=-1.0)
    assert run_network(network, "y", x=[2.0], c=[condition]) == expected


def test_loops_count_and_stop_at_a_condition_or_a_break() -> None:
    counted = message("NeuralNetwork")
    loop = add_layer(counted.layers, "loop", [], [], maxLoopIterations=5)
    add_layer(loop.bodyNetwork.layers, "add", ["x"], ["more"], alpha=1.0)
    add_layer(loop.bodyNetwork.layers, "copy", ["more"], ["x"])
    assert run_network(counted, "x", x=[1.0]) == [6.0]
    loop.conditionVar = "small"
    add_layer(loop.conditionNetwork.layers, "lessThan", ["x"], ["small"], alpha=3.0)
    assert run_network(counted, "x", x=[1.0]) == [3.0]
    loop.maxLoopIterations = 0
    assert run_network(counted, "x", x=[0.0]) == [3.0]
    stop = add_layer(loop.bodyNetwork.layers, "branch", ["x"], [])
    add_layer(stop.ifBranch.layers, "loopBreak", [], [])
    assert run_network(counted, "x", x=[-5.0]) == [-4.0]


def test_an_endless_loop_ends_with_an_error(monkeypatch: Any) -> None:
    monkeypatch.setattr("fieldpack.coreml.neural.layers.loop.MOST_ROUNDS", 50)
    network = message("NeuralNetwork")
    loop = add_layer(network.layers, "loop", [], [], conditionVar="x")
    add_layer(loop.conditionNetwork.layers, "copy", ["x"], ["x"])
    add_layer(loop.bodyNetwork.layers, "loopContinue", [], [])
    with pytest.raises(ModelFileError, match="does not end"):
        run_network(network, "x", x=[1.0])

"""Temperature and class biases: found again where they are known, and folded into the head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack_converters.passes.refit import fitted, log_softmax, nll
from fieldpack_converters.passes.runner import apply
from fieldpack_converters.source import open_source
from fieldpack_converters.testing import SIDE, make_torch


def drawn(count: int, bias: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and labels drawn from their softmax after temperature and bias."""
    generator = np.random.default_rng(0)
    scores = generator.standard_normal((count, len(bias))) * 3
    chances = np.exp(log_softmax(scores / temperature + bias))
    return scores, np.array([generator.choice(len(bias), p=row) for row in chances])


def test_a_known_temperature_is_found() -> None:
    scores, labels = drawn(4000, np.zeros(5), 2.5)
    temperature, bias = fitted(scores, labels, False)
    assert temperature == pytest.approx(2.5, rel=0.05)
    assert not bias.any()


def test_known_biases_are_found() -> None:
    known = np.array([0.8, -0.8, 0.4, -0.4, 0.0])
    scores, labels = drawn(6000, known, 1.5)
    temperature, bias = fitted(scores, labels, True)
    assert temperature == pytest.approx(1.5, rel=0.07)
    np.testing.assert_allclose(bias, known, atol=0.12)
    plain = fitted(scores, labels, False)[0]
    assert nll(scores / temperature + bias, labels) < nll(scores / plain, labels) - 0.02


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = make_torch(str(tmp_path_factory.mktemp("net")))["net.pt"]
    factory = "fieldpack_converters.testing:torch_network"
    return {"kind": "torch", "path": path, "factory": factory, "input_shapes": [[1, 3, SIDE, SIDE]]}


def refitted(source: dict[str, Any], folder: Path, labelled: bool = True, **step: Any) -> dict[str, Any]:
    samples = np.random.default_rng(1).random((64, 3, SIDE, SIDE), np.float32)
    np.save(folder / "x.npy", samples)
    np.save(folder / "y.npy", open_source(source).call([samples])[0].argmax(axis=1))
    labels = str(folder / "y.npy") if labelled else None
    words = {"inputs": {"0": str(folder / "x.npy")}, "labels": labels}
    recipe = [{"method": "refit", "layers": "7", **step}]
    return apply(source, recipe, str(folder / "out"), "softmax", 0, calibration=words)


@pytest.mark.full
def test_it_is_folded_into_the_head(source: dict[str, Any], tmp_path: Path) -> None:
    answer = refitted(source, tmp_path, bias=True)
    facts = answer["steps"][0]["facts"]
    samples, labels = np.load(tmp_path / "x.npy"), np.load(tmp_path / "y.npy")
    scores = np.log(open_source(answer["source"]).call([samples])[0].astype(np.float64))
    assert nll(scores, labels) == pytest.approx(facts["nll"], abs=1e-3)
    assert facts["nll"] < facts["nll_before"]


@pytest.mark.full
@pytest.mark.parametrize(
    ("labelled", "step", "message"),
    [(False, {}, "labels"), (True, {"layers": "[37]"}, "one layer"), (True, {"layers": "3"}, "not the last")],
)
def test_what_does_not_fit_is_refused(
    source: dict[str, Any], tmp_path: Path, labelled: bool, step: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        refitted(source, tmp_path, labelled, **step)

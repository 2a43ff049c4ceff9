"""True values beside the examples: from arrays and providers into a prepared data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.data import prepare_data
from fieldpack.data.example import Example
from fieldpack.data.targets import TargetStore
from fieldpack.errors import InputError
from fieldpack.scenes.testing import QUANTITY, SIDE, tile_contract
from fieldpack.spec import ArrayData, ProviderData


def test_arrays_bring_the_truth(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, SIDE, SIDE, 2), np.float32))
    truth = np.arange(3 * SIDE * SIDE, dtype=np.float64).reshape(3, SIDE, SIDE)
    truth[0, 0, 0] = np.nan
    np.save(tmp_path / "y.npy", truth)
    places = {"inputs": {"tile": str(tmp_path / "x.npy")}, "targets": {QUANTITY: str(tmp_path / "y.npy")}}
    prepared = prepare_data(ArrayData(kind="arrays", **places), tile_contract(), None, seed=0)
    assert prepared.targets[QUANTITY].dtype == np.float32
    assert np.array_equal(prepared.targets[QUANTITY], truth.astype(np.float32), equal_nan=True)
    np.save(tmp_path / "y.npy", truth + 1)
    other = prepare_data(ArrayData(kind="arrays", **places), tile_contract(), None, seed=0)
    assert other.digest() != prepared.digest()


def test_a_provider_gives_the_truth_in_place_of_a_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "made_tiles.py").write_text(
        "import numpy as np\n"
        "def dataset(split, count):\n"
        f"    for n in range(count):\n"
        f"        truth = {{'height': np.full(({SIDE}, {SIDE}), n)}}\n"
        f"        yield str(n), np.full((2, {SIDE}, {SIDE}), n), truth, {{}}\n"
    )
    source = ProviderData(kind="provider", provider="made_tiles:dataset", split="test", count=4)
    prepared = prepare_data(source, tile_contract(), None, seed=0)
    assert prepared.targets["height"][:, 0, 0].tolist() == [0, 1, 2, 3]
    assert prepared.labels is None


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({}, "other quantities"),
        ({"height": np.zeros(3)}, "another form"),
        ({"height": np.full((2, 2), np.inf)}, "infinite"),
        ({"height": np.zeros((2, 2), np.complex64)}, "another form"),
    ],
)
def test_truth_that_differs_from_the_first_is_refused(second: dict[str, Any], words: str) -> None:
    store = TargetStore(("height",))
    store.append(Example("a", None, targets={"height": np.zeros((2, 2))}), 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=words):
        store.append(Example("b", None, targets=second), 1)  # type: ignore[arg-type]


def test_truth_that_nothing_estimates_is_refused() -> None:
    with pytest.raises(InputError, match="no output estimates"):
        TargetStore(("height",)).append(Example("a", None, targets={"mass": np.zeros(2)}), 1)  # type: ignore[arg-type]

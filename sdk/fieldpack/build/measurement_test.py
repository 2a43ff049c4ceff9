from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.build.examples import Examples, golden_rows
from fieldpack.build.measurement import check_activation, compare_output
from fieldpack.contract import Output
from fieldpack.data import Prepared
from fieldpack.errors import ContractError
from fieldpack.parity.classification import compare_scores
from fieldpack.verdict import Evidence

PROBABILITIES = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)


@pytest.mark.parametrize(
    ("claim", "scores", "fits"),
    [
        ("softmax", PROBABILITIES, True),
        ("softmax", np.log(PROBABILITIES), False),
        ("softmax", PROBABILITIES * 1.5, False),
        ("softmax", np.array([[0.9, 0.9]], np.float32), False),
        ("sigmoid", np.array([[0.9, 0.9]], np.float32), True),
        ("sigmoid", np.array([[-1.0, 0.9]], np.float32), False),
        ("logits", np.log(PROBABILITIES), True),
        ("logits", PROBABILITIES, False),
        ("linear", PROBABILITIES, True),
    ],
)
def test_an_activation_that_the_numbers_contradict_is_refused(
    claim: str, scores: NDArray[Any], fits: bool
) -> None:
    stated = {"labels": "labels.txt"} if claim != "linear" else {"unit": "metre"}
    threshold = {"threshold": 0.5} if claim == "sigmoid" else {}
    output = Output.model_validate({"name": "y", "activation": claim, **stated, **threshold})
    if fits:
        check_activation(output, scores)
    else:
        with pytest.raises(ContractError, match=f"said to be {claim}"):
            check_activation(output, scores)


def test_golden_rows_are_spread_and_unique() -> None:
    assert golden_rows(100, 3) == [0, 50, 99] or golden_rows(100, 3) == [0, 49, 99]
    assert golden_rows(2, 8) == [0, 1]
    assert golden_rows(1, 1) == [0]
    assert len(golden_rows(9, 8)) == 8


def test_groups_that_the_data_name_reach_the_bounds() -> None:
    output = Output.model_validate({"name": "y", "activation": "logits", "labels": "labels.txt"})
    scores = np.random.default_rng(0).normal(size=(60, 3))
    prepared = Prepared([str(n) for n in range(60)], {}, None, np.arange(60), blocks=np.arange(60) // 6)
    examples = Examples(prepared, {})
    alone = compare_output(output, {"y": scores}, {"y": scores}, examples, Evidence.HOST, None)
    assert alone.counts["blocks"] == 10
    windows = compare_output(
        output, {"y": scores}, {"y": scores}, Examples(_in_pairs(prepared), {}), Evidence.HOST, "mean"
    )
    assert windows.items == 30
    assert windows.counts["blocks"] == 10


def _in_pairs(prepared: Prepared) -> Prepared:
    return replace(prepared, groups=np.arange(60) // 2)


def test_logits_of_independent_labels_are_compared_as_the_scores_they_become() -> None:
    logits = 20 * np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    other = logits + np.float32(0.5)
    birds = {"sensitivity": {"value": 0.5, "limit": 15.0}, "threshold": 0.1}
    output = Output.model_validate({"name": "y", "activation": "logits", "labels": "labels.txt", **birds})
    examples = Examples(Prepared([str(n) for n in range(40)], {}, None, np.arange(40)), {})

    def scores(values: NDArray[Any]) -> NDArray[Any]:
        made: NDArray[Any] = 1 / (1 + np.exp(-0.5 * np.clip(values.astype(np.float64), -15, 15)))
        return made.astype(np.float32)

    made = compare_output(output, {"y": logits}, {"y": other}, examples, Evidence.HOST, None)
    wanted = compare_scores(
        scores(logits), scores(other), "sigmoid", None, thresholds=0.1, evidence=Evidence.HOST
    )
    assert made.as_dict() == wanted.as_dict()
    broken = logits.copy()
    broken[3, 1] = np.inf
    refused = compare_output(output, {"y": logits}, {"y": broken}, examples, Evidence.HOST, None)
    assert made.finite
    assert not refused.finite
    assert refused.counts["broken_items"] == 1


def test_a_taxonomy_with_ranks_gives_agreement_at_ranks(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("Parus major\nParus minor\nBufo bufo\n")
    text = "taxon,parent,rank_level\nParus,,20\nParus minor,Parus,10\nParus major,Parus,10\nBufo bufo,,10\n"
    (tmp_path / "taxa.csv").write_text(text)
    files = {"labels": str(tmp_path / "labels.txt"), "taxonomy": str(tmp_path / "taxa.csv")}
    output = Output.model_validate({"name": "y", "activation": "logits", **files})
    source = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    examples = Examples(Prepared(list("abcd"), {}, None, np.arange(4)), {})
    parity = compare_output(output, {"y": source}, {"y": source[:, [1, 0, 2]]}, examples, Evidence.HOST, None)
    assert [parity.figure(name).value for name in ("top1_agreement", "genus_agreement")] == [0.25, 1.0]
    assert "family_agreement" not in {figure.name for figure in parity.figures}

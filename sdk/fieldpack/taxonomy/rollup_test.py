"""Scores at ancestors, held against a plain walk up the tree; and how right a model is at each rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.taxonomy import Taxon, Taxonomy
from fieldpack.taxonomy.metrics import accuracy_by_rank, rank_codes
from fieldpack.taxonomy.rollup import Rule, ancestors_at, rollup
from fieldpack.taxonomy.testing import SMALL

SCORES = [0.4, 0.2, 0.1, 0.15, 0.05, 0.1]


def at(values: np.ndarray, taxon: str) -> float:
    return float(values[0, [item.id for item in SMALL.taxa].index(taxon)])


def test_sums_maxima_and_minima_of_what_lies_below() -> None:
    summed, largest, smallest = (rollup(SMALL, [SCORES], rule) for rule in ("sum", "max", "min"))
    assert at(summed, "7") == pytest.approx(0.6)
    assert at(summed, "6") == pytest.approx(0.7)
    assert at(summed, "1") == pytest.approx(0.9)
    assert at(summed, "13") == at(largest, "14") == 0.1
    assert (at(largest, "6"), at(smallest, "6")) == (0.4, 0.1)
    assert (at(largest, "40151"), at(smallest, "40151")) == (0.15, 0.05)


def test_missing_scores_are_left_out_and_ancestors_of_nothing_are_missing() -> None:
    thresholds = [[float("nan") if taxon.threshold is None else taxon.threshold for taxon in SMALL.leaves]]
    smallest = rollup(SMALL, thresholds, "min")
    assert at(smallest, "7") == 0.02
    assert at(smallest, "40151") == 0.125
    assert np.isnan(at(smallest, "43584"))
    alone = rollup(SMALL, [[np.nan] * 5 + [0.5]], "sum")
    assert np.isnan(at(alone, "1"))


def test_a_leaf_with_children_counts_too() -> None:
    taxonomy = Taxonomy((Taxon("g", None, "g", 20.0, 0), Taxon("s", "g", "s", 10.0, 1)))
    assert rollup(taxonomy, [[0.25, 0.5]], "sum").tolist() == [[0.75, 0.5]]


@pytest.mark.parametrize(("scores", "rule"), [([[1.0]], "sum"), ([SCORES], "mean"), (SCORES, "sum")])
def test_what_does_not_fit_is_refused(scores: Any, rule: Rule) -> None:
    with pytest.raises(InputError):
        rollup(SMALL, scores, rule)


@given(st.data(), st.integers(1, 15), st.sampled_from(["sum", "max", "min"]))
def test_any_tree_is_rolled_up_as_a_walk_does(data: st.DataObject, size: int, rule: Rule) -> None:
    parents = [data.draw(st.integers(-1, row - 1)) for row in range(size)]
    scored = data.draw(st.lists(st.integers(0, size - 1), unique=True))
    leaf = {row: number for number, row in enumerate(scored)}
    taxa = [Taxon(str(k), None if p < 0 else str(p), "t", None, leaf.get(k)) for k, p in enumerate(parents)]
    taxonomy = Taxonomy(tuple(taxa))
    scores = np.array([[data.draw(st.floats(0, 1)) for _ in scored]])
    joins: dict[str, Callable[[Sequence[float]], float]] = {"sum": sum, "max": max, "min": min}
    for taxon, rolled in zip(taxa, rollup(taxonomy, scores, rule)[0], strict=True):
        below = [scores[0, leaf[k]] for k in scored if taxon.id in taxonomy.line(str(k))]
        if below:
            assert rolled == pytest.approx(joins[rule](below))
        else:
            assert np.isnan(rolled)


def test_ancestors_at_a_rank() -> None:
    ids = [item.id for item in SMALL.taxa]
    assert [ids[row] if row >= 0 else None for row in ancestors_at(SMALL, 20.0)] == [
        "7", "7", "10", None, None, "14",
    ]  # fmt: skip
    assert set(rank_codes(SMALL)) == {"genus", "family", "order", "class", "phylum", "kingdom"}
    assert rank_codes(Taxonomy.from_parents({"a": ""}).labelled(["a"])) == {}


def test_accuracy_grows_with_the_rank() -> None:
    scores = np.eye(6)[[1, 2, 4, 0, 5]]
    found = {item.rank: (item.n, item.accuracy) for item in accuracy_by_rank(SMALL, scores, [0, 0, 3, 3, -1])}
    assert found == {
        "species": (4, 0.0),
        "genus": (2, 0.5),
        "family": (2, 1.0),
        "order": (2, 1.0),
        "class": (4, 0.75),
        "phylum": (4, 1.0),
        "kingdom": (4, 1.0),
    }
    for labels in ([0, 0, 3, 3], [0, 0, 3, 3, 6], [0.0] * 5):
        with pytest.raises(InputError):
            accuracy_by_rank(SMALL, scores, labels)

"""Ranking figures against scikit-learn's definitions, item weights and ties included; bounds that hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.parity import ranking
from fieldpack.parity.activation import Activation
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.correctness import read_labels
from fieldpack.parity.ranking import _f_half, _ranking, ranking_figures
from fieldpack.parity.record import Parity
from fieldpack.statistics.bootstrap import resampled_counts
from fieldpack.verdict import Evidence, Figure

pytestmark = pytest.mark.filterwarnings("ignore:.*")


@pytest.fixture
def metrics() -> Any:
    """The other implementation."""
    return pytest.importorskip(
        "sklearn.metrics", reason="scikit-learn is not installed: pip install scikit-learn"
    )


def value(parity: Parity, name: str) -> float | None:
    found = [figure.value for figure in parity.figures if figure.name == name]
    assert len(found) == 1, name
    return found[0]


def upper(figure: Figure) -> float:
    """Its upper bound."""
    return np.inf if figure.high is None else figure.high


@pytest.mark.parametrize("few", [0, 256], ids=["sorted", "multiplied"])
@pytest.mark.parametrize("digits", [1, 6])
def test_one_class_is_what_scikit_learn_says_for_every_resample(
    digits: int, few: int, metrics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "FEW", few)
    generator = np.random.default_rng(4)
    positive = generator.random(60) < 0.3
    column = np.round(generator.normal(size=60) + positive, digits)
    counts = np.concatenate(list(resampled_counts(60, resamples=20)))
    drawn = counts.astype(np.float32)
    found, area = (values[:, 0] for values in _ranking(column[:, None], positive[None], drawn))
    half = _f_half(column[:, None] >= 0.5, positive[:, None], drawn)[:, 0]
    for row, weights in enumerate(counts):
        assert found[row] == pytest.approx(
            metrics.average_precision_score(positive, column, sample_weight=weights)
        )
        assert area[row] == pytest.approx(metrics.roc_auc_score(positive, column, sample_weight=weights))
        wanted = metrics.fbeta_score(positive, column >= 0.5, beta=0.5, sample_weight=weights)
        assert half[row] == pytest.approx(wanted)


def test_the_means_are_those_of_the_classes_that_have_both_kinds(metrics: Any) -> None:
    generator = np.random.default_rng(5)
    labels = generator.random((200, 6)) < 0.2
    labels[:, 4], labels[:, 5] = False, True
    source = 1 / (1 + np.exp(-generator.normal(size=(200, 6)) - 2 * labels))
    flavour = np.clip(source + generator.normal(size=(200, 6)) * 0.1, 0, 1)
    limits = [0.5, 0.6, 0.7, 0.5, 0.5, 0.5]
    parity = compare_scores(source, flavour, "sigmoid", labels, thresholds=limits)
    for name, scores in (("source", source), ("flavour", flavour)):
        chosen = labels[:, :4], scores[:, :4]
        assert value(parity, f"{name}_cmap") == pytest.approx(metrics.average_precision_score(*chosen))
        assert value(parity, f"{name}_auroc") == pytest.approx(metrics.roc_auc_score(*chosen))
        fired = scores[:, :4] >= limits[:4]
        assert value(parity, f"{name}_f05") == pytest.approx(
            metrics.fbeta_score(labels[:, :4], fired, beta=0.5, average="macro")
        )


def test_class_numbers_rank_one_class_against_the_others(metrics: Any) -> None:
    generator = np.random.default_rng(6)
    labels = generator.integers(-1, 5, 150)
    scores = generator.dirichlet(np.ones(5), 150)
    parity = compare_scores(scores, scores, "softmax", labels)
    seen = labels >= 0
    rows = np.eye(5)[labels[seen]]
    assert value(parity, "source_cmap") == pytest.approx(metrics.average_precision_score(rows, scores[seen]))
    assert not [figure for figure in parity.figures if figure.name == "f05_drop"]


def test_a_drop_of_nothing_still_has_room_for_what_was_not_seen() -> None:
    generator = np.random.default_rng(7)
    labels = generator.integers(0, 4, 100)
    scores = generator.dirichlet(np.ones(4), 100)
    figures = {figure.name: figure for figure in compare_scores(scores, scores, "softmax", labels).figures}
    for name in ("cmap_drop", "auroc_drop"):
        figure = figures[name]
        assert figure.value == 0
        assert upper(figure) == pytest.approx(1 - 0.05 ** (1 / 100))
        assert figure.low == pytest.approx(-upper(figure))


def test_groups_widen_the_bounds_and_few_of_them_settle_nothing() -> None:
    generator = np.random.default_rng(8)
    groups = np.repeat(np.arange(20), 10)
    labels = generator.random((200, 3)) < 0.3
    source = 1 / (1 + np.exp(-generator.normal(size=(200, 3)) - 2 * labels))
    worse = np.where(generator.random(20)[groups][:, None] < 0.4, generator.random((200, 3)), source)
    single = {f.name: f for f in compare_scores(source, worse, "sigmoid", labels).figures}["cmap_drop"]
    grouped = {f.name: f for f in compare_scores(source, worse, "sigmoid", labels, blocks=groups).figures}
    assert grouped["cmap_drop"].value == single.value
    assert upper(grouped["cmap_drop"]) > upper(single)
    few = compare_scores(source, worse, "sigmoid", labels, blocks=groups // 5)
    assert value(few, "cmap_drop") == single.value
    assert next(f for f in few.figures if f.name == "cmap_drop").high == 1


def test_broken_scores_rank_last_and_a_lost_ranking_shows() -> None:
    generator = np.random.default_rng(9)
    labels = generator.random((80, 3)) < 0.4
    source = 1 / (1 + np.exp(-generator.normal(size=(80, 3)) - 3 * labels))
    broken = source.copy()
    broken[labels[:, 0], 0] = np.nan
    parity = compare_scores(source, broken, "sigmoid", labels)
    assert value(parity, "auroc_drop") == pytest.approx((value(parity, "source_auroc") or 0) / 3, abs=0.02)


def test_the_upper_bound_covers_the_true_drop() -> None:
    """Of 200 sets from a known population, at most a tenth have an upper bound below the true drop."""
    generator = np.random.default_rng(10)
    labels = generator.integers(0, 3, 40_000)
    noise = generator.normal(size=(40_000, 3))
    source = np.eye(3)[labels] * 2 + noise
    flavour = source + generator.normal(size=source.shape) * 0.8
    truth = area_drop(source, flavour, labels).value or 0.0
    below = 0
    for draw in range(200):
        rows = np.random.default_rng((11, draw)).integers(0, 40_000, 150)
        below += upper(area_drop(source[rows], flavour[rows], labels[rows])) < truth
    assert below <= 20


def area_drop(source: np.ndarray, flavour: np.ndarray, labels: np.ndarray) -> Figure:
    """The figure by itself."""
    found = read_labels(labels, *source.shape)
    unused = np.zeros(source.shape[1])
    figures = ranking_figures(source, flavour, found, Activation.LOGITS, unused, None, Evidence.HOST)
    return next(figure for figure in figures if figure.name == "auroc_drop")

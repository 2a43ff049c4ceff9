"""Comparison of classifiers: figures against plain loops, properties, hostile inputs."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.parity import pairing
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.record import UNITS
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.verdict import Evidence, Outcome, judge

ACTIVATIONS = ("softmax", "sigmoid", "linear", "logits")


def softmax(scores: Any) -> Any:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def noisy(seed: Any = 0, items: Any = 200, outputs: Any = 8, noise: Any = 0.5, strength: Any = 3.0) -> Any:
    random = np.random.default_rng(seed)
    labels = random.integers(0, outputs, items)
    source = random.normal(size=(items, outputs))
    source[np.arange(items), labels] += strength
    return source, source + noise * random.normal(size=source.shape), labels


def value(parity: Any, name: Any) -> Any:
    figure = parity.figure(name)
    assert figure.value is not None
    return figure.value


def width(figure: Any) -> Any:
    assert figure.low is not None
    assert figure.high is not None
    return figure.high - figure.low


def plain_loop(p: Any, q: Any, labels: Any, margin: Any) -> Any:
    """The definitions, written down item by item."""
    agree, flips, top5, kl, right, right5 = [], [], [], [], [], []
    for mine, theirs, label in zip(p, q, labels, strict=True):
        first, other = mine.index(max(mine)), theirs.index(max(theirs))
        ordered = sorted(mine, reverse=True)
        agree.append(first == other)
        flips.append(first != other and ordered[0] - ordered[1] >= margin)
        five = [np.argsort(-np.array(row), kind="stable")[:5].tolist() for row in (mine, theirs)]
        top5.append(first in five[1])
        right5.append((label in five[0], label in five[1]))
        kl.append(sum(a * math.log(a / b) for a, b in zip(mine, theirs, strict=True)))
        right.append((first == label, other == label))
    mean = {"top1_agreement": agree, "margin_flips": flips, "top5_agreement": top5, "mean_kl": kl}
    figures = {name: sum(values) / len(values) for name, values in mean.items()}
    figures["source_top1"] = sum(a for a, _ in right) / len(right)
    figures["flavour_top1"] = sum(b for _, b in right) / len(right)
    figures["top1_drop"] = figures["source_top1"] - figures["flavour_top1"]
    figures["source_top5"] = sum(a for a, _ in right5) / len(right5)
    figures["flavour_top5"] = sum(b for _, b in right5) / len(right5)
    figures["top5_drop"] = figures["source_top5"] - figures["flavour_top5"]
    recalls = [[r for r, y in zip(right, labels, strict=True) if y == c] for c in sorted(set(labels))]
    figures["source_macro_recall"] = sum(sum(a for a, _ in r) / len(r) for r in recalls) / len(recalls)
    figures["flavour_macro_recall"] = sum(sum(b for _, b in r) / len(r) for r in recalls) / len(recalls)
    figures["macro_recall_drop"] = figures["source_macro_recall"] - figures["flavour_macro_recall"]
    return figures


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("activation", ["logits", "linear", "softmax"])
def test_against_plain_loop(activation: Any, margin: Any) -> None:
    source, flavour, labels = noisy(noise=1.5)
    p, q = softmax(source), softmax(flavour)
    pair = (p, q) if activation == "softmax" else (source, flavour)
    parity = compare_scores(*pair, activation, labels, margin)
    for name, expected in plain_loop(p.tolist(), q.tolist(), labels.tolist(), margin).items():
        assert value(parity, name) == pytest.approx(expected, abs=2e-6), name
    assert value(parity, "max_abs_error") == pytest.approx(np.abs(pair[0] - pair[1]).max())
    assert value(parity, "mean_abs_error") == pytest.approx(np.abs(pair[0] - pair[1]).mean())
    assert parity.counts["flips"] == round(200 * (1 - value(parity, "top1_agreement")))
    assert parity.counts["losses"] - parity.counts["gains"] == round(200 * value(parity, "top1_drop"))
    assert 0 < parity.counts["margin_flips"] == round(200 * value(parity, "margin_flips"))
    assert {f.evidence for f in parity.figures} == {Evidence.HOST}
    assert all(UNITS[f.name] == f.unit for f in parity.figures)


def test_margin_gate_keeps_sure_flips_only() -> None:
    source = np.array([[0.53, 0.47], [0.95, 0.05], [0.95, 0.05], [0.55, 0.45]])
    flavour = np.array([[0.4, 0.6], [0.4, 0.6], [0.9, 0.1], [0.6, 0.4]])
    parity = compare_scores(source, flavour, "softmax")
    assert parity.counts["flips"] == 2
    assert value(parity, "margin_flips") == 0.25
    assert compare_scores(source, flavour, "softmax", margin=0.05).counts["margin_flips"] == 2
    assert compare_scores(source, flavour, "softmax", margin=0.95).counts["margin_flips"] == 0


def test_margin_boundary_counts_as_sure() -> None:
    source, flavour = np.array([[0.75, 0.25]]), np.array([[0.0, 1.0]])
    assert compare_scores(source, flavour, "softmax", margin=0.5).counts["margin_flips"] == 1


def test_identical_outputs_pass_every_gate() -> None:
    source, _, labels = noisy(items=1000)
    parity = compare_scores(source, source.copy(), "logits", labels)
    assert value(parity, "mean_kl") == 0
    assert value(parity, "centred_cosine") == pytest.approx(1, abs=1e-12)
    assert parity.figure("mean_kl").high == 0
    assert judge(parity.figure("top1_agreement"), 0.98, "at_least").outcome is Outcome.PASS
    assert judge(parity.figure("top1_drop"), 0.01, "at_most").outcome is Outcome.PASS
    # ... but 1000 items without a change do not prove a tenth of a point.
    assert judge(parity.figure("top1_drop"), 0.001, "at_most").outcome is Outcome.INCONCLUSIVE


def test_collapsed_flavour_fails_every_gate() -> None:
    source, _, labels = noisy(items=300)
    parity = compare_scores(source, np.zeros_like(source), "logits", labels)
    for name, limit, relation in (
        ("top1_agreement", 0.98, "at_least"),
        ("margin_flips", 0.01, "at_most"),
        ("mean_kl", 0.01, "at_most"),
        ("top1_drop", 0.01, "at_most"),
        ("macro_recall_drop", 0.01, "at_most"),
    ):
        assert judge(parity.figure(name), limit, relation).outcome is Outcome.FAIL, name
    assert parity.counts["flavour_ties"] == 300
    assert parity.counts["source_ties"] == 0
    assert any("share their highest" in note for note in parity.notes)


def test_ties_take_the_lowest_index() -> None:
    parity = compare_scores([[1.0, 1.0, 0.0]], [[0.0, 1.0, 1.0]], "linear", [0])
    assert (parity.worst[0].source_top1, parity.worst[0].flavour_top1) == (0, 1)
    assert (parity.counts["source_ties"], parity.counts["flavour_ties"]) == (1, 1)
    assert parity.counts["losses"] == 1


def test_worst_examples_are_ordered() -> None:
    source, flavour, _ = noisy(noise=1.0)
    parity = compare_scores(source, flavour, "logits", worst=7)
    assert len(parity.worst) == 7
    divergences = [example.divergence for example in parity.worst]
    assert divergences == sorted(divergences, reverse=True)
    p, q = softmax(source), softmax(flavour)
    by_hand = (p * np.log(p / q)).sum(axis=1)
    assert [example.index for example in parity.worst] == np.argsort(-by_hand)[:7].tolist()
    top = parity.worst[0]
    assert top.source_probability == pytest.approx(p[top.index].max())
    assert top.flavour_probability == pytest.approx(q[top.index].max())
    assert compare_scores(source, flavour, "logits", worst=0).worst == ()


def test_multi_label_sigmoid_by_hand() -> None:
    source = np.array([[0.9, 0.2, 0.6], [0.1, 0.8, 0.3], [0.2, 0.1, 0.4]])
    flavour = np.array([[0.9, 0.2, 0.4], [0.1, 0.4, 0.6], [0.2, 0.1, 0.4]])
    labels = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=bool)
    parity = compare_scores(source, flavour, "sigmoid", labels)
    assert value(parity, "cell_flips") == pytest.approx(3 / 9)
    assert value(parity, "top1_agreement") == pytest.approx(2 / 3)
    assert parity.counts["labelled"] == 2
    assert value(parity, "source_top1") == 1.0
    assert value(parity, "flavour_top1") == 0.5
    assert value(parity, "source_macro_recall") == 1.0
    assert value(parity, "flavour_macro_recall") == pytest.approx(1 / 3)
    assert value(parity, "source_false_positives") == 0
    assert value(parity, "flavour_false_positives") == pytest.approx(1 / 6)
    assert value(parity, "false_positive_rise") == pytest.approx(1 / 6)
    assert [(c.index, c.losses) for c in parity.classes] == [(0, 0), (1, 1), (2, 1)]
    lower = compare_scores(source, flavour, "sigmoid", labels, thresholds=[0.5, 0.3, 0.35])
    assert value(lower, "flavour_macro_recall") == 1.0
    assert value(lower, "cell_flips") == pytest.approx(1 / 9)


def test_sigmoid_divergence_by_hand() -> None:
    p, q = np.array([[0.9, 0.2]]), np.array([[0.8, 0.3]])
    expected = 0.9 * math.log(0.9 / 0.8) + 0.1 * math.log(0.1 / 0.2)
    expected += 0.2 * math.log(0.2 / 0.3) + 0.8 * math.log(0.8 / 0.7)
    assert value(compare_scores(p, q, "sigmoid"), "mean_kl") == pytest.approx(expected)


def test_outputs_of_an_item_that_flip_together_widen_the_bounds() -> None:
    source, flavour = np.full((100, 20), 0.9), np.full((100, 20), 0.9)
    flavour[:10] = 0.1
    figure = compare_scores(source, flavour, "sigmoid").figure("cell_flips")
    assert figure.value == 0.1
    assert width(figure) > 3 * width_of_share(200, 2000)
    still = compare_scores(source, source, "sigmoid").figure("cell_flips")
    assert still.high == pytest.approx(1 - 0.05 ** (1 / 2000))


def width_of_share(successes: int, n: int) -> float:
    bounds = clopper_pearson(successes, n)
    return bounds.high - bounds.low


def test_no_false_positive_is_not_proof_of_none() -> None:
    scores, labels = np.full((50, 4), 0.2), np.zeros((50, 4), dtype=bool)
    parity = compare_scores(scores, scores, "sigmoid", labels)
    assert value(parity, "flavour_false_positives") == 0
    assert parity.figure("flavour_false_positives").high == pytest.approx(1 - 0.05 ** (1 / 200))
    assert parity.figure("false_positive_rise").high == pytest.approx(1 - 0.05 ** (1 / 200))
    everything = compare_scores(scores, scores, "sigmoid", ~labels)
    assert everything.figure("false_positive_rise").value is None


def test_broken_item_is_not_among_the_top_five() -> None:
    source, _, _ = noisy(items=20)
    source[:, 0] = 9.0
    flavour = source.copy()
    flavour[4, 6] = math.nan
    parity = compare_scores(source, flavour, "logits", np.zeros(20, dtype=int))
    assert value(parity, "top5_agreement") == 0.95
    assert value(parity, "flavour_top5") == 0.95
    assert value(parity, "source_top5") == 1.0


def test_threshold_itself_fires() -> None:
    parity = compare_scores([[0.5, 0.0]], [[0.49, 0.0]], "sigmoid", thresholds=0.5)
    assert value(parity, "cell_flips") == 0.5


def test_single_sigmoid_output_is_judged_at_its_threshold() -> None:
    source, flavour = np.array([[0.9], [0.2], [0.7]]), np.array([[0.9], [0.6], [0.1]])
    parity = compare_scores(
        source, flavour, "sigmoid", [[True], [False], [True]], slices={"s": ["a", "a", "b"]}
    )
    assert value(parity, "cell_flips") == pytest.approx(2 / 3)
    assert value(parity, "flavour_macro_recall") == 0.5
    assert value(parity, "flavour_false_positives") == 1.0
    assert parity.figure("top1_agreement").value is None
    assert parity.figure("top1_drop").value is None
    assert parity.slices["s"]["b"].agreement == 0.0


@pytest.mark.parametrize("activation", ["softmax", "logits"])
def test_single_exclusive_output_proves_nothing(activation: Any) -> None:
    parity = compare_scores([[0.3], [0.9]], [[0.9], [0.1]], activation, [0, 0], slices={"s": ["a", "b"]})
    for name in ("top1_agreement", "mean_kl", "top1_drop", "margin_flips", "worst_slice_agreement"):
        assert judge(parity.figure(name), 0.5, "at_most").outcome is Outcome.NOT_RUN
    assert value(parity, "max_abs_error") == pytest.approx(0.8)
    assert any("single output" in note for note in parity.notes)


@pytest.mark.parametrize("outputs", [5, 6])
def test_top5_needs_more_than_five_outputs(outputs: Any) -> None:
    source, flavour, labels = noisy(outputs=outputs)
    parity = compare_scores(source, flavour, "logits", labels)
    assert (parity.figure("top5_agreement").value is None) == (outputs == 5)
    assert (parity.figure("top5_drop").value is None) == (outputs == 5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("who", ["source", "flavour", "both"])
def test_broken_numbers_fail_and_never_crash(activation: Any, broken: Any, who: Any) -> None:
    source, flavour, labels = noisy(items=60)
    source, flavour = softmax(source), softmax(source)
    if who in ("source", "both"):
        source[7, 3] = broken
    if who in ("flavour", "both"):
        flavour[7, 2] = broken
    parity = compare_scores(source, flavour, activation, labels, slices={"half": labels < 4})
    assert not parity.finite
    assert parity.counts["broken_items"] == 1
    assert value(parity, "finite") == pytest.approx(59 / 60)
    assert value(parity, "top1_agreement") == pytest.approx(59 / 60)
    assert parity.counts["margin_flips"] == 1
    for name in ("mean_kl", "centred_cosine", "cosine", "max_abs_error", "mean_abs_error"):
        assert math.isnan(value(parity, name)), name
        assert judge(parity.figure(name), 1e9, "at_most").outcome is Outcome.FAIL
    assert parity.worst[0].index == 7
    if activation == "sigmoid":
        assert value(parity, "cell_flips") == pytest.approx(8 / 480)
    if who == "flavour":
        assert parity.counts["losses"] == (labels[7] == source[7].argmax())
        assert parity.worst[0].flavour_top1 == -1
    json.dumps(parity.as_dict(), allow_nan=False)


def test_broken_source_does_not_make_the_flavour_wrong() -> None:
    source, _, labels = noisy(items=60)
    flavour = source.copy()
    labels[:] = flavour.argmax(axis=1)
    source[0, 0] = math.nan
    parity = compare_scores(source, flavour, "logits", labels)
    assert (parity.counts["losses"], parity.counts["gains"]) == (0, 1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("outputs", [1, 2, 7])
@pytest.mark.parametrize("items", [0, 1])
def test_no_item_and_one_item(activation: Any, outputs: Any, items: Any) -> None:
    scores = np.full((items, outputs), 0.25)
    kinds = (None, np.zeros(items, dtype=int), np.ones((items, outputs), dtype=bool), [-1] * items)
    for labels in kinds:
        parity = compare_scores(
            scores, scores, activation, labels, slices={"s": ["x"] * items}, blocks=[3] * items
        )
        json.dumps(parity.as_dict(), allow_nan=False)
        for figure in parity.figures:
            assert items or figure.value is None
        if items and outputs > 1:
            assert parity.figure("mean_kl").high == pytest.approx(16.1, abs=0.1) or activation == "sigmoid"
            assert judge(parity.figure("mean_kl"), 0.01, "at_most").outcome is Outcome.INCONCLUSIVE
            assert judge(parity.figure("top1_agreement"), 0.5, "at_least").outcome is Outcome.INCONCLUSIVE


def test_unlabelled_and_unknown_classes_are_left_out() -> None:
    source, flavour, labels = noisy(items=50)
    labels[:5], labels[5:8] = -1, 99
    parity = compare_scores(source, flavour, "logits", labels)
    rest = compare_scores(source[8:], flavour[8:], "logits", labels[8:])
    assert value(parity, "top1_drop") == value(rest, "top1_drop")
    assert parity.figure("top1_drop").n == 42
    assert (parity.counts["unlabelled"], parity.counts["unknown_labels"], parity.counts["labelled"]) == (
        5,
        3,
        42,
    )
    assert parity.classes == rest.classes
    everything = compare_scores(source, flavour, "logits", np.full(50, -1))
    assert everything.figure("top1_drop").value is None
    assert everything.figure("macro_recall_drop").value is None
    assert everything.classes == ()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 9), st.sampled_from(ACTIVATIONS))
def test_properties(seed: Any, items: Any, outputs: Any, activation: Any) -> None:
    random = np.random.default_rng(seed)
    source, flavour = random.random((2, items, outputs))
    labels = random.integers(-1, outputs + 1, items)
    parity = compare_scores(source, flavour, activation, labels)
    for figure in parity.figures:
        if figure.value is not None and not figure.exact:
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low <= figure.value <= figure.high, figure
        if figure.unit == "fraction" and figure.value is not None:
            assert -1 <= figure.value <= 1
    if outputs > 1:
        assert value(parity, "mean_kl") >= 0
        mirrored = compare_scores(flavour, source, activation, labels)
        assert mirrored.figure("top1_agreement") == parity.figure("top1_agreement")
        drop = mirrored.figure("top1_drop").value
        assert drop == (None if parity.figure("top1_drop").value is None else -value(parity, "top1_drop"))
    order = random.permutation(items)
    shuffled = compare_scores(source[order], flavour[order], activation, labels[order])
    assert shuffled.counts == parity.counts
    assert shuffled.classes == parity.classes
    for figure in parity.figures:
        again = shuffled.figure(figure.name).value
        assert again == figure.value or again == pytest.approx(figure.value, rel=1e-9, abs=1e-12)
    if outputs > 1:
        assert order[shuffled.worst[0].index] == parity.worst[0].index


def test_columns_can_be_permuted() -> None:
    source, flavour, labels = noisy(noise=1.0)
    order = np.random.default_rng(3).permutation(8)
    parity = compare_scores(source, flavour, "logits", labels)
    permuted = compare_scores(source[:, order], flavour[:, order], "logits", np.argsort(order)[labels])
    assert permuted.counts == parity.counts
    assert value(permuted, "mean_kl") == pytest.approx(value(parity, "mean_kl"))


def test_intervals_narrow_with_more_items() -> None:
    widths = []
    for items in (50, 500, 5000):
        source, flavour, labels = noisy(items=items, noise=0.8)
        parity = compare_scores(source, flavour, "logits", labels)
        widths.append([width(f) for f in parity.figures if not f.exact])
    assert np.all(np.diff(np.array(widths), axis=0) < 0)


def test_blocks_widen() -> None:
    source, flavour, labels = noisy(items=40, noise=1.0)
    source, flavour, labels = (np.repeat(part, 10, axis=0) for part in (source, flavour, labels))
    blocks = np.repeat(np.arange(40), 10)
    free = compare_scores(source, flavour, "logits", labels)
    grouped = compare_scores(source, flavour, "logits", labels, blocks=blocks)
    for name in ("top1_agreement", "mean_kl", "top1_drop", "macro_recall_drop", "flavour_top1"):
        one, other = free.figure(name), grouped.figure(name)
        assert width(other) > 1.5 * width(one), name
        assert one.value == other.value


def test_row_blocks_do_not_matter(monkeypatch: Any) -> None:
    source, flavour, labels = noisy()
    cells = np.random.default_rng(1).random(source.shape) < 0.3
    cases = (("logits", labels, source, flavour), ("sigmoid", cells, softmax(source), softmax(flavour)))
    for activation, truth, first, second in cases:
        monkeypatch.setattr(pairing, "CELLS_A_BLOCK", 2_000_000)
        whole = compare_scores(first, second, activation, truth).as_dict()
        monkeypatch.setattr(pairing, "CELLS_A_BLOCK", 24)
        assert compare_scores(first, second, activation, truth).as_dict() == whole


def test_wide_outputs() -> None:
    random = np.random.default_rng(0)
    source = random.normal(size=(6, 100_000)).astype(np.float32)
    parity = compare_scores(source, source * np.float32(1.001), "logits", [0, 5, 99_999, 7, 7, -1])
    assert value(parity, "top1_agreement") == 1
    assert [change.index for change in parity.classes] == [0, 5, 7, 99_999]


def test_deterministic() -> None:
    source, flavour, labels = noisy()
    first = compare_scores(source, flavour, "logits", labels, slices={"s": labels % 3})
    again = compare_scores(source, flavour, "logits", labels, slices={"s": labels % 3})
    assert json.dumps(first.as_dict()) == json.dumps(again.as_dict())


def test_inputs_stay_untouched() -> None:
    source, flavour, labels = noisy(items=10)
    source[3, 3] = math.nan
    copies = source.copy(), flavour.copy(), labels.copy()
    compare_scores(source, flavour, "logits", labels)
    for before, after in zip(copies, (source, flavour, labels), strict=True):
        np.testing.assert_array_equal(before, after)


def test_huge_scores_do_not_warn_or_crash() -> None:
    scores = np.array([[1e308, -1e308, 0.0], [3.0, 2.0, 1.0]])
    parity = compare_scores(scores, -scores, "logits")
    assert judge(parity.figure("max_abs_error"), 1.0, "at_most").outcome is Outcome.FAIL
    json.dumps(parity.as_dict(), allow_nan=False)


def test_probabilities_out_of_range_are_noted() -> None:
    assert any("outside" in note for note in compare_scores([[3.0, -2.0]], [[3.0, -2.0]], "softmax").notes)
    assert compare_scores([[3.0, -2.0]], [[3.0, -2.0]], "logits").notes == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flavour": np.zeros((4, 3))}, "same items"),
        ({"source": np.zeros(4), "flavour": np.zeros(4)}, "one row an item"),
        ({"source": np.zeros((4, 0)), "flavour": np.zeros((4, 0))}, "one row an item"),
        ({"source": np.zeros((4, 2), dtype=complex)}, "real numbers"),
        ({"source": 3.0, "flavour": 3.0}, "no axis"),
        ({"activation": "relu"}, "activation"),
        ({"labels": [0, 1]}, "labels"),
        ({"labels": [0.5, 1, 0, 0]}, "labels"),
        ({"labels": np.full((4, 2), 2)}, "labels"),
        ({"thresholds": 0.5}, "thresholds"),
        ({"activation": "sigmoid", "thresholds": [0.5, 0.5, 0.5]}, "thresholds"),
        ({"activation": "sigmoid", "thresholds": [0.5, math.nan]}, "thresholds"),
        ({"margin": 1.5}, "margin"),
        ({"margin": math.nan}, "margin"),
        ({"worst": -1}, "examples"),
        ({"slices": {"s": ["a"]}}, "slice s"),
        ({"blocks": [1, 2]}, "blocks"),
    ],
)
def test_misfits_are_refused(changes: Any, message: Any) -> None:
    case = {"source": np.zeros((4, 2)), "flavour": np.zeros((4, 2)), "activation": "softmax"} | changes
    with pytest.raises(InputError, match=message):
        compare_scores(**case)


def test_answers_agree_at_a_rank_when_they_share_the_ancestor() -> None:
    source = np.array(
        [[0.9, 0.1, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 0.9, 0.1], [0.0, 0.0, 0.0, 1.0]]
    )
    flavour = source[:, [1, 0, 3, 2]].copy()
    flavour[1] = [0.1, 0.0, 0.9, 0.0]
    flavour[3] = [0.0, np.nan, 0.0, 1.0]
    ranks = {"genus": [0, 0, -1, -1], "family": [0, 0, 1, 1]}
    parity = compare_scores(source, flavour, "softmax", ranks=ranks)
    assert value(parity, "top1_agreement") == 0
    assert value(parity, "genus_agreement") == 0.25
    assert value(parity, "family_agreement") == 0.5
    same = compare_scores(source, source, "softmax", ranks=ranks)
    assert value(same, "genus_agreement") == 1
    with pytest.raises(InputError, match="genus"):
        compare_scores(source, flavour, "softmax", ranks={"genus": [0, 0]})

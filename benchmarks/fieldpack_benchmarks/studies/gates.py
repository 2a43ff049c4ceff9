"""``fieldpack study gates``: how often a gate is wrong, on evaluation sets drawn where the truth is known.

A population of items is made, with the scores of a source model and of a flavour: one without any change,
one where losses and gains cancel out, one where twice the margin is lost. Evaluation sets are bootstrap draws
of it; each goes through the comparison and the verdicts that a build uses, limit by limit and as one budget,
with Holm's correction and, beside it, without. A fourth population lies exactly on its limits: the hardest
case in which no limit is broken. Evidence is ``host``: these are counts of what our own rules did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.family import corrected
from fieldpack.gate import outcome_of
from fieldpack.parity.classification import compare_scores
from fieldpack.parity.judgement import judge_parity
from fieldpack.verdict import AT_LEAST, AT_MOST, CONFIDENCE, Evidence, Outcome
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
SEED = 20261126
CLASSES, POPULATION, DRAWS = 40, 40_000, 200
ACCURACY, MARGIN, BLOCK = 0.9, 0.02, 5
SIZES = (305, 1000, 3000)
WRONG = 0.05
BUDGET, UNCORRECTED = "whole budget", "whole budget, uncorrected"
KEPT, ON_LIMITS, BROKEN = ("the same", "flips that cancel out"), "on its limits", "twice the margin lost"
COLUMNS = (
    Column("truth", "text", "host", "what the flavour does to the population"),
    Column("limit", "text", "host", "the limit that is held"),
    Column("items", "count", "host", "items of a drawn evaluation set"),
    Column("blocks", "text", "host", "whether items come in groups that lose together, told to the gate"),
    Column("pass", "fraction", "host", "share of the draws that pass"),
    Column("fail", "fraction", "host", "share of the draws that fail"),
    Column("inconclusive", "fraction", "host", "share of the draws that settle nothing"),
)

Scores = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """Items with both models' scores, their labels and their groups.

    Attributes
    ----------
    truth : str
        One of ``KEPT``, ``ON_LIMITS`` or ``BROKEN``.
    source, flavour : ndarray [N, C]
        Logits.
    labels, groups : ndarray [N]
    limits : dict
        Limit -> value and relation, such that the truth keeps it, lies on it or breaks it twofold.
    """

    truth: str
    source: Scores
    flavour: Scores
    labels: Places
    groups: Places
    limits: dict[str, tuple[float, str]]


def study(quick: bool, progress: Progress) -> Study:
    """200 draws for each size, or with `quick` 24 draws of the smallest."""
    sizes, draws = ((305,), 24) if quick else (SIZES, DRAWS)
    rows: list[dict[str, Cell]] = []
    settings = [(blocks, maker) for blocks in (False, True) for maker in MAKERS]
    for number, (blocks, maker) in enumerate(settings):
        population = maker(blocks)
        for size in sizes:
            progress(f"{population.truth}, {size} items", number / len(settings))
            rows += _drawn(population, size, blocks, draws)
    return Study("gates", COLUMNS, tuple(rows), _bars(rows), quick=quick)


def unchanged(blocks: bool) -> Population:
    """The flavour answers exactly as the source."""
    source, labels, groups = _source(blocks)
    limits = {
        "top1_drop": (MARGIN, AT_MOST),
        "macro_recall_drop": (MARGIN, AT_MOST),
        "nll_rise": (MARGIN, AT_MOST),
        "top1_agreement": (1 - MARGIN, AT_LEAST),
    }
    return Population(KEPT[0], source, source.copy(), labels, groups, limits)


def cancelling(blocks: bool) -> Population:
    """Four items of a hundred change, half of them to the better; limits are a margin away from the truth."""
    source, labels, groups = _source(blocks)
    flavour = _flipped(source, labels, groups, blocks, lost=0.02, gained=0.02)
    limits = {
        "top1_drop": (_drop(source, flavour, labels) + MARGIN, AT_MOST),
        "top1_agreement": (_agreement(source, flavour) - MARGIN, AT_LEAST),
        "macro_recall_drop": (_macro(source, flavour, labels) + MARGIN, AT_MOST),
    }
    return Population(KEPT[1], source, flavour, labels, groups, limits)


def on_limits(blocks: bool) -> Population:
    """As ``cancelling``, with every limit exactly where the truth is: none is broken, none has a margin."""
    source, labels, groups = _source(blocks)
    flavour = _flipped(source, labels, groups, blocks, lost=0.02, gained=0.02)
    limits = {
        "top1_drop": (_drop(source, flavour, labels), AT_MOST),
        "top1_agreement": (_agreement(source, flavour), AT_LEAST),
        "macro_recall_drop": (_macro(source, flavour, labels), AT_MOST),
        "nll_rise": (_rise(source, flavour, labels), AT_MOST),
    }
    return Population(ON_LIMITS, source, flavour, labels, groups, limits)


def losing(blocks: bool) -> Population:
    """Twice the margin is lost; a twenty-fifth of it comes back as gains."""
    source, labels, groups = _source(blocks)
    flavour = _flipped(source, labels, groups, blocks, lost=2 * MARGIN + 0.005, gained=0.005)
    drop, macro = _drop(source, flavour, labels), _macro(source, flavour, labels)
    limits = {
        "top1_drop": (drop / 2, AT_MOST),
        "macro_recall_drop": (macro / 2, AT_MOST),
        "top1_agreement": (1 - (1 - _agreement(source, flavour)) / 2, AT_LEAST),
    }
    return Population(BROKEN, source, flavour, labels, groups, limits)


MAKERS = (unchanged, cancelling, on_limits, losing)


def _source(blocks: bool) -> tuple[Scores, Places, Places]:
    """Logits that are right for nine items of ten; classes of unequal sizes."""
    generator = np.random.default_rng(SEED)
    shares = 1.0 / np.arange(1, CLASSES + 1) ** 0.7
    groups = np.arange(POPULATION) // (BLOCK if blocks else 1)
    drawn = generator.choice(CLASSES, groups[-1] + 1, p=shares / shares.sum())
    labels = drawn[groups]
    scores = generator.normal(0, 1, (POPULATION, CLASSES))
    answers = labels.copy()
    wrong = generator.random(POPULATION) >= ACCURACY
    answers[wrong] = (labels[wrong] + generator.integers(1, CLASSES, wrong.sum())) % CLASSES
    scores[np.arange(POPULATION), answers] = scores.max(axis=1) + generator.exponential(2.0, POPULATION) + 0.1
    return scores, labels.astype(np.int64), groups.astype(np.int64)


def _flipped(
    source: Scores, labels: Places, groups: Places, blocks: bool, lost: float, gained: float
) -> Scores:
    """A share of all items turned from right to wrong and another from wrong to right, whole groups alike."""
    generator = np.random.default_rng(SEED + 1)
    flavour = source.copy()
    right = source.argmax(axis=1) == labels
    luck = generator.random(groups[-1] + 1)[groups]
    share = right.mean()
    worse = np.flatnonzero(right & (luck < lost / share))
    better = np.flatnonzero(~right & (luck < gained / (1 - share)))
    flavour[worse, (labels[worse] + 1) % CLASSES] = flavour[worse].max(axis=1) + 0.5
    flavour[better, labels[better]] = flavour[better].max(axis=1) + 0.5
    return flavour


def _drop(source: Scores, flavour: Scores, labels: Places) -> float:
    return float((source.argmax(axis=1) == labels).mean() - (flavour.argmax(axis=1) == labels).mean())


def _agreement(source: Scores, flavour: Scores) -> float:
    return float((source.argmax(axis=1) == flavour.argmax(axis=1)).mean())


def _macro(source: Scores, flavour: Scores, labels: Places) -> float:
    changes = (source.argmax(axis=1) == labels).astype(float) - (flavour.argmax(axis=1) == labels)
    return float(np.mean([changes[labels == label].mean() for label in range(CLASSES)]))


def _rise(source: Scores, flavour: Scores, labels: Places) -> float:
    rows = np.arange(len(labels))
    first, second = (
        np.logaddexp.reduce(scores, axis=1) - scores[rows, labels] for scores in (source, flavour)
    )
    return float(second.mean() - first.mean())


def _drawn(population: Population, size: int, blocks: bool, draws: int) -> list[dict[str, Cell]]:
    generator = np.random.default_rng(SEED + size)
    counts = {name: dict.fromkeys(Outcome, 0) for name in (*population.limits, UNCORRECTED, BUDGET)}
    for _ in range(draws):
        rows, groups = _sample(population, size, blocks, generator)
        parity = compare_scores(
            population.source[rows],
            population.flavour[rows],
            "logits",
            population.labels[rows],
            blocks=groups,
            worst=1,
        )
        verdicts = [
            judge_parity(parity, name, limit, relation, subject="draw")
            for name, (limit, relation) in population.limits.items()
        ]
        for verdict in verdicts:
            counts[verdict.name][verdict.outcome] += 1
        counts[UNCORRECTED][outcome_of(verdicts)] += 1
        family = [verdict for (verdict,) in corrected([[item] for item in verdicts], CONFIDENCE)]
        counts[BUDGET][outcome_of(family)] += 1
    return [
        {
            "truth": population.truth,
            "limit": name,
            "items": size,
            "blocks": "yes" if blocks else "no",
            "pass": found[Outcome.PASS] / draws,
            "fail": found[Outcome.FAIL] / draws,
            "inconclusive": found[Outcome.INCONCLUSIVE] / draws,
        }
        for name, found in counts.items()
    ]


def _sample(
    population: Population, size: int, blocks: bool, generator: np.random.Generator
) -> tuple[Places, Places | None]:
    if not blocks:
        return generator.integers(0, POPULATION, size), None
    chosen = generator.integers(0, POPULATION // BLOCK, -(-size // BLOCK))
    rows = (chosen[:, None] * BLOCK + np.arange(BLOCK)).reshape(-1)
    return rows, np.repeat(np.arange(len(chosen)), BLOCK)


def _bars(rows: list[dict[str, Cell]]) -> tuple[Bar, ...]:
    bars = []
    for name in sorted({str(row["limit"]) for row in rows} - {UNCORRECTED}):
        found = [row for row in rows if row["limit"] == name]
        kept = [row for row in found if row["truth"] in KEPT]
        broken = [row for row in found if row["truth"] == BROKEN]
        bars += _bar(f"{name}: fails where nothing is lost", kept, "fail")
        bars += _bar(f"{name}: passes at twice the margin", broken, "pass")
    on_limits = [row for row in rows if row["limit"] == BUDGET and row["truth"] == ON_LIMITS]
    return (*bars, *_bar(f"{BUDGET}: fails on its limits", on_limits, "fail"))


def _bar(name: str, rows: list[dict[str, Cell]], word: str) -> list[Bar]:
    """The worst row decides; none where the study has no such rows."""
    if not rows:
        return []
    worst = max(rows, key=lambda row: float(str(row[word])))
    note = f"worst: {worst['truth']}, {worst['items']} items, blocks {worst['blocks']}"
    return [Bar(name, float(str(worst[word])), WRONG, AT_MOST, Evidence.HOST, note)]

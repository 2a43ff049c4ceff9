"""Compare the scores of a classifier with those of its source, item by item.

Gates without labels (agreement, margin-gated flips, divergence) see a regression on a few hundred
items; those with labels say what it costs. The plain cosine is reported and never gated.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.errors import InputError
from fieldpack.parity.accuracy import accuracy_figures, class_changes, loss_counts, share
from fieldpack.parity.activation import Activation, known_activation, largest_divergence
from fieldpack.parity.correctness import Correctness, correctness, read_labels
from fieldpack.parity.cosine import centred_cosine, plain_cosine
from fieldpack.parity.item_scores import TOP, Integers, ItemScores, score_items
from fieldpack.parity.likelihood import likelihood_figures
from fieldpack.parity.pairing import Flags, Floats, Numbers, paired_arrays
from fieldpack.parity.ranking import ranking_figures
from fieldpack.parity.record import Example, Parity, bounded_figure, exact_figure
from fieldpack.parity.slices import read_slices, slice_changes, worst_slice
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.bootstrap import bootstrap_mean
from fieldpack.statistics.clustering import information_share
from fieldpack.statistics.interval import Interval
from fieldpack.verdict import Evidence, Figure

MARGIN = 0.1
THRESHOLD = 0.5
WORST = 20


def compare_scores(
    source: ArrayLike,
    flavour: ArrayLike,
    activation: str,
    labels: ArrayLike | None = None,
    margin: float = MARGIN,
    thresholds: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    *,
    blocks: ArrayLike | None = None,
    evidence: Evidence = Evidence.HOST,
    worst: int = WORST,
    ranks: Mapping[str, ArrayLike] | None = None,
) -> Parity:
    """Compare two classifiers on the same items.

    Parameters
    ----------
    source, flavour : array_like [N, C], real
        Scores as they come out of the two models; C at least 1, N may be 0.
    activation : str
        ``softmax`` or ``sigmoid`` (scores are probabilities), ``linear`` or ``logits`` (raw; a
        softmax is applied to compare).
    labels : array_like, optional
        [N] class numbers (negative: no label), or [N, C] true and false.
    margin : float
        0 to 1. A changed top-1 matters when the source's first probability was at least this
        much above its second.
    thresholds : array_like [C] or one number, optional
        For a sigmoid; default 0.5. A class fires at or above its threshold.
    slices : mapping of name to array_like [N], optional
        A value for every item, e.g. taxon group or recorder. Top-1 decides within a slice; of a
        single sigmoid output only the agreement at its threshold is told.
    blocks : array_like [N], optional
        Group of items that are not independent (observation, site); bounds then widen.
    evidence : Evidence
        How the flavour was run.
    worst : int
        Number of examples with the largest divergence to keep.
    ranks : mapping of name to array_like [C], optional
        Whole number of every output's ancestor at a taxonomic rank (genus, family, ...), negative where it
        has none; both answers agree at a rank when they have one ancestor there, or are the same.

    Returns
    -------
    Parity
        Figures named as in :data:`fieldpack.parity.record.UNITS`. A figure that the data cannot
        give (top-1 of a single output, top-5 of five outputs or fewer) is left out.

    Raises
    ------
    InputError
        When shapes, types or ranges do not fit.
    """
    kind = known_activation(activation)
    first, second = _score_arrays(source, flavour)
    items, outputs = first.shape
    limits = _thresholds(thresholds, outputs, kind)
    _check_options(margin, worst, blocks, items)
    named = read_slices(slices, items)
    scores = score_items(first, second, kind, limits)
    right = None
    if labels is not None:
        right = correctness(first, second, scores, read_labels(labels, items, outputs), kind, limits)
    figures = _agreement_figures(scores, outputs, kind, margin, blocks, evidence)
    figures += _rank_figures(scores, outputs, ranks or {}, blocks, evidence)
    figures += _distance_figures(first, second, scores, kind, blocks, evidence)
    if right is not None:
        figures += accuracy_figures(right, outputs, evidence, blocks)
        figures += likelihood_figures(first, second, right.labels, kind, blocks, evidence)
        figures += ranking_figures(first, second, right.labels, kind, limits, blocks, evidence)
    counts = _counts(scores, right, margin) | _block_count(blocks)
    agree, top1 = (scores.agree, right) if outputs > 1 else (scores.flipped_cells == 0, None)
    if outputs == 1 and kind is not Activation.SIGMOID:
        named = {}
    slice_figures, which = worst_slice(named, agree, top1, evidence, blocks)
    return Parity(
        items=items,
        outputs=outputs,
        finite=bool(scores.finite.all()),
        figures=tuple(figures + slice_figures),
        counts=counts,
        classes=class_changes(right) if right is not None else (),
        slices=slice_changes(named, agree, top1),
        worst_slice=which,
        worst=_examples(scores, worst),
        notes=(*_notes(first, scores, kind), *_block_notes(counts, items)),
    )


def _score_arrays(source: ArrayLike, flavour: ArrayLike) -> tuple[Numbers, Numbers]:
    first, second = paired_arrays(source, flavour)
    if first.ndim != 2 or first.shape[1] < 1:
        raise InputError("scores must be one row an item", came=first.shape, allowed="[N, C], C at least 1")
    return first, second


def _thresholds(thresholds: ArrayLike | None, outputs: int, kind: Activation) -> Floats:
    if thresholds is None:
        return np.full(outputs, THRESHOLD)
    if kind is not Activation.SIGMOID:
        raise InputError("thresholds belong to a sigmoid", came=kind.value, allowed="no thresholds")
    array = np.asarray(thresholds, dtype=np.float64)
    if array.shape not in ((), (outputs,)) or not np.all(np.isfinite(array)):
        raise InputError(
            "thresholds do not fit the outputs", came=array.shape, allowed=f"({outputs},), all finite"
        )
    return np.broadcast_to(array, (outputs,))


def _check_options(margin: float, worst: int, blocks: ArrayLike | None, items: int) -> None:
    if not 0 <= margin <= 1:
        raise InputError("the margin of a flip is out of range", came=margin, allowed="0 to 1")
    if worst < 0:
        raise InputError("the number of examples is negative", came=worst, allowed="0 or more")
    if blocks is not None and np.shape(blocks) != (items,):
        raise InputError(
            "blocks must have one entry for every item", came=np.shape(blocks), allowed=f"({items},)"
        )


def _agreement_figures(
    scores: ItemScores,
    outputs: int,
    kind: Activation,
    margin: float,
    blocks: ArrayLike | None,
    evidence: Evidence,
) -> list[Figure]:
    figures = [exact_figure("finite", _mean(scores.finite), evidence, len(scores.finite))]
    if outputs > 1:
        figures.append(bounded_figure("top1_agreement", share(scores.agree, blocks), evidence))
        figures.append(
            bounded_figure("margin_flips", share(_flips_that_matter(scores, margin), blocks), evidence)
        )
    if outputs > TOP:
        figures.append(bounded_figure("top5_agreement", share(scores.in_top5, blocks), evidence))
    if kind is Activation.SIGMOID:
        figures.append(bounded_figure("cell_flips", _cell_flips(scores, outputs, blocks), evidence))
    return figures


def _rank_figures(
    scores: ItemScores,
    outputs: int,
    ranks: Mapping[str, ArrayLike],
    blocks: ArrayLike | None,
    evidence: Evidence,
) -> list[Figure]:
    figures = []
    for rank, codes in ranks.items():
        ancestors = np.asarray(codes)
        if ancestors.shape != (outputs,) or not np.issubdtype(ancestors.dtype, np.integer):
            raise InputError(f"{rank} must have one number for every output", came=ancestors.shape)
        source, flavour = ancestors[scores.source_top1], ancestors[scores.flavour_top1]
        agree = scores.agree | (scores.finite & (source >= 0) & (source == flavour))
        figures.append(bounded_figure(f"{rank}_agreement", share(agree, blocks), evidence))
    return figures


def _distance_figures(
    first: Numbers,
    second: Numbers,
    scores: ItemScores,
    kind: Activation,
    blocks: ArrayLike | None,
    evidence: Evidence,
) -> list[Figure]:
    items, outputs = first.shape
    nats = bootstrap_mean(scores.divergence, blocks=blocks, support=(0.0, largest_divergence(outputs, kind)))
    largest = float(scores.max_abs.max()) if items else None
    figures = (
        [] if outputs == 1 and kind is not Activation.SIGMOID else [bounded_figure("mean_kl", nats, evidence)]
    )
    return [
        *figures,
        exact_figure("centred_cosine", centred_cosine(first, second), evidence, items),
        exact_figure("cosine", plain_cosine(first, second), evidence, items),
        exact_figure("max_abs_error", largest, evidence, items),
        exact_figure("mean_abs_error", _mean(scores.mean_abs), evidence, items),
    ]


def _flips_that_matter(scores: ItemScores, margin: float) -> Flags:
    """Changed top-1 where the source was sure; a broken item always matters."""
    with np.errstate(invalid="ignore"):
        return np.asarray(~scores.agree & (~scores.finite | (scores.margin >= margin)))


def _cell_flips(scores: ItemScores, outputs: int, blocks: ArrayLike | None) -> Interval:
    """Share of outputs that crossed their threshold.

    Outputs of one item flip together, which the bootstrap over items sees; with hardly a flip it
    sees nothing, so the exact bounds over all cells are joined.
    """
    items = len(scores.flipped_cells)
    worth = 1.0 if blocks is None else information_share(scores.flipped_cells > 0, blocks)
    exact = clopper_pearson(worth * int(scores.flipped_cells.sum()), worth * items * outputs)
    resampled = bootstrap_mean(scores.flipped_cells / outputs, blocks=blocks, support=(0.0, 1.0))
    return resampled.joined(exact)


def _counts(scores: ItemScores, right: Correctness | None, margin: float) -> dict[str, int]:
    counts = {
        "broken_items": int((~scores.finite).sum()),
        "flips": int((~scores.agree).sum()),
        "margin_flips": int(_flips_that_matter(scores, margin).sum()),
        "source_ties": int(scores.source_tied.sum()),
        "flavour_ties": int(scores.flavour_tied.sum()),
    }
    if right is None:
        return counts
    labelled = right.labels.labelled
    losses, gains = loss_counts(right.source_top1[labelled], right.flavour_top1[labelled])
    usable, unknown = int(labelled.sum()), right.labels.unknown
    return counts | {
        "losses": losses,
        "gains": gains,
        "labelled": usable,
        "unknown_labels": unknown,
        "unlabelled": len(labelled) - usable - unknown,
    }


def _block_count(blocks: ArrayLike | None) -> dict[str, int]:
    return {} if blocks is None else {"blocks": len(np.unique(np.asarray(blocks)))}


def _block_notes(counts: Mapping[str, int], items: int) -> tuple[str, ...]:
    if "blocks" not in counts:
        return ()
    return (f"{items} items come in {counts['blocks']} groups; bounds count groups",)


def _examples(scores: ItemScores, worst: int) -> tuple[Example, ...]:
    """Broken items first, then by falling divergence; ties by index."""
    order = np.argsort(np.where(scores.finite, -scores.divergence, -np.inf), kind="stable")
    return tuple(_example(scores, int(index)) for index in order[:worst])


def _example(scores: ItemScores, index: int) -> Example:
    return Example(
        index=index,
        divergence=float(scores.divergence[index]),
        source_top1=int(scores.source_top1[index]),
        flavour_top1=int(scores.flavour_top1[index]),
        source_probability=float(scores.source_probability[index]),
        flavour_probability=float(scores.flavour_probability[index]),
    )


def _notes(source: Numbers, scores: ItemScores, kind: Activation) -> list[str]:
    notes = []
    broken = int((~scores.finite).sum())
    if broken:
        notes.append(f"{broken} items have scores that are NaN or infinite")
    if source.shape[1] == 1 and kind is not Activation.SIGMOID:
        notes.append("a single output has no top-1 and no divergence; call it a sigmoid or a regression")
    if kind in (Activation.SOFTMAX, Activation.SIGMOID) and _outside_unit_range(source, scores.source_finite):
        notes.append(f"source scores lie outside 0 to 1, which a {kind.value} cannot give")
    ties = int(scores.flavour_tied.sum())
    if ties:
        notes.append(f"{ties} items share their highest flavour score; the lowest index was taken")
    return notes


def _outside_unit_range(source: Numbers, whole: Integers | Flags) -> bool:
    rows = source[whole]
    return bool(rows.size) and bool(rows.min() < -1e-3 or rows.max() > 1 + 1e-3)


def _mean(values: Flags | Floats) -> float | None:
    return float(np.mean(values)) if len(values) else None

"""Whether a label list stands in the order of its output, told by labelled examples.

A list in another order converts, agrees with its source in every number, and names every animal wrongly. Only
the names of the examples know better: where those of one label are answered with another, and the examples of
that other one with a third, the names have moved and not the model's skill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ContractError

_LEAST_EXAMPLES = 10
_LEAST_MOVED, _MOST_KEPT = 0.5, 0.1
_NAMED = 3


def label_order_finding(
    name: str, labels: Sequence[str], scores: NDArray[Any], truth: NDArray[np.int64]
) -> str | None:
    """What the source model's answers say of the order of a label list.

    Parameters
    ----------
    name : str
        Of the output.
    labels : sequence of str
        In the stated order.
    scores : ndarray
        [N, ...] with ``len(labels)`` numbers an example, the source model's.
    truth : ndarray
        int64 [N], index into `labels`, -1 where unlabelled.

    Returns
    -------
    str or None
        A sentence where a few labels seem to be exchanged; None where nothing is odd, or fewer than 10
        examples tell.

    Raises
    ------
    ContractError
        Most labels that have examples stand in another place.
    """
    counts = _counts(scores.reshape(len(scores), -1), truth)
    moved = _moved(counts)
    asked = sum(count for (own, _), count in counts.items() if own in moved)
    right = sum(counts[pair] for pair in moved.items())
    kept = sum(counts[own, own] for own in moved)
    if asked < _LEAST_EXAMPLES or right < _LEAST_MOVED * asked or kept > _MOST_KEPT * asked:
        return None
    known = len({own for own, _ in counts})
    shown = ", ".join(f"{labels[own]} as {labels[other]}" for own, other in list(moved.items())[:_NAMED]) + (
        " and so on" if len(moved) > _NAMED else ""
    )
    told = f"{right} of {asked} examples of {len(moved)} labels are answered by another label each: {shown}"
    if 2 * len(moved) <= known:
        return f"labels of output {name} seem to be exchanged: {told}"
    raise ContractError(
        f"the labels of output {name} stand in another order than the model's",
        came=told,
        allowed="one label a line, in the order of the output",
        hint="take the label file that was written when the model was trained; or mend label_column and "
        "label_map of the data",
    )


def _counts(scores: NDArray[Any], truth: NDArray[np.int64]) -> Counter[tuple[int, int]]:
    """Examples by (label, label that they were answered with)."""
    known = truth >= 0
    return Counter(zip(truth[known].tolist(), scores[known].argmax(axis=1).tolist(), strict=True))


def _moved(counts: Counter[tuple[int, int]]) -> dict[int, int]:
    """Labels and the other one that most of their examples get, where each is the other's first choice.

    One label alone is no order: a model may take all toads for frogs.
    """
    answered: dict[int, int] = {}
    asked: dict[int, int] = {}
    for (own, other), _ in counts.most_common():
        answered.setdefault(own, other)
        asked.setdefault(other, own)
    pairs = {own: other for own, other in sorted(answered.items()) if own != other and asked[other] == own}
    return pairs if len(pairs) > 1 else {}

"""A seeded sample of a data set that keeps its mix of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fieldpack.data.example import Example


def sample(examples: Sequence[Example], limit: int | None, seed: int) -> list[Example]:
    """At most `limit` examples, stratified by label, in their old order.

    Each class gets its share of `limit` by largest remainder, and at least one example where `limit`
    allows one a class. Unlabelled examples count as one class.

    Parameters
    ----------
    examples : sequence of Example
        The whole data set.
    limit : int or None
        Size of the sample; None keeps everything.
    seed : int
        Same examples, limit and seed give the same sample.

    Returns
    -------
    list of Example
        The sample.
    """
    if limit is None or limit >= len(examples):
        return list(examples)
    classes: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        classes.setdefault(repr(example.label), []).append(index)
    names = sorted(classes)
    shares = _shares([len(classes[name]) for name in names], limit)
    rng = np.random.default_rng(seed)
    chosen = [
        int(index)
        for name, share in zip(names, shares, strict=True)
        for index in rng.permutation(classes[name])[:share]
    ]
    return [examples[index] for index in sorted(chosen)]


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """`limit` split in proportion to `sizes`, by largest remainder, at least one each where possible."""
    least = 1 if limit >= len(sizes) else 0
    exact = np.asarray(sizes, np.float64) * limit / sum(sizes)
    shares = np.maximum(np.floor(exact).astype(np.int64), least)
    while shares.sum() < limit:
        shares[int(np.argmax(exact - shares))] += 1
    while shares.sum() > limit:
        shares[int(np.argmin(np.where(shares > least, exact - shares, np.inf)))] -= 1
    return [int(share) for share in shares]

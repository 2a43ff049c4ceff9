"""How much less items in groups say than as many independent ones.

Score and exact bounds count items. Where items come in groups that change together (photos of one
observation, clips of one recorder) the counts are divided by a design effect first; a bootstrap over
groups does the same for means, but sees nothing where hardly an item changed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError


def information_share(changed: ArrayLike, blocks: ArrayLike) -> float:
    """Share of the items that counts as independent, above 0 to 1.

    One over the design effect: how many changed items a group with any change has, beside what chance
    alone would put there. One group that changes as a whole is added to what was seen, so that a sample
    without any change counts its groups and not its items.

    Parameters
    ----------
    changed : array_like [N], bool
        The rarer event: losses and gains, or misses.
    blocks : array_like [N]
        Group of every item.

    Raises
    ------
    InputError
        When lengths differ.

    Notes
    -----
    Design effect as in Kish 1965, Survey Sampling, chapter 5, with the size-weighted mean group.
    """
    flags = np.asarray(changed, dtype=np.bool_)
    groups = np.asarray(blocks)
    if flags.ndim != 1 or groups.shape != flags.shape:
        raise InputError(
            "blocks must have one entry for every item", came=groups.shape, allowed=str(flags.shape)
        )
    if not len(flags):
        return 1.0
    sizes, hit = _counts(flags, groups)
    usual = float(np.square(sizes).sum() / sizes.sum())
    together = (flags.sum() + usual) / ((hit > 0).sum() + 1)
    rate = float(flags.mean())
    chance = usual * rate / (1 - (1 - rate) ** usual) if rate else 1.0
    return float(min(1.0, chance / together))


def _counts(flags: NDArray[np.bool_], groups: NDArray[np.generic]) -> tuple[NDArray[np.int64], ...]:
    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(codes)
    return sizes, np.bincount(codes[flags], minlength=len(sizes))

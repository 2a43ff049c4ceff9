"""Which channels go: those that add least to the layers that read them, for what they cost.

A channel that hardly varies, or that is read with small weights, can be left out. Its contribution is the
variance that it brings to its readers' outputs, as a share of theirs (compare Luo et al. 2017, "ThiNet",
who also look at the layer that reads).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from fieldpack.passes import PruneChannels
from fieldpack_converters.opened_source import Array

Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class PruningRound:
    """One round of a ``prune_channels`` step.

    Attributes
    ----------
    number : int
        From 0.
    whole : int
        Parameters before the first round.
    """

    step: PruneChannels
    number: int
    whole: int

    @property
    def share(self) -> float:
        """Of what is left, so that all rounds together take out the step's share."""
        done = self.step.share / self.step.steps
        return 1 - (1 - done * (self.number + 1)) / (1 - done * self.number)

    def parameters(self, left: int) -> float:
        """To be taken out of those that are left, so that the round ends on its part of the share."""
        goal = self.whole * (1 - self.step.share * (self.number + 1) / self.step.steps)
        return max(left - goal, 0.0)

    def most(self, left: int) -> float:
        """Largest share of one layer: twice the round's, since what is useful changes in training."""
        return min(2 * self.parameters(left) / left, 1.0)


def least_useful(
    useful: Mapping[Group, Array], cost: Mapping[Group, float], parameters: float, most: float, round_to: int
) -> dict[Group, Array]:
    """Group of tied channels -> those that stay when about so many parameters go, the least useful first.

    Parameters
    ----------
    useful : mapping
        Group -> contribution of each of its channels, [channels].
    cost : mapping
        Group -> parameters that go with one of its channels.
    parameters : float
        To be taken out; rounding and `most` may leave more.
    most : float
        Largest share of one group that goes.
    round_to : int
        What stays of a group is a multiple of it, and at least it.
    """
    worth = np.concatenate([useful[group] / max(cost[group], 1e-12) for group in useful])
    price = np.concatenate([np.full(len(useful[group]), cost[group]) for group in useful])
    owner = np.concatenate([np.full(len(useful[group]), place) for place, group in enumerate(useful)])
    order = np.argsort(worth, kind="stable")
    gone = order[np.cumsum(price[order]) <= parameters]
    kept = {}
    for place, (group, values) in enumerate(useful.items()):
        size = len(values)
        left = max(size - int((owner[gone] == place).sum()), int(np.ceil((1 - most) * size)))
        count = min(size, max(round(left / round_to) * round_to, min(round_to, size)))
        kept[group] = np.sort(np.argsort(-values, kind="stable")[:count])
    return kept

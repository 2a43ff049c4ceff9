"""Random numbers of the ``random_*`` operators.

Apple does not publish its generator, so that its stream cannot be reproduced; distribution and
repeatability (a seed that is not negative gives the same numbers at every run) are kept.
"""

from __future__ import annotations

import torch


def generator(seed: int) -> torch.Generator:
    """A generator of its own, started at ``seed``, or anywhere where that is negative."""
    made = torch.Generator()
    if seed < 0:
        made.seed()
    else:
        made.manual_seed(seed)
    return made

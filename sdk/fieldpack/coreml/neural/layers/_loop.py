"""How the layers inside a loop end its body early, and how long a loop may run."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.neural.graph import Graph

#: Most rounds of one loop; a file that asks for more is taken for damaged.
MOST_ROUNDS = 100_000


class LoopEndedError(Exception):
    """The loop is to stop."""


class RoundEndedError(Exception):
    """The next round is to begin."""


def one_round(body: Graph, values: dict[str, Tensor]) -> bool:
    """Run the body once; False where it ended the loop."""
    try:
        body.run(values)
    except LoopEndedError:
        return False
    except RoundEndedError:
        return True
    return True

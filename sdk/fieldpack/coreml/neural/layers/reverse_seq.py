"""``reverseSeq``: the first elements of every sequence turned round, by lengths.

Message ``ReverseSeqLayerParams``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import reverse_sequence as ops_reverse_sequence

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    sequence, batch = int(params.sequenceAxis), int(params.batchAxis)
    return lambda x, lengths: ops_reverse_sequence.run(x, lengths.reshape(-1), sequence, batch)

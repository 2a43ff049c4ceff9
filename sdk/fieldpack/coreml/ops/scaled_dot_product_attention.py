"""``scaled_dot_product_attention``: ``softmax(Q K^T / sqrt(E) + mask) V``, iOS18 operator set.

A bool mask keeps where it is true; a float mask is added.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, attn_mask)

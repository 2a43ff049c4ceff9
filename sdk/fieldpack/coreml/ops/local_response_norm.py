"""``local_response_norm``: each element over its neighbour channels, iOS15 operator set.

``y = x / (k + alpha / size * sum of x ^ 2 over size neighbour channels) ^ beta``

Channels stand on the third axis from the end of ``[n, C, H, W]``. A tensor of rank three is
``[C, H, W]``, as for the ``lrn`` layer of ``NeuralNetwork.proto`` and by the values of coremltools'
own tests, although the text of the operator calls it ``[n, C, D]``.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    if x.ndim == 3:
        return F.local_response_norm(x[None], size, alpha, beta, k)[0]
    return F.local_response_norm(x, size, alpha, beta, k)

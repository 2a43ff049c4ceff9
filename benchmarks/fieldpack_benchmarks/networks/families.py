"""The eleven families of networks that both formats must carry, of the size in which they are used.

Written as a list: a study, the round trip and the tests run all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_benchmarks.networks.conv_next import conv_next
from fieldpack_benchmarks.networks.detector import detector
from fieldpack_benchmarks.networks.mel_cnn import mel_cnn_by_conv, mel_cnn_by_stft
from fieldpack_benchmarks.networks.mobile_net import mobile_net
from fieldpack_benchmarks.networks.place_mlp import place_mlp
from fieldpack_benchmarks.networks.recurrent import recurrent
from fieldpack_benchmarks.networks.res_net18 import res_net18
from fieldpack_benchmarks.networks.seeding import seeded
from fieldpack_benchmarks.networks.u_net import u_net
from fieldpack_benchmarks.networks.vision_transformer import vit_by_einsum, vit_by_operator

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Attributes
    ----------
    build : callable
        Makes the untrained module; ``network`` gives it seeded weights.
    shapes : tuple of shape
        Of its float32 inputs, batch first, in order.
    low, high : float
        Range of the inputs.
    minimum_ios : int
        First iOS whose operators the float32 package uses.
    outputs : int
        How many tensors it returns.
    """

    build: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...]
    low: float = -2.0
    high: float = 2.0
    minimum_ios: int = 16
    outputs: int = 1

    def network(self) -> nn.Module:
        """The module in evaluation mode, with the same weights at every call."""
        return seeded(self.build, self.shapes, self.low, self.high)

    def inputs(self, seed: int) -> list[NDArray[np.float32]]:
        """One float32 array per input, uniform in the family's range."""
        generator = np.random.default_rng(seed)
        return [generator.uniform(self.low, self.high, shape).astype(np.float32) for shape in self.shapes]


FAMILIES: dict[str, Family] = {
    "depthwise_se": Family(mobile_net, ((1, 3, 160, 160),)),
    "convnext": Family(conv_next, ((1, 3, 128, 128),)),
    "resnet18": Family(res_net18, ((1, 3, 160, 160),)),
    "place_mlp": Family(place_mlp, ((1, 3),), -1.0, 1.0),
    "mel_conv": Family(mel_cnn_by_conv, ((1, 48_000),), -1.0, 1.0),
    "mel_stft": Family(mel_cnn_by_stft, ((1, 48_000),), -1.0, 1.0),
    "unet": Family(u_net, ((1, 4, 128, 128),)),
    "vit_operator": Family(vit_by_operator, ((1, 3, 160, 160),), minimum_ios=18),
    "vit_einsum": Family(vit_by_einsum, ((1, 3, 160, 160),)),
    "detector": Family(detector, ((1, 3, 256, 256),), minimum_ios=17, outputs=3),
    "gru_lstm": Family(recurrent, ((1, 64, 128),)),
}
"""Family by name."""


def flat_outputs(result: Any) -> list[NDArray[Any]]:
    """What a module returned, as a list of arrays."""
    values = list(result) if isinstance(result, (tuple, list)) else [result]
    return [value.detach().numpy() for value in values]

"""ResNet-20 and ResNet-56 for 32 x 32 pictures (CIFAR-10), with parameter-free shortcuts.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015, section 4.2: a 3 x 3
convolution, then three stages of n blocks with 16, 32 and 64 channels (6 n + 2 layers), global
average pooling and one linear layer.  Where a stage halves the picture, the shortcut takes every
second pixel and fills the new channels with zeros (option A), half before and half after the old
ones, as the published state dicts were trained.

The names of the parts are those of the public state dicts (``conv1``, ``layer1.0.bn2``, ``linear``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

_WIDTHS = (16, 32, 64)


def resnet20(classes: int = 10) -> nn.Module:
    """n = 3: 20 layers, 0.27 M parameters; input [N, 3, 32, 32], output logits [N, classes]."""
    return _network(3, classes)


def resnet56(classes: int = 10) -> nn.Module:
    """n = 9: 56 layers, 0.85 M parameters; input [N, 3, 32, 32], output logits [N, classes]."""
    return _network(9, classes)


def _network(blocks: int, classes: int) -> nn.Module:
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            stride = 1 if before == after else 2
            self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(after)
            self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(after)
            self.added = (after - before) // 2
            self.stride = stride

        def forward(self, values: Any) -> Any:
            shortcut = values
            if self.stride != 1:
                thinned = values[:, :, :: self.stride, :: self.stride]
                shortcut = functional.pad(thinned, (0, 0, 0, 0, self.added, self.added))
            inner = torch.relu(self.bn1(self.conv1(values)))
            return torch.relu(self.bn2(self.conv2(inner)) + shortcut)

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, _WIDTHS[0], 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(_WIDTHS[0])
            for stage, width in enumerate(_WIDTHS):
                before = _WIDTHS[max(stage - 1, 0)]
                parts = [Block(before if block == 0 else width, width) for block in range(blocks)]
                setattr(self, f"layer{stage + 1}", nn.Sequential(*parts))
            self.linear = nn.Linear(_WIDTHS[-1], classes)

        def forward(self, pictures: Any) -> Any:
            values = torch.relu(self.bn1(self.conv1(pictures)))
            values = self.layer3(self.layer2(self.layer1(values)))
            return self.linear(values.mean(dim=(2, 3)))

    return Network()

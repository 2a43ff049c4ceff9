"""A camera-trap detector of one stage: a depthwise backbone, two scales, the best boxes by top-k.

Boxes are distances from the cell's centre to the four sides (Tian et al.: "FCOS", 2019); the
choice of the best `KEPT` candidates and the gathering of their boxes stand inside the network, as
in detectors that are shipped to phones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

CLASSES, KEPT, WIDTH = 24, 100, 128
STRIDES = (16, 32)


def detector(side: int = 256) -> nn.Module:
    """1.2 M parameters; input [N, 3, side, side].

    Outputs, best first: boxes [N, 100, 4] (left, top, right, bottom as parts of the side), scores
    [N, 100] in 0..1, classes [N, 100] as whole floats.
    """
    import torch
    from torch import nn

    def depthwise(before: int, after: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False), nn.BatchNorm2d(before),
            nn.ReLU6(), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU6(),
        )  # fmt: skip

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6(),
                depthwise(32, 64, 2), depthwise(64, 128, 2), depthwise(128, 256, 2),
                depthwise(256, 256, 1),
            )  # fmt: skip
            self.deep = nn.Sequential(depthwise(256, 512, 2), *(depthwise(512, 512, 1) for _ in range(3)))
            self.narrow = nn.ModuleList([nn.Conv2d(256, WIDTH, 1), nn.Conv2d(512, WIDTH, 1)])
            self.head = depthwise(WIDTH, WIDTH, 1)
            self.score = nn.Conv2d(WIDTH, CLASSES, 1)
            self.sides = nn.Conv2d(WIDTH, 4, 1)
            self.register_buffer("centres", _centres(side))

        def forward(self, pictures: Any) -> Any:
            near = self.stem(pictures)
            levels = [self.head(narrow(values)) for narrow, values in zip(
                self.narrow, (near, self.deep(near)), strict=True)]  # fmt: skip
            scores = torch.cat([self.score(level).flatten(2) for level in levels], dim=2)
            sides = torch.cat([self.sides(level).flatten(2) for level in levels], dim=2).transpose(1, 2)
            best, classes = scores.max(dim=1)
            top, places = torch.topk(best, KEPT, dim=1)
            spans = torch.exp(sides.clamp(-4, 4)) * 0.05
            low, high = self.centres - spans[..., :2], self.centres + spans[..., 2:]
            boxes = torch.cat([low, high], dim=-1).clamp(0, 1)
            kept = torch.gather(boxes, 1, places.unsqueeze(-1).expand(-1, -1, 4))
            return kept, torch.sigmoid(top), torch.gather(classes, 1, places).float()

    return Network()


def _centres(side: int) -> Any:
    """Centres of all cells, [1, cells, 2], x before y, as parts of the side."""
    import torch

    levels = []
    for stride in STRIDES:
        steps = (torch.arange(side // stride) + 0.5) * stride / side
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        levels.append(torch.stack([columns.flatten(), rows.flatten()], dim=1))
    return torch.cat(levels).unsqueeze(0)

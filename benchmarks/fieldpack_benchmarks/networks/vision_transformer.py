"""A vision transformer of DeiT-Tiny's width, its attention written in two ways.

Touvron et al.: "Training data-efficient image transformers", 2021: width 192, 3 heads, patches of
16, class token. ``vit_by_operator`` calls ``scaled_dot_product_attention``, which Core ML knows as
one operator from iOS 18; ``vit_by_einsum`` writes the products out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

WIDTH, HEADS, PATCH, DEPTH = 192, 3, 16, 8


def vit_by_operator(side: int = 160, classes: int = 1000) -> nn.Module:
    """3.9 M parameters; input [N, 3, side, side], output logits [N, classes]."""
    from torch.nn import functional

    return _network(functional.scaled_dot_product_attention, side, classes)


def vit_by_einsum(side: int = 160, classes: int = 1000) -> nn.Module:
    """As ``vit_by_operator``, with the same weights from the same seed."""
    import torch

    def attention(query: Any, key: Any, value: Any) -> Any:
        scores = torch.einsum("bhqd,bhkd->bhqk", query, key) * query.shape[-1] ** -0.5
        return torch.einsum("bhqk,bhkd->bhqd", scores.softmax(dim=-1), value)

    return _network(attention, side, classes)


def _network(attention: Any, side: int, classes: int) -> nn.Module:
    import torch
    from torch import nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.before = nn.LayerNorm(WIDTH, eps=1e-6)
            self.mix = nn.Linear(WIDTH, 3 * WIDTH)
            self.project = nn.Linear(WIDTH, WIDTH)
            self.layers = nn.Sequential(
                nn.LayerNorm(WIDTH, eps=1e-6),
                nn.Linear(WIDTH, 4 * WIDTH),
                nn.GELU(),
                nn.Linear(4 * WIDTH, WIDTH),
            )

        def forward(self, tokens: Any) -> Any:
            count = tokens.shape[1]
            mixed = self.mix(self.before(tokens)).reshape(-1, count, 3, HEADS, WIDTH // HEADS)
            query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
            attended = attention(query, key, value).transpose(1, 2).reshape(-1, count, WIDTH)
            tokens = tokens + self.project(attended)
            return tokens + self.layers(tokens)

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
            self.first = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.5)
            self.places = nn.Parameter(torch.randn(1, (side // PATCH) ** 2 + 1, WIDTH) * 0.5)
            self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
            self.after = nn.LayerNorm(WIDTH, eps=1e-6)
            self.head = nn.Linear(WIDTH, classes)

        def forward(self, pictures: Any) -> Any:
            tokens = self.patches(pictures).flatten(2).transpose(1, 2)
            first = self.first.expand(tokens.shape[0], -1, -1)
            tokens = self.blocks(torch.cat([first, tokens], dim=1) + self.places)
            return self.head(self.after(tokens[:, 0]))

    return Network()

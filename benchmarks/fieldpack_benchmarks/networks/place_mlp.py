"""A range model: which species live at a place and a week, from sines and cosines of it.

The encoding of Mac Aodha, Cole, Perona: "Presence-Only Geographical Priors for Fine-Grained Image
Classification", 2019, widened to octaves as in Tancik et al.: "Fourier Features", 2020, and the
residual layers of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

OCTAVES = 8
WIDTH = 512


def place_mlp(classes: int = 4000) -> nn.Module:
    """4.2 M parameters; input [N, 3] latitude, longitude, week scaled to -1..1, output [N, classes], 0..1."""
    import torch
    from torch import nn

    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.SiLU()
            )

        def forward(self, values: Any) -> Any:
            return values + self.layers(values)

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("octaves", 2.0 ** torch.arange(OCTAVES) * torch.pi)
            self.layers = nn.Sequential(
                nn.Linear(6 * OCTAVES, WIDTH), nn.ReLU(), *(Residual() for _ in range(4)),
                nn.Linear(WIDTH, classes),
            )  # fmt: skip

        def forward(self, places: Any) -> Any:
            angles = (places.unsqueeze(-1) * self.octaves).flatten(1)
            encoded = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
            return torch.sigmoid(self.layers(encoded))

    return Network()

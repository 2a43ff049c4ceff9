"""A sequence network: a GRU over spectrogram frames, then an LSTM in both directions.

Cho et al. 2014 and Hochreiter, Schmidhuber 1997, in PyTorch's form of the gates; call detectors
for bats and birds use such stacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

BANDS, WIDTH = 128, 256


def recurrent(classes: int = 200) -> nn.Module:
    """1.5 M parameters; input [N, frames, 128], output logits [N, classes]."""
    from torch import nn

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(BANDS, WIDTH, batch_first=True)
            self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)
            self.norm = nn.LayerNorm(2 * WIDTH)
            self.head = nn.Linear(2 * WIDTH, classes)

        def forward(self, frames: Any) -> Any:
            values, _ = self.gru(frames)
            values, _ = self.lstm(values)
            return self.head(self.norm(values.mean(dim=1)))

    return Network()

"""Bird sound networks that take the wave itself: mel spectrogram inside, then a small CNN.

Two front ends with the same meaning: a framing convolution whose kernels are windowed cosines and
sines (what converts everywhere), and ``torch.stft``. Mel scale: O'Shaughnessy 1987,
2595 log10(1 + f / 700); triangles between neighbouring centres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

RATE_HZ = 24_000
FRAME, HOP, BANDS = 512, 256, 64


def mel_cnn_by_conv(classes: int = 500) -> nn.Module:
    """1.3 M parameters; input [N, samples] at 24 kHz, output logits [N, classes]."""
    return _network(_framing(), classes)


def mel_cnn_by_stft(classes: int = 500) -> nn.Module:
    """1.3 M parameters; input [N, samples] at 24 kHz, output logits [N, classes]."""
    return _network(_stft(), classes)


def _framing() -> nn.Module:
    import torch
    from torch import nn

    class Framing(nn.Module):  # type: ignore[misc]
        """[N, samples] -> power [N, bins, frames]."""

        def __init__(self) -> None:
            super().__init__()
            bins, times = torch.arange(FRAME // 2 + 1), torch.arange(FRAME)
            angles = 2 * torch.pi * (bins[:, None] * times % FRAME) / FRAME
            window = torch.hann_window(FRAME)
            kernels = torch.cat([angles.cos() * window, -angles.sin() * window]).unsqueeze(1)
            self.register_buffer("kernels", kernels)

        def forward(self, sound: Any) -> Any:
            padded = nn.functional.pad(sound.unsqueeze(1), (FRAME // 2, FRAME // 2), mode="reflect")
            parts = nn.functional.conv1d(padded, self.kernels, stride=HOP)
            real, imaginary = parts.split(FRAME // 2 + 1, dim=1)
            return real**2 + imaginary**2

    return Framing()


def _stft() -> nn.Module:
    import torch
    from torch import nn

    class Stft(nn.Module):  # type: ignore[misc]
        """[N, samples] -> power [N, bins, frames]."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("window", torch.hann_window(FRAME))

        def forward(self, sound: Any) -> Any:
            if torch.onnx.is_in_onnx_export():  # the tracing exporter knows no complex numbers
                pairs = torch.stft(sound, FRAME, HOP, window=self.window, return_complex=False)
                return (pairs**2).sum(dim=-1)
            parts = torch.stft(sound, FRAME, HOP, window=self.window, return_complex=True)
            return parts.real**2 + parts.imag**2

    return Stft()


def _network(front: nn.Module, classes: int) -> nn.Module:
    import torch
    from torch import nn

    class Spectrogram(nn.Module):  # type: ignore[misc]
        """Log mel power, [N, 1, bands, frames]."""

        def __init__(self) -> None:
            super().__init__()
            self.front = front
            self.register_buffer("bands", _mel_bands())

        def forward(self, sound: Any) -> Any:
            power = torch.matmul(self.bands, self.front(sound))
            return torch.log(power + 1e-3).unsqueeze(1)

    widths = (32, 64, 128, 256)
    parts: list[nn.Module] = [Spectrogram(), nn.BatchNorm2d(1)]
    for before, after in zip((1, *widths), widths, strict=False):
        parts += [nn.Conv2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        parts += [nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        parts += [nn.MaxPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes)]
    return nn.Sequential(*parts, *head)


def _mel_bands() -> Any:
    """Triangular filters [bands, bins]."""
    import torch

    highest = 2595 * torch.log10(torch.tensor(1 + RATE_HZ / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, 1, BANDS + 2) * highest / 2595) - 1)
    places = torch.arange(FRAME // 2 + 1) * RATE_HZ / FRAME
    rising = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp_min(0)

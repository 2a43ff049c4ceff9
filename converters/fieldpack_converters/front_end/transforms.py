"""Five exact ways from a sound to the power of its short-time Fourier transform.

Each appends operations to a graph and gives the squared magnitude of the wanted bins, or their real part, and
in which column each bin is. They differ in size and speed only, so a packager may take whichever is cheapest
where the model runs.

``convolution``
    The transform's rows as the kernel of a strided convolution: any hop, large constants.
``blocks``
    Frames are put together from blocks of one hop, then one dense product.
``folded``
    The window is even around n_fft / 2: sums and differences of mirrored samples need half the products.
``factored``
    n_fft = n1 n2: two small products with a twiddle between (Cooley and Tukey, 1965), for real input.
``fft``
    The FFT of the framework; not every phone has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack_converters.front_end.operations import Constant, Graph, Value


@dataclass(frozen=True, slots=True)
class Framing:
    """A short-time Fourier transform.

    Attributes
    ----------
    n_fft, hop : int
        Samples of a transform, and between two.
    window : ndarray
        float64 [n_fft], periodic: ``window[k] == window[n_fft - k]``.
    bins : ndarray
        Rising numbers of the wanted bins, of n_fft // 2 + 1, without a gap.
    real_only : bool
        Whether the real part is wanted, and not the squared magnitude.
    """

    n_fft: int
    hop: int
    window: Constant
    bins: NDArray[np.int64]
    real_only: bool

    @property
    def blocks(self) -> int:
        """Blocks of one hop that a frame lies in."""
        return -(-self.n_fft // self.hop)

    def frames(self, samples: int) -> int:
        """Number of whole frames in so many samples."""
        return (samples - self.n_fft) // self.hop + 1

    def waves(self) -> tuple[Constant, Constant]:
        """Cosines and sines of the wanted bins, [n_fft, bins] each, without the window."""
        # The product is reduced in whole numbers first: large angles would lose digits.
        turns = np.outer(np.arange(self.n_fft), self.bins) % self.n_fft
        angles = 2 * np.pi * turns / self.n_fft
        return np.cos(angles), -np.sin(angles)

    def rows(self) -> Constant:
        """What a frame is multiplied with: windowed cosines, then windowed sines where they are wanted."""
        cosines, sines = self.waves()
        both = cosines if self.real_only else np.concatenate([cosines, sines], axis=1)
        return self.window[:, None] * both


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What a transform gives.

    Attributes
    ----------
    value : Value
        [frames, columns].
    places : ndarray
        The column of each wanted bin; other columns mean nothing.
    """

    value: Value
    places: NDArray[np.int64]


def convolution(graph: Graph, sound: Value, framing: Framing) -> Spectrum:
    """One convolution with both parts of the wanted bins."""
    return _in_order(_joined(graph, graph.convolve(sound, framing.rows(), framing.hop), framing))


def blocks(graph: Graph, sound: Value, framing: Framing) -> Spectrum:
    """Frames from blocks, then one dense product."""
    product = graph.matmul(_framed(graph, sound, framing), framing.rows())
    return _in_order(_joined(graph, product, framing))


def folded(graph: Graph, sound: Value, framing: Framing) -> Spectrum:
    """Half the products: cosines see the sum of mirrored samples, sines their difference."""
    half = framing.n_fft // 2
    frames = _framed(graph, sound, framing)
    rising = graph.part(frames, 1, 1, half)
    falling = graph.reverse(graph.part(frames, 1, half + 1, framing.n_fft))
    cosines, sines = (framing.window[:, None] * wave for wave in framing.waves())
    # Samples 0 and n_fft / 2 have no mirror, and their sine is 0.
    ends = graph.concatenate([graph.part(frames, 1, 0, 1), graph.part(frames, 1, half, half + 1)], 1)
    even = graph.matmul(graph.plus(rising, falling), cosines[1:half])
    real = graph.plus(even, graph.matmul(ends, cosines[[0, half]]))
    if framing.real_only:
        return _in_order(real)
    imaginary = graph.matmul(graph.minus(rising, falling), sines[1:half])
    return _in_order(graph.plus(graph.squared(real), graph.squared(imaginary)))


def factored(graph: Graph, sound: Value, framing: Framing) -> Spectrum:
    """Two small transforms with a twiddle between; of each pair of mirrored bins one is computed.

    Sample ``n = n2 s + r`` and bin ``k = n1 q + p`` with ``s, p < n1`` and ``r, q < n2``: first a
    transform over s for each r, a turn by ``r p / n_fft``, then one over r for each p. The sound is real, so
    bin ``n_fft - k`` is the conjugate of bin k, and p needs to go to n1 / 2 only.
    """
    n1, n2 = factors(framing.n_fft)
    frames = graph.scaled(_framed(graph, sound, framing), framing.window)
    count = frames.shape[0]
    grid = graph.transpose(graph.reshape(frames, count, n1, n2), 0, 2, 1)
    near = np.arange(n1 // 2 + 1)
    turn = 2 * np.pi * (np.outer(np.arange(n1), near) % n1) / n1
    twist = 2 * np.pi * np.outer(np.arange(n2), near) / framing.n_fft
    # The twiddle goes with the first product's output: (a + bi)(c + di).
    real, imaginary = graph.matmul(grid, np.cos(turn)), graph.matmul(grid, -np.sin(turn))
    cosines, sines = np.cos(twist), -np.sin(twist)
    turned_real = graph.minus(graph.scaled(real, cosines), graph.scaled(imaginary, sines))
    turned_imaginary = graph.plus(graph.scaled(real, sines), graph.scaled(imaginary, cosines))
    q, p = framing.bins // n1, framing.bins % n1
    mirrored = p > n1 // 2
    q, p = np.where(mirrored, n2 - 1 - q, q), np.where(mirrored, n1 - p, p)
    rows = np.unique(q)
    last = 2 * np.pi * (np.outer(np.arange(n2), rows) % n2) / n2
    if framing.real_only:
        both = (np.cos(last), np.sin(last))
    else:
        both = (
            np.concatenate([np.cos(last), -np.sin(last)], axis=1),
            np.concatenate([np.sin(last), np.cos(last)], axis=1),
        )
    across_real, across_imaginary = (
        graph.transpose(value, 0, 2, 1) for value in (turned_real, turned_imaginary)
    )
    mixed = graph.plus(graph.matmul(across_real, both[0]), graph.matmul(across_imaginary, both[1]))
    joined = _joined(graph, mixed, framing)
    line = graph.reshape(joined, count, len(near) * len(rows))
    return Spectrum(line, p * len(rows) + np.searchsorted(rows, q))


def fft(graph: Graph, sound: Value, framing: Framing) -> Spectrum:
    """The framework's FFT of the framed and windowed sound."""
    real, imaginary = graph.real_fft(graph.scaled(_framed(graph, sound, framing), framing.window))
    joined = real if framing.real_only else graph.plus(graph.squared(real), graph.squared(imaginary))
    return _in_order(graph.part(joined, 1, int(framing.bins[0]), int(framing.bins[-1]) + 1))


TRANSFORMS: dict[str, Callable[[Graph, Value, Framing], Spectrum]] = {
    one.__name__: one for one in (convolution, blocks, folded, factored, fft)
}
"""Name -> what appends it."""


def factors(n_fft: int) -> tuple[int, int]:
    """n1 <= n2 with n1 n2 = n_fft, as near to each other as can be."""
    n1 = next(one for one in range(math.isqrt(n_fft), 0, -1) if n_fft % one == 0)
    return n1, n_fft // n1


def _framed(graph: Graph, sound: Value, framing: Framing) -> Value:
    """[frames, n_fft]: blocks of one hop side by side, and what is beyond n_fft cut off."""
    hop, count = framing.hop, framing.blocks
    frames = framing.frames(sound.shape[0])
    needed = (frames - 1 + count) * hop
    if needed > sound.shape[0]:
        sound = graph.pad(sound, 0, needed - sound.shape[0], "constant")
    rows = graph.reshape(graph.part(sound, 0, 0, needed), frames - 1 + count, hop)
    wide = graph.concatenate([graph.part(rows, 0, first, first + frames) for first in range(count)], 1)
    return graph.part(wide, 1, 0, framing.n_fft)


def _in_order(value: Value) -> Spectrum:
    return Spectrum(value, np.arange(value.shape[-1]))


def _joined(graph: Graph, value: Value, framing: Framing) -> Value:
    """Real parts as they are; else the squares of the first and the second half of the last axis, summed."""
    if framing.real_only:
        return value
    axis, size = len(value.shape) - 1, value.shape[-1]
    squares = graph.squared(value)
    return graph.plus(graph.part(squares, axis, 0, size // 2), graph.part(squares, axis, size // 2, size))

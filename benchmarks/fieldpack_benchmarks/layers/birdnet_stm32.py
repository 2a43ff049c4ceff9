"""``AudioFrontendLayer`` of the BirdNET-STM32 checkpoint, read from the file's own facts.

The Keras file names the class and keeps its configuration and weights, but not its code.  For the
mode in the file (``hybrid`` front-end, ``pwl`` magnitude) configuration, weight names, weight shapes
and the operators of the int8 sibling leave one reading:

1. the linear spectrogram [N, bins, frames, 1] is turned to [N, 1, frames, bins], cut to the
   spectrogram's width and filled with zero channels to a multiple of 8 (257 -> 264, the input of the
   stored mixer);
2. ``mel_mixer``: a 1 x 1 convolution without bias to the mel bins, then a ReLU;
3. a piecewise-linear curve per mel bin: ``k0 x + sum_i k_i relu(x + b_i)`` with depthwise 1 x 1
   convolutions (``_pwl_k0_dw``, ``_pwl_shift_dws`` with bias, ``_pwl_k_dws``);
4. back to [N, mel bins, frames, 1].

Other modes of the class are not in the file, and are refused.
"""

from __future__ import annotations

from typing import Any

import keras  # noqa: TID253

from fieldpack.errors import UnsupportedError

_CHANNEL_GROUP = 8
_KNEES = 3


@keras.saving.register_keras_serializable(package="fieldpack_birdnet_stm32")
class AudioFrontendLayer(keras.layers.Layer):  # type: ignore[misc]
    """Mel mixing and piecewise-linear compression of a linear magnitude spectrogram.

    Parameters
    ----------
    mode, mag_scale : str
        ``"hybrid"`` and ``"pwl"``, the only ones that the checkpoint determines.
    mel_bins, spec_width : int
        Output size.
    **settings
        The rest of the saved configuration, kept for saving again.
    """

    def __init__(self, mode: str, mel_bins: int, spec_width: int, mag_scale: str, **settings: Any) -> None:
        own = {
            name: settings.pop(name)
            for name in tuple(settings)
            if name not in ("name", "trainable", "dtype", "activity_regularizer", "autocast")
        }
        super().__init__(**settings)
        if (mode, mag_scale) != ("hybrid", "pwl"):
            raise UnsupportedError(
                "Only one mode of AudioFrontendLayer is known from the checkpoint.",
                came=f"mode {mode!r}, mag_scale {mag_scale!r}",
                allowed="mode 'hybrid', mag_scale 'pwl'",
            )
        self._settings = {
            "mode": mode,
            "mel_bins": mel_bins,
            "spec_width": spec_width,
            "mag_scale": mag_scale,
            **own,
        }
        self.spec_width = spec_width
        self.mel_mixer = keras.layers.Conv2D(mel_bins, 1, use_bias=False)
        self._pwl_k0_dw = keras.layers.DepthwiseConv2D(1, use_bias=False)
        self._pwl_shift_dws = [keras.layers.DepthwiseConv2D(1) for _ in range(_KNEES)]
        self._pwl_k_dws = [keras.layers.DepthwiseConv2D(1, use_bias=False) for _ in range(_KNEES)]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        bins = int(input_shape[1] or 0)
        self._filled = -bins % _CHANNEL_GROUP
        mel = (None, 1, self.spec_width, self._settings["mel_bins"])
        self.mel_mixer.build((None, 1, self.spec_width, bins + self._filled))
        for layer in (self._pwl_k0_dw, *self._pwl_shift_dws, *self._pwl_k_dws):
            layer.build(mel)
        self.built = True

    def call(self, spectrogram: Any) -> Any:
        """[N, bins, frames, 1] to [N, mel bins, spec_width, 1]."""
        values = keras.ops.transpose(spectrogram, (0, 3, 2, 1))[:, :, : self.spec_width, :]
        values = keras.ops.pad(values, ((0, 0), (0, 0), (0, 0), (0, self._filled)))
        mel = keras.ops.relu(self.mel_mixer(values))
        total = self._pwl_k0_dw(mel)
        for shift, slope in zip(self._pwl_shift_dws, self._pwl_k_dws, strict=True):
            total = total + slope(keras.ops.relu(shift(mel)))
        return keras.ops.transpose(total, (0, 3, 2, 1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self._settings["mel_bins"], self.spec_width, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._settings}

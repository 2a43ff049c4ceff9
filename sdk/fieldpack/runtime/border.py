"""Between the contract and a flavour's tensors.

The contract speaks of pixels 0..255 or real numbers; a flavour's tensor may want them
scaled, with channels first, or as integers. :class:`~fieldpack.bundle.manifest.Border`
records which; the two functions here carry it out, the same for every kind of flavour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldpack.bundle.manifest import Border
from fieldpack.errors import InputError
from fieldpack.tflite.border import dequantize, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray


def feed(border: Border, prepared: NDArray[Any]) -> NDArray[Any]:
    """Turn prepared examples into what the tensor takes.

    Parameters
    ----------
    border : Border
        The input.
    prepared : ndarray, shape [N, ...]
        Pixels 0..255 [N, H, W, C] for pictures, float32 [N, H, W, C] for rasters, float32 [N, ...] for
        all else.

    Returns
    -------
    ndarray, shape [N, ...]
        In the tensor's dtype and layout.

    Raises
    ------
    InputError
        The shape does not fit the tensor.
    """
    import numpy as np

    tensor = np.asarray(prepared, dtype=np.float32)
    if border.scale is not None and border.offset is not None:
        scale, offset = (np.asarray(item, np.float32) for item in (border.scale, border.offset))
        tensor = tensor * scale + offset
    if border.layout == "NCHW":
        tensor = np.ascontiguousarray(tensor.transpose(0, 3, 1, 2))
    if tensor.shape[1:] != border.item_shape:
        raise InputError(
            f"input {border.name} does not fit the tensor {border.tensor}",
            came=f"shape {list(tensor.shape)}",
            allowed=f"[N, {', '.join(str(size) for size in border.item_shape)}]",
        )
    if border.quantization is not None:
        return quantize(tensor, border.quantization.scale, border.quantization.zero_point, border.dtype)
    return tensor.astype(border.dtype, copy=False)


def fetch(border: Border, tensor: NDArray[Any]) -> NDArray[Any]:
    """Turn what a tensor gave into real numbers, float32 [N, ...]; an estimate loses its channel axis."""
    import numpy as np

    if border.layout is not None:
        tensor = tensor.squeeze(1 if border.layout == "NCHW" else 3)
    if border.quantization is not None:
        return dequantize(tensor, border.quantization.scale, border.quantization.zero_point)
    return np.asarray(tensor, dtype=np.float32)

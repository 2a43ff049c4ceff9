"""``make_list``: a list of ``init_length`` unwritten elements, iOS15 operator set.

``elem_shape`` gives one number an axis, or a text for a size that is not known. An unwritten
element reads as zeros.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.ops._dtypes import torch_dtype
from fieldpack.coreml.ops._size import bounded
from fieldpack.coreml.tensor_list import MOST_ELEMENTS, TensorList
from fieldpack.errors import ModelFileError


def run(
    elem_shape: tuple[Any, ...], init_length: int = 1, dynamic_length: bool = True, dtype: str = "fp32"
) -> TensorList:
    if not 0 <= init_length <= MOST_ELEMENTS:
        raise ModelFileError("A list has another length", came=init_length, allowed=f"0 to {MOST_ELEMENTS}")
    sizes: list[int] = []
    for part in elem_shape:
        if not isinstance(part, torch.Tensor):
            return TensorList((None,) * init_length, None, dynamic_length)
        sizes += map(int, part.reshape(-1).tolist())
    return TensorList(
        (None,) * init_length, torch.zeros(bounded(sizes), dtype=torch_dtype(dtype)), dynamic_length
    )

"""``constexpr_cast``: a stored float16 weight as float32, iOS16 operator set."""

from __future__ import annotations

from torch import Tensor


def run(source_val: Tensor, output_dtype: str) -> Tensor:
    return source_val.float()

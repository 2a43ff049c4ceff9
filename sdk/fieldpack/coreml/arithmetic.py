"""In which number type each tensor of a program is carried, and when it is rounded.

Core ML does not promise one arithmetic: the declared type of a tensor is the least precision that
a device keeps. Two legal executions bound what a phone may compute, and ``Precision`` chooses:

* ``fp32``: weights as stored, every operator in float32 (a CPU may do this);
* ``fp16``: the same operators, but every tensor declared float16 is rounded to float16 after its
  operator, sums still in float32 (storage of GPU and Neural Engine).

Not modelled: float16 accumulators, fused operators that skip a rounding, approximations of a
particular chip.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from fieldpack.coreml.ops._size import bounded
from fieldpack.coreml.value import Decoded, TensorFact
from fieldpack.errors import MissingDependencyError, ModelFileError

#: MIL type -> torch type that carries it. Floats up to 32 bits compute in float32; unsigned types
#: that torch does not compute with go into the next wider signed one.
CARRIERS = {
    "bool": "bool",
    "float16": "float32",
    "bfloat16": "float32",
    "float8e4m3fn": "float32",
    "float8e5m2": "float32",
    "float32": "float32",
    "float64": "float64",
    "int4": "int8",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint1": "uint8",
    "uint2": "uint8",
    "uint3": "uint8",
    "uint4": "uint8",
    "uint6": "uint8",
    "uint8": "uint8",
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
}


class Precision(StrEnum):
    """Which of the two legal arithmetics to run."""

    FP32 = "fp32"
    FP16 = "fp16"


class Arithmetic:
    """Brings constants and results to the torch tensors that a run computes with.

    Raises
    ------
    MissingDependencyError
        torch is not installed.
    """

    def __init__(self, precision: Precision) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingDependencyError(
                "Running a Core ML package with the reference engine needs torch",
                hint='pip install "fieldpack[coreml-reference]"',
            ) from error
        self.torch = torch
        self.precision = Precision(precision)
        self._tensor = torch.Tensor
        self._rounds = self.precision is Precision.FP16
        self._carriers = {name: getattr(torch, carrier) for name, carrier in CARRIERS.items()}

    def constant(self, decoded: Decoded, fact: TensorFact | None) -> Any:
        """A decoded constant as a torch tensor of its carrier type; texts and tuples stay."""
        if not isinstance(decoded, np.ndarray):
            return decoded
        carrier = CARRIERS[fact.dtype] if fact else "float32"
        return self.torch.from_numpy(decoded.astype(carrier, order="C"))

    def zeros(self, fact: TensorFact) -> Any:
        """A tensor of zeros of a declared type, whose sizes must be fixed."""
        sizes = [size for size in fact.shape or () if size is not None]
        if fact.shape is None or len(sizes) != len(fact.shape):
            raise ModelFileError("A state is declared without a fixed shape", came=fact.shape)
        if fact.dtype not in self._carriers:
            raise ModelFileError(
                "A state is declared of a type that none can have",
                came=fact.dtype,
                allowed=", ".join(CARRIERS),
            )
        return self.torch.zeros(bounded(sizes), dtype=self._carriers[fact.dtype])

    def settle(self, value: Any, fact: TensorFact | None) -> Any:
        """Bring a result to its declared type, round it where the precision asks, check its shape.

        Raises
        ------
        ModelFileError
            The result has another shape than declared.
        """
        if fact is None or not isinstance(value, self._tensor):
            return value
        if value.shape != fact.shape and not _fits(value.shape, fact.shape):
            raise ModelFileError(
                "a result has another shape than declared",
                came=list(value.shape),
                allowed=str(list(fact.shape or ())),
            )
        carrier = self._carriers.get(fact.dtype)
        if value.dtype is not carrier and carrier is not None:
            value = value != 0 if fact.dtype == "bool" else value.to(carrier)
        if self._rounds and fact.dtype == "float16":
            value = value.half().float()
        return value

    def to_numpy(self, value: Any) -> Any:
        """A torch tensor as a numpy array of its own memory; anything else as it is."""
        return value.numpy().copy() if isinstance(value, self.torch.Tensor) else value


def _fits(shape: tuple[int, ...], declared: tuple[int | None, ...] | None) -> bool:
    if declared is None:
        return True
    if len(shape) != len(declared):
        return False
    return all(want is None or size == want for size, want in zip(shape, declared, strict=True))

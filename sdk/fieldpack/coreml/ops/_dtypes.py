"""The words that operators use for element types, as torch types that carry them."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.arithmetic import CARRIERS
from fieldpack.errors import ModelFileError

#: Word of a MIL ``dtype`` input -> MIL type.
WORDS = {"fp16": "float16", "fp32": "float32", "fp64": "float64"} | {name: name for name in CARRIERS}


def torch_dtype(word: str) -> Any:
    """The torch type that carries ``word``."""
    if word not in WORDS:
        raise ModelFileError("An element type is not known", came=word, allowed=", ".join(WORDS))
    return getattr(torch, CARRIERS[WORDS[word]])

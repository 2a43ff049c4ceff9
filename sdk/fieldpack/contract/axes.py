"""What inputs of several kinds share: their names and the order of their axes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$", description="name of the input", examples=["image"]),
]


class Layout(StrEnum):
    """Order of the axes of a picture or raster tensor."""

    NHWC = "NHWC"
    NCHW = "NCHW"

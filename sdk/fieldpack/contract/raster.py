"""A tile of a georeferenced raster: its bands, what stands for missing data, and how scenes are tiled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.contract.axes import Layout, Name
from fieldpack.model import Strict


class BandMeanStd(Strict):
    """``x = (value - mean) / std``, in the band's own unit."""

    kind: Literal["mean_std"]
    mean: float = Field(description="mean of the training data", examples=[1360.5])
    std: float = Field(gt=0, description="standard deviation of the training data", examples=[712.0])

    def scale_offset(self) -> tuple[float, float]:
        """(scale, offset) so that ``x = value * scale + offset``."""
        return 1.0 / self.std, -self.mean / self.std


class BandRange(Strict):
    """`low` becomes `to_low`, `high` becomes `to_high`, linearly."""

    kind: Literal["range"]
    low: float = Field(description="a value of the band ...", examples=[0.0])
    high: float = Field(description="... and a higher one", examples=[255.0])
    to_low: float = Field(description="what low becomes", examples=[0.0])
    to_high: float = Field(description="what high becomes", examples=[1.0])

    @model_validator(mode="after")
    def _ordered(self) -> BandRange:
        if not self.low < self.high or not self.to_low < self.to_high:
            raise ValueError("low must be below high, and to_low below to_high")
        return self

    def scale_offset(self) -> tuple[float, float]:
        """(scale, offset) so that ``x = value * scale + offset``."""
        scale = (self.to_high - self.to_low) / (self.high - self.low)
        return scale, self.to_low - self.low * scale


BandScaling = Annotated[BandMeanStd | BandRange, Field(discriminator="kind")]


class Band(Strict):
    """One band of the sensor."""

    name: str = Field(
        min_length=1, max_length=63, description="as the product names it", examples=["B4", "red"]
    )
    clip: tuple[float, float] | Literal["none"] = Field(
        description="values outside are set to these ends before scaling, such as two percentiles of the "
        'training data (as values, in the band\'s unit); "none" where nothing is clipped',
        examples=[[0.0, 3200.0], "none"],
    )
    scaling: BandScaling = Field(
        description="what a value becomes", examples=[{"kind": "mean_std", "mean": 1360.5, "std": 712.0}]
    )

    @model_validator(mode="after")
    def _ordered(self) -> Band:
        if not isinstance(self.clip, str) and not self.clip[0] < self.clip[1]:
            raise ValueError("the first end of clip must be below the second")
        return self


class Tiling(Strict):
    """How a scene is cut into tiles and put together again.

    Tiles stand in steps of their size less `overlap`, all of them. The first begins `margin` before the
    scene, rounded up to `alignment`, and the last ends at least `margin` behind it.
    """

    overlap: int = Field(
        ge=0,
        description="pixels that neighbouring tiles share; a tile's size less it is the step",
        examples=[32],
    )
    alignment: int = Field(
        ge=1,
        description="pixels of a side that the network pools to one at its coarsest, 1 without pooling; "
        "the step is a multiple of it, and tiles begin at multiples of it from the scene's origin",
        examples=[16],
    )
    blend: Literal["crop", "hann"] = Field(
        description="crop: each tile answers up to the middle of the overlap; hann: answers are averaged, "
        "with weights that rise as a squared sine over the overlap between the margins",
        examples=["crop"],
    )
    margin: int = Field(
        ge=0,
        description="radius of the network's receptive field, pixels: so near to missing data an answer is "
        "not given, and so near to its edge a tile's answer is not taken",
        examples=[12],
    )
    beyond: Literal["mirror", "fill"] = Field(
        description="what tiles see beyond a scene's ends. mirror: its pixels once more, backwards from the "
        "last one, which is not repeated, and forwards again where the scene is that small; fill: pixels "
        "without data. Either takes no answer from the pixels within",
        examples=["mirror"],
    )

    @model_validator(mode="after")
    def _margin_fits(self) -> Tiling:
        least = 2 * self.margin + (self.blend == "hann")
        if self.overlap < least:
            raise ValueError(
                f"the margins of two tiles lie in their overlap, which must be at least {least} with "
                f"blend = {self.blend!r} and this margin"
            )
        return self


class RasterInput(Strict):
    """A tile of a raster, such as a satellite scene or an aerial picture with its coordinates.

    A pixel has no data where any band is NaN or infinite, holds `no_data`, or is masked by the file. Values
    are clipped and scaled band by band; then `fill` stands in every band of a pixel without data.
    """

    kind: Literal["raster"]
    name: Name
    height: int = Field(ge=1, le=8192, description="rows of a tile, pixels", examples=[256])
    width: int = Field(ge=1, le=8192, description="columns of a tile, pixels", examples=[256])
    sensor: str = Field(
        min_length=1,
        description="what the bands come from, with the level of processing",
        examples=["Sentinel-2 L2A"],
    )
    bands: tuple[Band, ...] = Field(min_length=1, description="in the order of the tensor's channels")
    band_tags: Literal["applied", "ignored"] = Field(
        description="whether the scale and offset that a file states for its bands come first, or numbers "
        "count as they are stored",
        examples=["ignored"],
    )
    no_data: float | Literal["none"] = Field(
        description='value that means no data beside NaN; "none" where no value does', examples=[0.0, "none"]
    )
    fill: float = Field(
        description="what stands for no data after scaling; 0 is the band mean under mean_std",
        examples=[0.0],
    )
    mask_channel: Literal["none", "valid_is_1", "missing_is_1"] = Field(
        description="whether a last channel tells pixels with data from those without", examples=["none"]
    )
    layout: Layout = Field(description="axis order of the source model's tensor", examples=["NCHW"])
    resolution: float = Field(
        gt=0, description="side of a pixel on the ground, in resolution_unit", examples=[10.0]
    )
    resolution_unit: Literal["metre", "degree"] = Field(
        description="metre for projected coordinates, degree for geographic ones", examples=["metre"]
    )
    resolution_tolerance: float = Field(
        ge=0, lt=1, description="share by which a scene's pixels may be larger or smaller", examples=[0.05]
    )
    tiling: Tiling = Field(
        description="how scenes become tiles",
        examples=[{"overlap": 32, "alignment": 16, "blend": "crop", "margin": 12, "beyond": "mirror"}],
    )

    @model_validator(mode="after")
    def _fits(self) -> RasterInput:
        names = [band.name for band in self.bands]
        if len(set(names)) != len(names):
            raise ValueError("band names must be unique")
        if 2 * self.tiling.overlap > min(self.height, self.width):
            raise ValueError("the overlap of tiling may be half a tile at most")
        if any((side - self.tiling.overlap) % self.tiling.alignment for side in (self.height, self.width)):
            raise ValueError("a tile's size less the overlap of tiling must be a multiple of its alignment")
        return self

    @property
    def channels(self) -> int:
        """Bands, and the mask where there is one."""
        return len(self.bands) + (self.mask_channel != "none")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor without the batch axis, in the source model's layout."""
        if self.layout is Layout.NCHW:
            return (self.channels, self.height, self.width)
        return (self.height, self.width, self.channels)

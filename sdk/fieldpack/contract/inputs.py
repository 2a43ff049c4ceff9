"""One class an input kind; ``kind`` tells them apart in ``pack.toml`` and in the manifest."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.contract.axes import Layout as Layout
from fieldpack.contract.axes import Name as Name
from fieldpack.contract.location import NO_DATA_M, CellTable, Encoding, INaturalist
from fieldpack.contract.raster import RasterInput
from fieldpack.contract.sound import SoundSpec
from fieldpack.contract.spectrogram import MelSpec
from fieldpack.model import Strict


class ColorOrder(StrEnum):
    """Order of the colour channels that the source model was trained on."""

    RGB = "rgb"
    BGR = "bgr"
    GRAY = "gray"

    @property
    def channels(self) -> int:
        """Number of colour channels."""
        return 1 if self is ColorOrder.GRAY else 3


class Resample(StrEnum):
    """How a picture is resized; Pillow's filters, and the phones' bilinear without antialiasing."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BILINEAR_NO_ANTIALIAS = "bilinear_no_antialias"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    BOX = "box"


class Stretch(Strict):
    """The whole picture is resized to the input size; the aspect ratio is not kept."""

    kind: Literal["stretch"]


class CenterCrop(Strict):
    """The largest centred rectangle of the input's aspect ratio, times `fraction`, is resized."""

    kind: Literal["center_crop"]
    fraction: float = Field(
        gt=0, le=1, description="side of the crop as a share of the largest one", examples=[1.0, 0.875]
    )


class Pad(Strict):
    """The picture is resized to fit inside and padded to the input size with one grey `value`."""

    kind: Literal["pad"]
    value: int = Field(ge=0, le=255, description="pixel value of the padding, 0..255", examples=[114])


Fit = Annotated[Stretch | CenterCrop | Pad, Field(discriminator="kind")]


class Resize(Strict):
    """Resize and crop rule: from a picture of any size to the size of the input."""

    method: Resample = Field(description="resampling filter", examples=["bilinear"])
    fit: Fit = Field(
        description="what happens to the aspect ratio",
        examples=[{"kind": "center_crop", "fraction": 1.0}, {"kind": "stretch"}],
    )


class ValueRange(Strict):
    """Pixel 0 becomes `low`, pixel 255 becomes `high`, linearly."""

    kind: Literal["range"]
    low: float = Field(description="what pixel value 0 becomes", examples=[-1.0])
    high: float = Field(description="what pixel value 255 becomes", examples=[1.0])

    @model_validator(mode="after")
    def _ordered(self) -> ValueRange:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self

    def scale_offset(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Per-channel (scale, offset) so that ``x = pixel * scale + offset``, pixel in 0..255."""
        scale = (self.high - self.low) / 255.0
        return (scale,) * channels, (self.low,) * channels


class MeanStd(Strict):
    """``x = (pixel / 255 - mean) / std`` per channel, in the colour order of the input."""

    kind: Literal["mean_std"]
    mean: tuple[float, ...] = Field(
        description="per channel, on the 0..1 scale", examples=[[0.485, 0.456, 0.406]]
    )
    std: tuple[float, ...] = Field(
        description="per channel, on the 0..1 scale", examples=[[0.229, 0.224, 0.225]]
    )

    @model_validator(mode="after")
    def _positive(self) -> MeanStd:
        if len(self.mean) != len(self.std):
            raise ValueError("mean and std need one number for each channel")
        if any(value <= 0 for value in self.std):
            raise ValueError("std must be above 0")
        return self

    def scale_offset(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Per-channel (scale, offset) so that ``x = pixel * scale + offset``, pixel in 0..255."""
        scale = tuple(1.0 / (255.0 * std) for std in self.std)
        offset = tuple(-mean / std for mean, std in zip(self.mean, self.std, strict=True))
        return scale, offset


Normalization = Annotated[ValueRange | MeanStd, Field(discriminator="kind")]


class ImageInput(Strict):
    """A picture. Everything between the decoded pixels and the tensor is stated here."""

    kind: Literal["image"]
    name: Name
    height: int = Field(ge=1, le=8192, description="rows of the tensor, pixels", examples=[224])
    width: int = Field(ge=1, le=8192, description="columns of the tensor, pixels", examples=[224])
    color_order: ColorOrder = Field(description="channel order of the source model", examples=["rgb"])
    layout: Layout = Field(description="axis order of the source model's tensor", examples=["NHWC"])
    normalization: Normalization = Field(
        description="what pixel values 0..255 become in the source model's input",
        examples=[{"kind": "range", "low": -1.0, "high": 1.0}],
    )
    resize: Resize = Field(
        description="resize and crop rule",
        examples=[{"method": "bilinear", "fit": {"kind": "center_crop", "fraction": 1.0}}],
    )

    @model_validator(mode="after")
    def _channels_fit(self) -> ImageInput:
        if (
            isinstance(self.normalization, MeanStd)
            and len(self.normalization.mean) != self.color_order.channels
        ):
            raise ValueError(
                f"normalization has {len(self.normalization.mean)} means, color_order "
                f"{self.color_order.value!r} has {self.color_order.channels} channel(s)"
            )
        return self

    @property
    def channels(self) -> int:
        """Number of colour channels."""
        return self.color_order.channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor without the batch axis, in the source model's layout."""
        if self.layout is Layout.NCHW:
            return (self.channels, self.height, self.width)
        return (self.height, self.width, self.channels)

    def scale_offset(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Per-channel (scale, offset) from pixels 0..255 to the source model's input."""
        return self.normalization.scale_offset(self.channels)


class SpectrogramInput(Strict):
    """A spectrogram patch that a front-end outside the graph computes from sound."""

    kind: Literal["spectrogram"]
    name: Name
    bands: int = Field(ge=1, description="frequency rows of one patch", examples=[64])
    frames: int = Field(ge=1, description="time columns of one patch", examples=[96])
    axes: tuple[Literal["band", "frame", "channel"], ...] = Field(
        description="axis order of the tensor without the batch axis", examples=[["band", "frame", "channel"]]
    )
    front_end: MelSpec = Field(description="how sound becomes the spectrogram")
    more_channels: tuple[MelSpec, ...] = Field(
        default=(), description="further spectrograms of the same windows, one channel each"
    )

    @model_validator(mode="after")
    def _axes_fit(self) -> SpectrogramInput:
        if sorted(self.axes) not in (["band", "frame"], ["band", "channel", "frame"]):
            raise ValueError('axes name "band" and "frame" once each, and "channel" at most once')
        for spec in self.channels:
            if spec.bands != self.bands:
                raise ValueError(f"bands is {self.bands}, the front_end makes {spec.bands}")
        return self

    @model_validator(mode="after")
    def _channels_agree(self) -> SpectrogramInput:
        if self.more_channels and "channel" not in self.axes:
            raise ValueError('more_channels need a "channel" in axes')
        if self.more_channels and isinstance(self.front_end.windows.samples, str):
            raise ValueError("more_channels need a number of windows.samples")
        for field in SoundSpec.model_fields:
            if any(getattr(spec, field) != getattr(self.front_end, field) for spec in self.more_channels):
                raise ValueError(f"{field} must be the same in front_end and more_channels")
        return self

    @property
    def channels(self) -> tuple[MelSpec, ...]:
        """The front-end of every channel."""
        return (self.front_end, *self.more_channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor without the batch axis."""
        sizes = {"band": self.bands, "frame": self.frames, "channel": len(self.channels)}
        return tuple(sizes[axis] for axis in self.axes)


class WaveformInput(Strict):
    """Windows of sound for a model that has its front-end inside, or needs none."""

    kind: Literal["waveform"]
    name: Name
    axes: tuple[Literal["sample", "channel"], ...] = Field(
        description="axis order of the tensor without the batch axis", examples=[["sample"]]
    )
    front_end: SoundSpec = Field(description="how a recording becomes windows; windows.samples is a number")

    @model_validator(mode="after")
    def _axes_fit(self) -> WaveformInput:
        if sorted(self.axes) not in (["sample"], ["channel", "sample"]):
            raise ValueError('axes name "sample" once, and "channel" at most once')
        if isinstance(self.front_end.windows.samples, str):
            raise ValueError("windows.samples must be the number of samples that the model takes")
        return self

    @property
    def samples(self) -> int:
        """Samples of one window."""
        return int(self.front_end.windows.samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor without the batch axis."""
        return tuple(self.samples if axis == "sample" else 1 for axis in self.axes)


SoundInput = SpectrogramInput | WaveformInput
"""The kinds that take recordings; both have a ``front_end`` with the rate, the windows and their pooling."""


class LocationInput(Strict):
    """A place: latitude before longitude, degrees, WGS 84 (EPSG:4326); elevation in metres.

    The vector is the encoding, then the columns of ``features``.
    """

    kind: Literal["location"]
    name: Name
    encoding: Encoding = Field(
        description="how a place becomes numbers: a word, or a table with its constants",
        examples=[
            "inaturalist_5",
            {"kind": "inaturalist_5", "highest_m": 6574.0, "lowest_m": 32768.0, "missing_m": NO_DATA_M},
            {"kind": "birdnet_3", "week": "number"},
        ],
    )
    snap_resolution: int | None = Field(
        default=None,
        ge=0,
        le=15,
        description="the centre of the H3 cell of this resolution stands for every place in it",
        examples=[4],
    )
    beyond_180: Literal["refuse", "wrap"] = Field(
        default="refuse", description="longitudes outside -180..180: refused, or brought inside by full turns"
    )
    elevation_table: CellTable | None = Field(
        default=None, description="elevation of places that come without one; one column, metres"
    )
    features: CellTable | None = Field(default=None, description="values appended to the vector")

    @model_validator(mode="after")
    def _tables_fit(self) -> LocationInput:
        if self.elevation_table is None:
            return self
        if not isinstance(self.encoding, INaturalist):
            raise ValueError("elevation_table goes with an encoding that reads elevation, inaturalist_5")
        if len(self.elevation_table.columns) != 1:
            raise ValueError("elevation_table has one column, the elevation in metres")
        return self

    def with_tables(self, place: Callable[[str, str], str]) -> LocationInput:
        """The input with another file of each table: ``place(name of the field, file)``."""
        update = {
            name: table.model_copy(update={"file": place(name, table.file)})
            for name, table in self.tables.items()
        }
        return self.model_copy(update=update)

    @property
    def fields(self) -> tuple[str, ...]:
        """What the encoding reads of a place, in order: the input of the graph that encodes it."""
        third = {"inaturalist_5": ("elevation_m",), "birdnet_3": ("week",)}.get(self.encoding.kind, ())
        columns = self.features.columns if self.features else ()
        return ("latitude_degrees", "longitude_degrees", *third, *columns)

    @property
    def tables(self) -> dict[str, CellTable]:
        """The tables that are stated, by the name of their field."""
        stated = {"elevation_table": self.elevation_table, "features": self.features}
        return {name: table for name, table in stated.items() if table is not None}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor without the batch axis."""
        return (self.encoding.size + (len(self.features.columns) if self.features else 0),)


class TensorInput(Strict):
    """A plain float32 tensor, fed as it is."""

    kind: Literal["tensor"]
    name: Name
    shape: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        description="shape without the batch axis", examples=[[17]]
    )
    low: float = Field(description="smallest admissible value", examples=[0.0])
    high: float = Field(description="largest admissible value", examples=[1.0])
    meaning: str = Field(
        min_length=1, description="what the numbers are, with units", examples=["z-scored bands"]
    )

    @model_validator(mode="after")
    def _ordered(self) -> TensorInput:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self


Input = Annotated[
    ImageInput | SpectrogramInput | WaveformInput | LocationInput | RasterInput | TensorInput,
    Field(discriminator="kind"),
]
GridInput = ImageInput | RasterInput
"""The kinds whose tensors have rows, columns and channels, prepared as [H, W, C] and fed in either layout."""

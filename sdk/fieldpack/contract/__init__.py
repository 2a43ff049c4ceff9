"""The contract: the typed statement of what goes into a model and what comes out.

``inputs.py`` has one class an input kind, ``raster.py`` that of rasters; ``outputs.py`` has the outputs,
``estimates.py`` what the numbers of a regression say and the intervals promised for them; ``sound.py``
says how a recording becomes windows of sound, ``spectrogram.py`` is the front-end of spectrogram models;
``location.py`` says how a place becomes a vector.
Everything that changes a number is a field, and no field that changes a number has a default: a missing one
is an error that names it.
"""

from fieldpack.contract.contract import Contract
from fieldpack.contract.estimates import (
    Estimate,
    Mean,
    PredictionInterval,
    Quantile,
    QuantileEnds,
    ScaledSpread,
    Spread,
)
from fieldpack.contract.inputs import (
    CenterCrop,
    ColorOrder,
    Fit,
    GridInput,
    ImageInput,
    Input,
    Layout,
    LocationInput,
    MeanStd,
    Pad,
    Resample,
    Resize,
    SoundInput,
    SpectrogramInput,
    Stretch,
    TensorInput,
    ValueRange,
    WaveformInput,
)
from fieldpack.contract.location import (
    CellTable,
    Degrees,
    Encoding,
    INaturalist,
    LatLonWeek,
    Octaves,
    SinCos,
)
from fieldpack.contract.outputs import Activation, LabelTable, Output, Sensitivity
from fieldpack.contract.raster import Band, BandMeanStd, BandRange, RasterInput, Tiling
from fieldpack.contract.resampling import (
    ChannelMix,
    LogMeanExp,
    LowRate,
    Polyphase,
    Pooling,
    Resampler,
    SoxrHq,
)
from fieldpack.contract.sound import SoundSpec, Windows
from fieldpack.contract.spectrogram import Log, Mel, MelSpec

__all__ = [
    "Activation",
    "Band",
    "BandMeanStd",
    "BandRange",
    "CellTable",
    "CenterCrop",
    "ChannelMix",
    "ColorOrder",
    "Contract",
    "Degrees",
    "Encoding",
    "Estimate",
    "Fit",
    "GridInput",
    "INaturalist",
    "ImageInput",
    "Input",
    "LabelTable",
    "LatLonWeek",
    "Layout",
    "LocationInput",
    "Log",
    "LogMeanExp",
    "LowRate",
    "Mean",
    "MeanStd",
    "Mel",
    "MelSpec",
    "Octaves",
    "Output",
    "Pad",
    "Polyphase",
    "Pooling",
    "PredictionInterval",
    "Quantile",
    "QuantileEnds",
    "RasterInput",
    "Resample",
    "Resampler",
    "Resize",
    "ScaledSpread",
    "Sensitivity",
    "SinCos",
    "SoundInput",
    "SoundSpec",
    "SoxrHq",
    "SpectrogramInput",
    "Spread",
    "Stretch",
    "TensorInput",
    "Tiling",
    "ValueRange",
    "WaveformInput",
    "Windows",
]

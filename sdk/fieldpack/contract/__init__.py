"""The contract: the typed statement of what goes into a model and what comes out.

``inputs.py`` has one class an input kind, ``outputs.py`` the outputs, ``sound.py`` how a recording becomes
windows of sound, ``spectrogram.py`` the front-end of spectrogram models, ``location.py`` how a place
becomes a vector. Everything that changes a number is a field, and no field that changes a number has a
default: a missing one is an error that names it.
"""

from fieldpack.contract.contract import Contract
from fieldpack.contract.inputs import (
    CenterCrop,
    ColorOrder,
    Fit,
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
    "CellTable",
    "CenterCrop",
    "ChannelMix",
    "ColorOrder",
    "Contract",
    "Degrees",
    "Encoding",
    "Fit",
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
    "MeanStd",
    "Mel",
    "MelSpec",
    "Octaves",
    "Output",
    "Pad",
    "Polyphase",
    "Pooling",
    "Resample",
    "Resampler",
    "Resize",
    "Sensitivity",
    "SinCos",
    "SoundInput",
    "SoundSpec",
    "SoxrHq",
    "SpectrogramInput",
    "Stretch",
    "TensorInput",
    "ValueRange",
    "WaveformInput",
    "Windows",
]

"""The contract: the typed statement of what goes into a model and what comes out.

``inputs.py`` has one class an input kind, ``outputs.py`` the outputs, ``spectrogram.py``
the front-end of spectrogram models. Everything that changes a number is a field, and no field
that changes a number has a default: a missing one is an error that names it.
"""

from fieldpack.contract.contract import Contract
from fieldpack.contract.inputs import (
    CenterCrop,
    ColorOrder,
    Fit,
    ImageInput,
    Input,
    Layout,
    LocationEncoding,
    LocationInput,
    MeanStd,
    Pad,
    Resample,
    Resize,
    SpectrogramInput,
    Stretch,
    TensorInput,
    ValueRange,
)
from fieldpack.contract.outputs import Activation, Output
from fieldpack.contract.spectrogram import FrontEnd, Log, Mel, Windows

__all__ = [
    "Activation",
    "CenterCrop",
    "ColorOrder",
    "Contract",
    "Fit",
    "FrontEnd",
    "ImageInput",
    "Input",
    "Layout",
    "LocationEncoding",
    "LocationInput",
    "Log",
    "MeanStd",
    "Mel",
    "Output",
    "Pad",
    "Resample",
    "Resize",
    "SpectrogramInput",
    "Stretch",
    "TensorInput",
    "ValueRange",
    "Windows",
]

"""Front-ends of known models and libraries, as far as they are known.

A preset holds facts with their source; what nobody states (how long a clip may be, how windows overlap, how
their scores are joined) it leaves to the caller, and a missing field is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldpack.contract.spectrogram import MelSpec
from fieldpack.errors import SpecError
from fieldpack.model import validated

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known of one front-end.

    Attributes
    ----------
    name : str
        Name in :data:`PRESETS`.
    source : str
        Where the fields come from.
    frames : int or None
        Columns of one patch, where the model fixes them.
    fields : mapping
        Fields of :class:`~fieldpack.contract.spectrogram.MelSpec`, as ``pack.toml`` writes them.
    more_channels : tuple of mapping
        What differs in each further channel.
    """

    name: str
    source: str
    frames: int | None
    fields: Fields
    more_channels: tuple[Fields, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that the caller states, dotted where a part of a table is known."""
        return tuple(_missing(self.fields))

    def front_ends(self, **rest: Any) -> tuple[MelSpec, ...]:
        """The front-end of every channel.

        Parameters
        ----------
        **rest
            The fields of :attr:`missing`; tables are filled up, ``mel={"fmax_hz": 15000.0}``. A field that
            differs by channel is given as a list, one value a channel.

        Raises
        ------
        SpecError
            A field is missing, unknown, or is one that the preset states otherwise.
        """
        channels = [self.fields, *(_joined(self.fields, one) for one in self.more_channels)]
        made = []
        for place, channel in enumerate(channels):
            own = {key: item[place] if isinstance(item, list) else item for key, item in rest.items()}
            _refuse_other_values(self.name, channel, own)
            values = _joined(channel, own)
            made.append(validated(MelSpec, values, f"preset {self.name}", SpecError))
        return tuple(made)


def _missing(fields: Fields) -> list[str]:
    names = []
    for name in MelSpec.model_fields:
        if name not in fields:
            names.append(name)
        elif name == "mel" and isinstance(fields["mel"], Mapping):
            parts = ("bands", "fmin_hz", "fmax_hz", "scale", "norm", "triangles")
            names += [f"mel.{part}" for part in parts if part not in fields["mel"]]
    return names


def _joined(known: Fields, more: Fields) -> dict[str, Any]:
    both = dict(known)
    for name, value in more.items():
        there = both.get(name)
        both[name] = (
            {**there, **value} if isinstance(there, Mapping) and isinstance(value, Mapping) else value
        )
    return both


def _refuse_other_values(name: str, known: Fields, rest: Fields) -> None:
    for field, value in rest.items():
        stated = known.get(field, value)
        if isinstance(stated, Mapping) and isinstance(value, Mapping):
            _refuse_other_values(f"{name}, {field}", stated, value)
        elif stated != value:
            raise SpecError(
                f"preset {name} states {field} otherwise",
                came=value,
                allowed=str(stated),
                hint="write the front-end out where it is another one",
            )


_LIBROSA: Fields = {
    "window": "hann",
    "window_at": "centre",
    "center": True,
    "pad_mode": "constant",
    "stft_scale": "none",
    "spectrum": "magnitude",
    "band_order": "rising",
    "value_scale": {"kind": "unit"},
}
_TENSORFLOW: Fields = {
    "window": "hann",
    "window_at": "start",
    "center": False,
    "pad_mode": "constant",
    "stft_scale": "none",
    "spectrum": "magnitude",
    "normalization": "none",
}
_ESC10: Fields = {
    **_LIBROSA,
    "sample_rate_hz": 16000,
    "resampler": {"kind": "soxr_hq"},
    "max_seconds": 10.0,
    "remove_silence": {"top_db": 60.0, "frame_length": 3200, "hop_length": 3200},
    "normalization": "none",
}
_BIRDNET: Fields = {
    **_TENSORFLOW,
    "sample_rate_hz": 48000,
    "value_scale": {"kind": "min_max", "epsilon": 1e-6},
    "spectrum": "real_part",
    "power": 2,
    "band_order": "falling",
}
_BIRDNET_LOW: Fields = {
    "n_fft": 2048,
    "win_length": 2048,
    "hop_length": 278,
    "mel": {
        "bands": 96,
        "fmin_hz": 0.0,
        "fmax_hz": 3000.0,
        "scale": "htk",
        "norm": "none",
        "triangles": "mel",
    },
}
_BIRDNET_HIGH: Fields = {
    "n_fft": 1024,
    "win_length": 1024,
    "hop_length": 280,
    "mel": {"fmin_hz": 500.0, "fmax_hz": 15000.0},
}

_ALL = (
    Preset(
        "librosa",
        "defaults of librosa 0.11's feature.melspectrogram, power_to_db and load",
        None,
        {
            **_LIBROSA,
            "sample_rate_hz": 22050,
            "resampler": {"kind": "soxr_hq"},
            "channel_mix": "mean",
            "n_fft": 2048,
            "win_length": 2048,
            "hop_length": 512,
            "power": 2,
            "mel": {
                "bands": 128,
                "fmin_hz": 0.0,
                "fmax_hz": 11025.0,
                "scale": "slaney",
                "norm": "slaney",
                "triangles": "hz",
            },
            "log": {"kind": "decibel", "floor": 1e-10, "reference": 1.0, "top_db": 80.0},
            "normalization": "none",
        },
    ),
    Preset(
        "yamnet",
        "the operators inside Google's yamnet.tflite, whose logarithms it reproduces",
        96,
        {
            **_TENSORFLOW,
            "sample_rate_hz": 16000,
            "value_scale": {"kind": "unit"},
            "n_fft": 512,
            "win_length": 400,
            "hop_length": 160,
            "power": 1,
            "mel": {
                "bands": 64,
                "fmin_hz": 125.0,
                "fmax_hz": 7500.0,
                "scale": "htk",
                "norm": "none",
                "triangles": "mel",
            },
            "log": {"kind": "ln", "floor": 0.001, "floor_kind": "added", "factor": 1.0},
            "band_order": "rising",
        },
    ),
    Preset(
        "birdnet_2_4",
        "BirdNET 2.4's layer MelSpecLayerSimple as ports of it publish it: two mels of the STFT's real part; "
        "the exponent of each is 1 / (1 + exp(m)) with m from the trained layer",
        511,
        {**_BIRDNET, **_BIRDNET_LOW},
        (_BIRDNET_HIGH,),
    ),
    Preset(
        "perch",
        "MelSpectrogram of Perch's published front-end: SciPy's padding and scale, the last frame dropped; "
        "bands, upper edge and power differ between its versions",
        500,
        {
            **_TENSORFLOW,
            "sample_rate_hz": 32000,
            "value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": True},
            "n_fft": 1024,
            "win_length": 1024,
            "hop_length": 320,
            "window_at": "centre",
            "center": True,
            "stft_scale": "window_sum",
            "mel": {"fmin_hz": 60.0, "scale": "htk", "norm": "none", "triangles": "mel"},
            "log": {"kind": "ln", "floor": 0.01, "floor_kind": "least", "factor": 0.1},
            "band_order": "rising",
        },
    ),
    Preset(
        "esc10_yamnet256",
        "the configuration beside ST's yamnet_256_64x96; the floor of the logarithm is the one with which "
        "the model knows its clips",
        96,
        {
            **_ESC10,
            "min_seconds": 1.0,
            "n_fft": 512,
            "win_length": 400,
            "hop_length": 160,
            "center": False,
            "power": 1,
            "mel": {
                "bands": 64,
                "fmin_hz": 125.0,
                "fmax_hz": 7500.0,
                "scale": "htk",
                "norm": "none",
                "triangles": "hz",
            },
            "log": {"kind": "ln", "floor": 1e-4, "floor_kind": "added", "factor": 1.0},
        },
    ),
    Preset(
        "esc10_miniresnet",
        "the configuration beside ST's miniresnet_1stacks_64x50; floor, reference and range are librosa's",
        50,
        {
            **_ESC10,
            "min_seconds": 2.0,
            "n_fft": 1024,
            "win_length": 1024,
            "hop_length": 320,
            "power": 2,
            "mel": {
                "bands": 64,
                "fmin_hz": 20.0,
                "fmax_hz": 7500.0,
                "scale": "slaney",
                "norm": "slaney",
                "triangles": "hz",
            },
            "log": {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0},
        },
    ),
    Preset(
        "birdnet_stm32",
        "birdnet_stm32n6_100_model_config.json; centring and normalisation are those with which the model "
        "knows its birds",
        256,
        {
            **_LIBROSA,
            "sample_rate_hz": 22050,
            "min_seconds": 3.0,
            "n_fft": 512,
            "win_length": 512,
            "hop_length": 258,
            "power": 1,
            "mel": "none",
            "log": {"kind": "linear"},
            "normalization": "patch_min_max",
        },
    ),
)
PRESETS: Mapping[str, Preset] = {one.name: one for one in _ALL}
"""Name -> preset."""

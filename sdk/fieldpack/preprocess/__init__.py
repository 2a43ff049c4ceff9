"""From real pictures, sounds and places to arrays, exactly as the contract states.

One module a kind; :func:`~fieldpack.preprocess.prepare.prepare` is the door that everything else
uses. :mod:`fieldpack.data` reads whole data sets through it.
"""

from fieldpack.preprocess.image import open_picture, prepare_image, to_tensor
from fieldpack.preprocess.location import encode
from fieldpack.preprocess.prepare import prepare, prepared_dtype, prepared_shape
from fieldpack.preprocess.raw import Raw
from fieldpack.preprocess.sound import open_sound
from fieldpack.preprocess.spectrogram import patches

__all__ = [
    "Raw",
    "encode",
    "open_picture",
    "open_sound",
    "patches",
    "prepare",
    "prepare_image",
    "prepared_dtype",
    "prepared_shape",
    "to_tensor",
]

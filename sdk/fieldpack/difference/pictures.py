"""Pictures of examples whose answer flipped, as data addresses for a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.read import Bundle
from fieldpack.contract.inputs import ColorOrder, ImageInput
from fieldpack.difference.answers import AnswerDifference

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = 24
"""Most that are drawn of one output of one flavour."""
SIDE = 96
"""Pixels of a picture's longer side."""


def flipped_ids(answers: Iterable[AnswerDifference]) -> list[str]:
    """Ids of the examples that a page shows, each once."""
    return list(dict.fromkeys(flip.id for item in answers for flip in item.flips[:PICTURES]))


def picture_input(bundle: Bundle) -> ImageInput | None:
    """The first input that is a picture."""
    return next((item for item in bundle.manifest.contract.inputs if isinstance(item, ImageInput)), None)


def golden_pictures(bundle: Bundle, answers: Iterable[AnswerDifference]) -> dict[str, str]:
    """Golden vectors that flipped, id -> data address; none of a bundle that takes no pictures.

    Raises
    ------
    BundleError
        A golden vector is altered.
    """
    image, shown = picture_input(bundle), flipped_ids(answers)
    if image is None or not shown:
        return {}
    return drawn(bundle.golden_inputs()[image.name], bundle.manifest.golden.ids, shown, image)


def drawn(
    pixels: NDArray[Any], ids: Sequence[str], shown: Iterable[str], image: ImageInput
) -> dict[str, str]:
    """Some of a contract's pictures, id -> data address of a small PNG.

    Parameters
    ----------
    pixels : ndarray
        [N, H, W, C], 0 to 255, colours in the order of the contract.
    ids : sequence of str
        Of the N pictures.
    shown : iterable of str
        Which are drawn.
    image : ImageInput
        The contract.
    """
    places = {name: row for row, name in enumerate(ids)}
    return {name: _address(pixels[places[name]], image) for name in shown if name in places}


def _address(pixels: NDArray[Any], image: ImageInput) -> str:
    from PIL import Image

    one = pixels.clip(0, 255).round().astype("uint8")
    one = one[:, :, ::-1] if image.color_order is ColorOrder.BGR else one
    picture = Image.fromarray(one[:, :, 0] if one.shape[2] == 1 else one)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

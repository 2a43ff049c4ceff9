"""A flavour's ML Program made into one ``.mlmodel`` that the iOS side of the plugin feeds and reads.

The program is said again as a neural network for iOS 13 (:mod:`fieldpack.coreml.neural.writing`), since the
apps link single files; a picture comes in as an image, scaled inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Activation, ColorOrder, ImageInput, LocationInput
from fieldpack.errors import UnsupportedError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.source_models import (
    SourceModel,
    elevation_factors,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldpack.coreml.neural.writing.network_writer import Blob, NetworkWriter

KIND = FlavourKind.COREML
IMAGE = "image"
HIGHEST_SCORE = 1.0


def vision_network(source: SourceModel) -> bytes:
    """The picture model as a neural network with an image in and a softmax out."""
    from fieldpack.coreml.neural.writing.network_writer import NetworkWriter

    if not isinstance(source.input, ImageInput):
        raise UnsupportedError("The model takes no picture", came=source.input.kind)
    border, output = source.borders(KIND)
    writer = NetworkWriter()
    color = "BGR" if source.input.color_order is ColorOrder.BGR else "RGB"
    pixels = writer.image(IMAGE, facts.SIZE, facts.SIZE, color)
    scores = _translated(source, writer, border, output, _pixels(writer, pixels, source.input, border))
    if source.output.activation is Activation.LOGITS:
        scores = writer.apply("softmaxND", [scores], scores.shape, axis=-1)
    writer.result(scores, facts.GEO_OUTPUT_NAME)
    writer.prune()
    return writer.content()


def geo_network(source: SourceModel, floor: float = 0.0) -> bytes:
    """The place model as a neural network with the plugin's five numbers in and sigmoids out."""
    from fieldpack.coreml.neural.writing.network_writer import NetworkWriter

    if not isinstance(source.input, LocationInput):
        raise UnsupportedError("The model takes no place", came=source.input.kind)
    border, output = source.borders(KIND)
    writer = NetworkWriter()
    place = writer.array(facts.GEO_INPUT_NAME, facts.GEO_INPUT, "float64")
    scores = _translated(source, writer, border, output, _place(writer, place, source.input))
    if source.output.sensitivity is not None:
        slope, limit = source.output.sensitivity.value, source.output.sensitivity.limit
        scores = writer.apply("clip", [scores], scores.shape, minVal=-limit, maxVal=limit)
        scores = writer.activation("sigmoid", writer.activation("linear", scores, alpha=slope, beta=0.0))
    if floor > 0:
        scores = writer.apply("clip", [scores], scores.shape, minVal=floor, maxVal=HIGHEST_SCORE)
    writer.result(scores, facts.GEO_OUTPUT_NAME)
    writer.prune()
    return writer.content()


def _pixels(writer: NetworkWriter, pixels: Blob, item: ImageInput, border: Border) -> Blob:
    """From an image, [1, 3, 299, 299], to the input of the program."""
    blob = pixels
    if border.scale is not None and border.offset is not None:
        blob = _scaled(writer, pixels, border.scale, border.offset)
    if blob.shape[2:] != (item.height, item.width):
        blob = _resized(writer, blob, item.height, item.width)
    return writer.transpose(blob, (0, 2, 3, 1)) if border.layout == "NHWC" else blob


def _resized(writer: NetworkWriter, blob: Blob, height: int, width: int) -> Blob:
    """Bilinear with centres of pixels half a pixel inside, which no layer does: a product for each axis."""
    from fieldpack.coreml.neural.writing.stored import Stored

    matrices: dict[int, Blob] = {}
    for target in (width, height):
        if target not in matrices:
            values = interpolation(facts.SIZE, target).T.reshape(1, 1, facts.SIZE, target)
            matrices[target] = writer.constant(Stored(values))
        shape = (*blob.shape[:3], target)
        product = writer.apply("batchedMatmul", [blob, matrices[target]], shape)
        blob = writer.transpose(product, (0, 1, 3, 2))
    return blob


def interpolation(size: int, target: int) -> NDArray[np.float32]:
    """The matrix [target, size] that samples a line of `size` pixels at `target` places."""
    at = np.clip((np.arange(target) + 0.5) * size / target - 0.5, 0, size - 1)
    low = np.minimum(at.astype(int), max(size - 2, 0))
    matrix = np.zeros((target, size), np.float64)
    matrix[np.arange(target), low] = 1 - (at - low)
    matrix[np.arange(target), np.minimum(low + 1, size - 1)] += at - low
    return matrix.astype(np.float32)


def _scaled(writer: NetworkWriter, pixels: Blob, scale: tuple[float, ...], offset: tuple[float, ...]) -> Blob:
    """``pixel * scale + offset``: a scaler of the file where all channels have one scale, else two layers."""
    from fieldpack.coreml.neural.writing.stored import Stored

    if len(set(scale)) == 1:
        scaler = writer.network.preprocessing.add(featureName=pixels.name).scaler
        scaler.channelScale = scale[0]
        is_bgr = writer.is_bgr(pixels.name)
        red, green, blue = reversed(offset) if is_bgr else offset
        scaler.redBias, scaler.greenBias, scaler.blueBias = red, green, blue
        return pixels
    factor, summand = (
        writer.constant(Stored(np.array(part, np.float32).reshape(3, 1, 1))) for part in (scale, offset)
    )
    return writer.combine(
        "addBroadcastable", writer.combine("multiplyBroadcastable", pixels, factor), summand
    )


def _place(writer: NetworkWriter, place: Blob, item: LocationInput) -> Blob:
    """From the plugin's five numbers to those of the model: other elevation constants, or no elevation."""
    if item.encoding.kind == "sin_cos_4":
        bounds = {"beginIds": [0, 0], "endIds": [1, 4], "strides": [1, 1]}
        masks = {"beginMasks": [False, False], "endMasks": [False, False]}
        return writer.apply("sliceStatic", [place], (1, 4), **bounds, **masks)
    high, low = elevation_factors(item)
    if (high, low) == (1.0, 1.0):
        return place
    from fieldpack.coreml.neural.writing.stored import Stored

    above = writer.activation("ReLU", place)
    below = writer.combine("subtractBroadcastable", place, above)
    factors = (Stored(np.array([[1, 1, 1, 1, factor]], np.float32)) for factor in (high, low))
    up, down = (writer.constant(factor) for factor in factors)
    return writer.combine(
        "addBroadcastable",
        writer.combine("multiplyBroadcastable", above, up),
        writer.combine("multiplyBroadcastable", below, down),
    )


def _translated(
    source: SourceModel, writer: NetworkWriter, border: Border, output: Border, fed: Blob
) -> Blob:
    from fieldpack.coreml.neural.writing.translation import translate
    from fieldpack.coreml.package import open_package

    package = open_package(source.path(KIND))
    if package.model_type != "mlProgram":
        raise UnsupportedError("The flavour is no ML Program", came=package.model_type)
    given = {border.tensor: writer.reshape(fed, border.shape)}
    scores = translate(package, writer, given)[output.tensor]
    return writer.reshape(scores, (1, len(source.labels)))

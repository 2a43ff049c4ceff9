"""What a Core ML model takes and gives, as an app sees it.

An app does not see MIL tensors but features: pictures, arrays, texts, dictionaries. This module
reads ``ModelDescription`` and fixes, once, what ``Interpreter.run`` accepts for each kind.

Pictures: an app hands over a pixel buffer; here a picture is an array ``[1, H, W, 3]`` (or
``[1, H, W, 1]`` for grey) in **RGB** order, 0..255, uint8 or float32, whatever order the model
declares. The interpreter turns it into the declared order and ``[1, C, H, W]``. Scale and bias of
a converted image input are operations of the program, so they are not applied here. Picture
outputs come back in the same form, uint8. Core ML never resizes, so another size is an error.

Specification: ``FeatureTypes.proto``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldpack.errors import ModelFileError

#: ArrayDataType number -> dtype name.
ARRAY_DTYPES = {65568: "float32", 65600: "float64", 131104: "int32", 131080: "int8", 65552: "float16"}
#: ColorSpace number -> name.
COLORS = {10: "GRAYSCALE", 20: "RGB", 30: "BGR", 40: "GRAYSCALE_FLOAT16"}
_KINDS = {
    "int64Type": "int64",
    "doubleType": "double",
    "stringType": "string",
    "imageType": "image",
    "multiArrayType": "multiarray",
    "dictionaryType": "dictionary",
    "sequenceType": "sequence",
    "stateType": "state",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One input or output.

    Attributes
    ----------
    name : str
        As the app addresses it.
    kind : str
        ``multiarray``, ``image``, ``dictionary``, ``string``, ``int64``, ``double``, ``sequence``, ``state``.
    shape : tuple of int
        Default shape; ``(1, H, W, 3)`` or ``(1, H, W, 1)`` for pictures, empty where none is declared.
    dtype : str
        numpy name of the declared element type.
    color : str or None
        Declared order of a picture: ``RGB``, ``BGR``, ``GRAYSCALE``, ``GRAYSCALE_FLOAT16``.
    ranges : tuple of (int, int) or None
        Admissible sizes per axis, upper bound -1 for none, where the shape is flexible.
    shapes : tuple of shapes or None
        The listed shapes, where only these are admissible.
    optional : bool
        May be left out.
    default : float or None
        What stands in for an optional array that is left out.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    color: str | None
    ranges: tuple[tuple[int, int], ...] | None = None
    shapes: tuple[tuple[int, ...], ...] | None = None
    optional: bool = False
    default: float | None = None

    def allows(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape may be given."""
        if self.shapes is not None and shape in self.shapes:
            return True
        if self.ranges is not None and len(shape) == len(self.ranges):
            return all(
                low <= size and (high < 0 or size <= high)
                for size, (low, high) in zip(shape, self.ranges, strict=True)
            )
        return shape == self.shape

    @property
    def admissible(self) -> str:
        """The admissible shapes, in words."""
        if self.ranges is not None:
            return f"sizes within {list(self.ranges)}"
        if self.shapes is not None:
            return "one of " + ", ".join(str(list(shape)) for shape in self.shapes)
        return str(list(self.shape))


def read_feature(description: Any) -> Feature:
    """Read one ``FeatureDescription`` message.

    Raises
    ------
    ModelFileError
        No type is declared, or an unknown element type or colour order.
    """
    name, declared = str(description.name), description.type
    field = declared.WhichOneof("Type")
    if field not in _KINDS:
        raise ModelFileError(
            f"Feature {name!r} declares no type", came=field, allowed=", ".join(_KINDS.values())
        )
    optional = bool(declared.isOptional)
    if field == "imageType":
        return _image(name, declared.imageType, optional)
    if field == "multiArrayType":
        return _array(name, "multiarray", declared.multiArrayType, optional)
    if field == "stateType":
        return _array(name, "state", declared.stateType.arrayType, optional)
    dtype = {"int64": "int64", "double": "float64", "string": "str", "dictionary": "float64"}.get(
        _KINDS[field], ""
    )
    return Feature(name, _KINDS[field], (), dtype, None, optional=optional)


def _image(name: str, image: Any, optional: bool) -> Feature:
    if image.colorSpace not in COLORS:
        raise ModelFileError(
            f"Picture {name!r} declares no known colour order",
            came=image.colorSpace,
            allowed=", ".join(COLORS.values()),
        )
    color = COLORS[image.colorSpace]
    channels = 1 if color.startswith("GRAYSCALE") else 3
    ranges = shapes = None
    if image.WhichOneof("SizeFlexibility") == "imageSizeRange":
        bounds = (image.imageSizeRange.heightRange, image.imageSizeRange.widthRange)
        sizes = [(int(bound.lowerBound), int(bound.upperBound)) for bound in bounds]
        ranges = ((1, 1), *sizes, (channels, channels))
    elif image.WhichOneof("SizeFlexibility") == "enumeratedSizes":
        shapes = tuple((1, int(s.height), int(s.width), channels) for s in image.enumeratedSizes.sizes)
    dtype = "float16" if color == "GRAYSCALE_FLOAT16" else "uint8"
    shape = (1, int(image.height), int(image.width), channels)
    return Feature(name, "image", shape, dtype, color, ranges, shapes, optional)


def _array(name: str, kind: str, array: Any, optional: bool) -> Feature:
    if array.dataType not in ARRAY_DTYPES:
        raise ModelFileError(
            f"Array {name!r} declares no known element type",
            came=array.dataType,
            allowed=", ".join(ARRAY_DTYPES.values()),
        )
    ranges = shapes = None
    if array.WhichOneof("ShapeFlexibility") == "shapeRange":
        sizes = array.shapeRange.sizeRanges
        ranges = tuple((int(size.lowerBound), int(size.upperBound)) for size in sizes)
    elif array.WhichOneof("ShapeFlexibility") == "enumeratedShapes":
        shapes = tuple(tuple(map(int, entry.shape)) for entry in array.enumeratedShapes.shapes)
    field = array.WhichOneof("defaultOptionalValue")
    default = float(getattr(array, field)) if field else None
    shape = tuple(map(int, array.shape))
    return Feature(name, kind, shape, ARRAY_DTYPES[array.dataType], None, ranges, shapes, optional, default)

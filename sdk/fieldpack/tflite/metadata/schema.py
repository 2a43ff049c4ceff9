"""The public schema of TFLite metadata, as a table of facts.

Few facts, so that neither generated classes nor MediaPipe itself are needed: fields in the order of their
slots, unions, enumerations, and the version that brought what 1.0.0 did not have. They are those of
``metadata_schema.fbs`` 1.5.0, which MediaPipe's readers and TensorFlow's Task Library share; a schema of
this kind only ever appends fields.

Notation of the tables: ``name:type``; ``*type`` is a vector; a type of ``UNIONS`` takes two slots, the
number of the member and its table.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

ENTRY = "TFLITE_METADATA"
"""Name of the entry of a model that holds the buffer."""
IDENTIFIER = b"M001"
ROOT = "ModelMetadata"
FIRST_VERSION = "1.0.0"

TABLES: dict[str, str] = {
    "ModelMetadata": "name:string description:string version:string subgraph_metadata:*SubGraphMetadata "
    "author:string license:string associated_files:*AssociatedFile min_parser_version:string",
    "SubGraphMetadata": "name:string description:string input_tensor_metadata:*TensorMetadata "
    "output_tensor_metadata:*TensorMetadata associated_files:*AssociatedFile "
    "input_process_units:*ProcessUnit output_process_units:*ProcessUnit "
    "input_tensor_groups:*TensorGroup output_tensor_groups:*TensorGroup custom_metadata:*CustomMetadata",
    "TensorMetadata": "name:string description:string dimension_names:*string content:Content "
    "process_units:*ProcessUnit stats:Stats associated_files:*AssociatedFile",
    "AssociatedFile": "name:string description:string type:AssociatedFileType locale:string version:string",
    "Content": "content_properties:ContentProperties range:ValueRange",
    "ValueRange": "min:int max:int",
    "FeatureProperties": "",
    "ImageProperties": "color_space:ColorSpaceType default_size:ImageSize",
    "ImageSize": "width:uint height:uint",
    "BoundingBoxProperties": "index:*uint type:BoundingBoxType coordinate_type:CoordinateType",
    "AudioProperties": "sample_rate:uint channels:uint",
    "ProcessUnit": "options:ProcessUnitOptions",
    "NormalizationOptions": "mean:*float std:*float",
    "ScoreCalibrationOptions": "score_transformation:ScoreTransformationType default_score:float",
    "ScoreThresholdingOptions": "global_score_threshold:float",
    "BertTokenizerOptions": "vocab_file:*AssociatedFile",
    "SentencePieceTokenizerOptions": "sentencePiece_model:*AssociatedFile vocab_file:*AssociatedFile",
    "RegexTokenizerOptions": "delim_regex_pattern:string vocab_file:*AssociatedFile",
    "Stats": "max:*float min:*float",
    "TensorGroup": "name:string tensor_names:*string",
    "CustomMetadata": "name:string data:*ubyte",
}

UNIONS: dict[str, tuple[str, ...]] = {
    "ContentProperties": (
        "FeatureProperties",
        "ImageProperties",
        "BoundingBoxProperties",
        "AudioProperties",
    ),
    "ProcessUnitOptions": (
        "NormalizationOptions",
        "ScoreCalibrationOptions",
        "ScoreThresholdingOptions",
        "BertTokenizerOptions",
        "SentencePieceTokenizerOptions",
        "RegexTokenizerOptions",
    ),
}
"""Members of each union; the first has number 1."""

ENUMS: dict[str, tuple[str, ...]] = {
    "AssociatedFileType": (
        "UNKNOWN",
        "DESCRIPTIONS",
        "TENSOR_AXIS_LABELS",
        "TENSOR_VALUE_LABELS",
        "TENSOR_AXIS_SCORE_CALIBRATION",
        "VOCABULARY",
        "SCANN_INDEX_FILE",
    ),
    "ColorSpaceType": ("UNKNOWN", "RGB", "GRAYSCALE"),
    "BoundingBoxType": ("UNKNOWN", "BOUNDARIES", "UPPER_LEFT", "CENTER"),
    "CoordinateType": ("RATIO", "PIXEL"),
    "ScoreTransformationType": ("IDENTITY", "LOG", "INVERSE_LOGISTIC"),
}
"""Words of each enumeration, from 0; the first is the default. One byte each."""

ADDED: dict[str, str] = {
    "AssociatedFileType.VOCABULARY": "1.0.1",
    "BertTokenizerOptions": "1.1.0",
    "SentencePieceTokenizerOptions": "1.1.0",
    "SubGraphMetadata.input_process_units": "1.1.0",
    "SubGraphMetadata.output_process_units": "1.1.0",
    "SubGraphMetadata.input_tensor_groups": "1.2.0",
    "SubGraphMetadata.output_tensor_groups": "1.2.0",
    "RegexTokenizerOptions": "1.2.1",
    "AudioProperties": "1.3.0",
    "AssociatedFileType.SCANN_INDEX_FILE": "1.4.0",
    "AssociatedFile.version": "1.4.1",
    "SubGraphMetadata.custom_metadata": "1.5.0",
}
"""Member, field or word -> the version of the schema that brought it."""

NUMBERS = {"int": "i", "uint": "I", "ubyte": "B", "float": "f"}
"""Type -> its ``struct`` code."""


class Field(NamedTuple):
    """One field of a table.

    ``slot`` is the first of a union's two, ``kind`` the type without its star.
    """

    name: str
    kind: str
    is_vector: bool
    slot: int


@cache
def fields(table: str) -> tuple[Field, ...]:
    """The fields of a table in the order of their slots."""
    found, slot = [], 0
    for entry in TABLES[table].split():
        name, kind = entry.split(":")
        field = Field(name, kind.lstrip("*"), kind.startswith("*"), slot)
        found.append(field)
        slot += 2 if field.kind in UNIONS else 1
    return tuple(found)


def slot_count(table: str) -> int:
    """Slots of a table."""
    return sum(2 if field.kind in UNIONS else 1 for field in fields(table))

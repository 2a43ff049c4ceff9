"""The part of Core ML's public protobuf schema that a package needs, as a table.

Why a table: the generated classes of coremltools would make a converter of several hundred
megabytes a run-time dependency, and generated code is tied to one protobuf version. The facts of
the schema (field name, number, type) are few, so they stand here and become message classes at
first use, in a private descriptor pool that cannot collide with coremltools' own registration in
the same process. Parsing itself stays with the protobuf library, which is built for hostile bytes.

Messages that this package does not look into (older model kinds) are declared as ``bytes``: the
wire form of a sub-message and of bytes is the same, so their kind is known and nothing is lost
when a file is written back. Fields absent from the table survive as unknown fields.

Specification: ``Model.proto``, ``FeatureTypes.proto`` and ``MIL.proto`` of the Core ML model
specification, version 10.

Notation of the tables: ``name:number:type``; ``*type`` is repeated, ``%type`` is a map from string,
``/group`` puts the field into a ``oneof``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fieldpack.errors import MissingDependencyError, ModelFileError

MIL_PACKAGE = "CoreML.Specification.MILSpec"
MODEL_PACKAGE = "CoreML.Specification"

MIL_MESSAGES: dict[str, str] = {
    "Program": "version:1:int64 functions:2:%Function docString:3:string attributes:4:%Value",
    "Function": "inputs:1:*NamedValueType opset:2:string block_specializations:3:%Block attributes:4:%Value",
    "Block": "inputs:1:*NamedValueType outputs:2:*string operations:3:*Operation attributes:4:%Value",
    "Argument": "arguments:1:*Argument.Binding",
    "Argument.Binding": "name:1:string/binding value:2:Value/binding",
    "Operation": "type:1:string inputs:2:%Argument outputs:3:*NamedValueType blocks:4:*Block "
    "attributes:5:%Value",
    "NamedValueType": "name:1:string type:2:ValueType",
    "ValueType": "tensorType:1:TensorType/type listType:2:ListType/type tupleType:3:TupleType/type "
    "dictionaryType:4:DictionaryType/type stateType:5:StateType/type",
    "TensorType": "dataType:1:DataType rank:2:int64 dimensions:3:*Dimension attributes:4:%Value",
    "TupleType": "types:1:*ValueType",
    "ListType": "type:1:ValueType length:2:Dimension",
    "DictionaryType": "keyType:1:ValueType valueType:2:ValueType",
    "StateType": "wrappedType:1:ValueType",
    "Dimension": "constant:1:Dimension.ConstantDimension/dimension "
    "unknown:2:Dimension.UnknownDimension/dimension",
    "Dimension.ConstantDimension": "size:1:uint64",
    "Dimension.UnknownDimension": "variadic:1:bool",
    "Value": "docString:1:string type:2:ValueType immediateValue:3:Value.ImmediateValue/value "
    "blobFileValue:5:Value.BlobFileValue/value",
    "Value.ImmediateValue": "tensor:1:TensorValue/value tuple:2:TupleValue/value list:3:ListValue/value "
    "dictionary:4:DictionaryValue/value",
    "Value.BlobFileValue": "fileName:1:string offset:2:uint64",
    "TensorValue": "floats:1:TensorValue.RepeatedFloats/value ints:2:TensorValue.RepeatedInts/value "
    "bools:3:TensorValue.RepeatedBools/value strings:4:TensorValue.RepeatedStrings/value "
    "longInts:5:TensorValue.RepeatedLongInts/value doubles:6:TensorValue.RepeatedDoubles/value "
    "bytes:7:TensorValue.RepeatedBytes/value",
    "TensorValue.RepeatedFloats": "values:1:*float",
    "TensorValue.RepeatedDoubles": "values:1:*double",
    "TensorValue.RepeatedInts": "values:1:*int32",
    "TensorValue.RepeatedLongInts": "values:1:*int64",
    "TensorValue.RepeatedBools": "values:1:*bool",
    "TensorValue.RepeatedStrings": "values:1:*string",
    "TensorValue.RepeatedBytes": "values:1:bytes",
    "TupleValue": "values:1:*Value",
    "ListValue": "values:1:*Value",
    "DictionaryValue": "values:1:*DictionaryValue.KeyValuePair",
    "DictionaryValue.KeyValuePair": "key:1:Value value:2:Value",
}

MIL_ENUMS: dict[str, str] = {
    "DataType": "UNUSED_TYPE=0 BOOL=1 STRING=2 FLOAT8E4M3FN=40 FLOAT8E5M2=41 FLOAT16=10 FLOAT32=11 "
    "FLOAT64=12 "
    "BFLOAT16=13 INT8=21 INT16=22 INT32=23 INT64=24 INT4=25 UINT8=31 UINT16=32 UINT32=33 UINT64=34 UINT4=35 "
    "UINT2=36 UINT1=37 UINT6=38 UINT3=39",
}

MODEL_MESSAGES: dict[str, str] = {
    "Int64FeatureType": "",
    "DoubleFeatureType": "",
    "StringFeatureType": "",
    "SizeRange": "lowerBound:1:uint64 upperBound:2:int64",
    "ImageFeatureType": "width:1:int64 height:2:int64 "
    "enumeratedSizes:21:ImageFeatureType.EnumeratedImageSizes/SizeFlexibility "
    "imageSizeRange:31:ImageFeatureType.ImageSizeRange/SizeFlexibility "
    "colorSpace:3:ImageFeatureType.ColorSpace",
    "ImageFeatureType.ImageSize": "width:1:uint64 height:2:uint64",
    "ImageFeatureType.EnumeratedImageSizes": "sizes:1:*ImageFeatureType.ImageSize",
    "ImageFeatureType.ImageSizeRange": "widthRange:1:SizeRange heightRange:2:SizeRange",
    "ArrayFeatureType": "shape:1:*int64 dataType:2:ArrayFeatureType.ArrayDataType "
    "enumeratedShapes:21:ArrayFeatureType.EnumeratedShapes/ShapeFlexibility "
    "shapeRange:31:ArrayFeatureType.ShapeRange/ShapeFlexibility "
    "intDefaultValue:41:int32/defaultOptionalValue "
    "floatDefaultValue:51:float/defaultOptionalValue doubleDefaultValue:61:double/defaultOptionalValue",
    "ArrayFeatureType.Shape": "shape:1:*int64",
    "ArrayFeatureType.EnumeratedShapes": "shapes:1:*ArrayFeatureType.Shape",
    "ArrayFeatureType.ShapeRange": "sizeRanges:1:*SizeRange",
    "DictionaryFeatureType": "int64KeyType:1:Int64FeatureType/KeyType "
    "stringKeyType:2:StringFeatureType/KeyType",
    "SequenceFeatureType": "int64Type:1:Int64FeatureType/Type stringType:3:StringFeatureType/Type "
    "sizeRange:101:SizeRange",
    "StateFeatureType": "arrayType:1:ArrayFeatureType/Type",
    "FeatureType": "int64Type:1:Int64FeatureType/Type doubleType:2:DoubleFeatureType/Type "
    "stringType:3:StringFeatureType/Type imageType:4:ImageFeatureType/Type "
    "multiArrayType:5:ArrayFeatureType/Type dictionaryType:6:DictionaryFeatureType/Type "
    "sequenceType:7:SequenceFeatureType/Type stateType:8:StateFeatureType/Type isOptional:1000:bool",
    "FeatureDescription": "name:1:string shortDescription:2:string type:3:FeatureType",
    "Metadata": "shortDescription:1:string versionString:2:string author:3:string license:4:string "
    "userDefined:100:%string",
    "FunctionDescription": "name:1:string input:2:*FeatureDescription output:3:*FeatureDescription "
    "state:6:*FeatureDescription predictedFeatureName:4:string predictedProbabilitiesName:5:string",
    "ModelDescription": "functions:20:*FunctionDescription defaultFunctionName:21:string "
    "metadata:100:Metadata "
    "input:1:*FeatureDescription output:10:*FeatureDescription state:13:*FeatureDescription "
    "predictedFeatureName:11:string predictedProbabilitiesName:12:string "
    "trainingInput:50:*FeatureDescription",
    "Model": "specificationVersion:1:int32 description:2:ModelDescription isUpdatable:10:bool "
    "pipelineClassifier:200:bytes/Type pipelineRegressor:201:bytes/Type pipeline:202:bytes/Type "
    "glmRegressor:300:bytes/Type supportVectorRegressor:301:bytes/Type treeEnsembleRegressor:302:bytes/Type "
    "neuralNetworkRegressor:303:bytes/Type bayesianProbitRegressor:304:bytes/Type "
    "glmClassifier:400:bytes/Type "
    "supportVectorClassifier:401:bytes/Type treeEnsembleClassifier:402:bytes/Type "
    "neuralNetworkClassifier:403:bytes/Type kNearestNeighborsClassifier:404:bytes/Type "
    "neuralNetwork:500:bytes/Type itemSimilarityRecommender:501:bytes/Type "
    "mlProgram:502:.CoreML.Specification.MILSpec.Program/Type customModel:555:bytes/Type "
    "linkedModel:556:bytes/Type classConfidenceThresholding:560:bytes/Type oneHotEncoder:600:bytes/Type "
    "imputer:601:bytes/Type featureVectorizer:602:bytes/Type dictVectorizer:603:bytes/Type "
    "scaler:604:bytes/Type "
    "categoricalMapping:606:bytes/Type normalizer:607:bytes/Type arrayFeatureExtractor:609:bytes/Type "
    "nonMaximumSuppression:610:bytes/Type identity:900:bytes/Type textClassifier:2000:bytes/Type "
    "wordTagger:2001:bytes/Type visionFeaturePrint:2002:bytes/Type "
    "soundAnalysisPreprocessing:2003:bytes/Type "
    "gazetteer:2004:bytes/Type wordEmbedding:2005:bytes/Type audioFeaturePrint:2006:bytes/Type "
    "serializedModel:3000:bytes/Type",
}

MODEL_ENUMS: dict[str, str] = {
    "ImageFeatureType.ColorSpace": "INVALID_COLOR_SPACE=0 GRAYSCALE=10 RGB=20 BGR=30 GRAYSCALE_FLOAT16=40",
    "ArrayFeatureType.ArrayDataType": "INVALID_ARRAY_DATA_TYPE=0 FLOAT32=65568 DOUBLE=65600 INT32=131104 "
    "INT8=131080 FLOAT16=65552",
}

#: Scalar wire types by the number that ``descriptor.proto`` gives them.
SCALARS = {
    "double": 1,
    "float": 2,
    "int64": 3,
    "uint64": 4,
    "int32": 5,
    "bool": 8,
    "string": 9,
    "bytes": 12,
    "uint32": 13,
}
_TYPE_MESSAGE, _TYPE_ENUM = 11, 14
_LABEL_OPTIONAL, _LABEL_REPEATED = 1, 3


def message(name: str) -> Any:
    """An empty message of the schema.

    Parameters
    ----------
    name : str
        Full name without the ``CoreML.Specification.`` prefix: ``"Model"``, ``"MILSpec.Program"``.
    """
    return _classes()[f"{MODEL_PACKAGE}.{name}"]()


def parse_model(data: bytes) -> Any:
    """Parse the bytes of a ``.mlmodel`` file into a ``Model`` message.

    Raises
    ------
    ModelFileError
        The bytes are not a protobuf ``Model``.
    """
    from google.protobuf.message import DecodeError

    model = message("Model")
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelFileError(
            "The model file is not a Core ML protobuf",
            came=f"{len(data)} bytes, {error}",
            allowed="a Model message of the Core ML specification",
            hint="convert the model again; the file may be truncated",
        ) from error
    return model


def data_type_name(number: int) -> str:
    """Lower-case name of a MIL ``DataType`` number, ``"unknown(7)"`` for one outside the table."""
    return _data_types().get(number, f"unknown({number})")


@cache
def _data_types() -> dict[int, str]:
    pairs = (entry.split("=") for entry in MIL_ENUMS["DataType"].split())
    return {int(number): name.lower() for name, number in pairs}


@cache
def _classes() -> dict[str, Any]:
    """Compile both tables; full message name -> message class."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError as error:
        raise MissingDependencyError(
            "Reading a Core ML package needs protobuf", hint='pip install "fieldpack[coreml]"'
        ) from error
    pool = descriptor_pool.DescriptorPool()
    mil = describe_file(descriptor_pb2, "fieldpack_mil.proto", MIL_PACKAGE, MIL_MESSAGES, MIL_ENUMS)
    model = describe_file(descriptor_pb2, "fieldpack_model.proto", MODEL_PACKAGE, MODEL_MESSAGES, MODEL_ENUMS)
    model.dependency.append(mil.name)
    pool.Add(mil)
    pool.Add(model)
    names = [f"{MIL_PACKAGE}.{name}" for name in MIL_MESSAGES]
    names += [f"{MODEL_PACKAGE}.{name}" for name in MODEL_MESSAGES]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


def describe_file(pb2: Any, name: str, package: str, messages: dict[str, str], enums: dict[str, str]) -> Any:
    """One ``FileDescriptorProto`` from one pair of tables."""
    file = pb2.FileDescriptorProto(name=name, package=package, syntax="proto3")
    made: dict[str, Any] = {}
    for path in messages:
        parent, _, leaf = path.rpartition(".")
        made[path] = made[parent].nested_type.add(name=leaf) if parent else file.message_type.add(name=leaf)
    for path, values in enums.items():
        parent, _, leaf = path.rpartition(".")
        enum = made[parent].enum_type.add(name=leaf) if parent else file.enum_type.add(name=leaf)
        for entry in values.split():
            key, number = entry.split("=")
            enum.value.add(name=key, number=int(number))
    for path, fields in messages.items():
        for field in fields.split():
            _add_field(made[path], field, package, path, enums)
    return file


def _add_field(target: Any, text: str, package: str, path: str, enums: dict[str, str]) -> None:
    text, _, group = text.partition("/")
    name, number, kind = text.split(":")
    field = target.field.add(name=name, number=int(number), json_name=name)
    field.label = _LABEL_REPEATED if kind[0] in "*%" else _LABEL_OPTIONAL
    bare = kind.lstrip("*%")
    if kind[0] == "%":
        entry = _add_map_entry(target, name, bare, package, enums)
        field.type, field.type_name = _TYPE_MESSAGE, f".{package}.{path}.{entry}"
    else:
        _set_type(field, bare, package, enums)
    if group:
        field.oneof_index = _oneof(target, group)


def _add_map_entry(target: Any, name: str, bare: str, package: str, enums: dict[str, str]) -> str:
    """The hidden message behind a map field; protobuf fixes its name and its two fields."""
    entry = target.nested_type.add(
        name="".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"
    )
    entry.options.map_entry = True
    key = entry.field.add(name="key", number=1, label=_LABEL_OPTIONAL, json_name="key")
    key.type = SCALARS["string"]
    value = entry.field.add(name="value", number=2, label=_LABEL_OPTIONAL, json_name="value")
    _set_type(value, bare, package, enums)
    return str(entry.name)


def _set_type(field: Any, bare: str, package: str, enums: dict[str, str]) -> None:
    if bare in SCALARS:
        field.type = SCALARS[bare]
        return
    field.type = _TYPE_ENUM if bare in enums else _TYPE_MESSAGE
    field.type_name = bare if bare.startswith(".") else f".{package}.{bare}"


def _oneof(target: Any, group: str) -> int:
    for index, declared in enumerate(target.oneof_decl):
        if declared.name == group:
            return index
    target.oneof_decl.add(name=group)
    return len(target.oneof_decl) - 1

"""One fault a rule, planted into the directory of ``testing``; each must be found, and no other.

A plant changes the written directory. Its entry says which further rules the same fault breaks, and
whether the models must run to see it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.exports.inat_vision_camera import facts, testing

Change = Callable[[list[dict[str, Any]]], None]


@dataclass(frozen=True)
class Plant:
    """One fault.

    Attributes
    ----------
    make : callable
        Changes the directory that it is given.
    also : frozenset of str
        Further rules that the fault breaks.
    runs : bool
        Whether it shows in the answers only.
    plugin : str
        The plugin to hold the directory against.
    """

    make: Callable[[Path], None]
    also: frozenset[str] = frozenset()
    runs: bool = False
    plugin: str = facts.DEFAULT_PLUGIN


def _plant(make: Callable[[Path], None], *also: str, runs: bool = False) -> Plant:
    return Plant(make, frozenset(also), runs)


# -- ways of planting ------------------------------------------------------------------------------


def _remove(*names: str) -> Callable[[Path], None]:
    """Without the file and without the env fragment, which would name it."""

    def make(folder: Path) -> None:
        for name in (*names, testing.ENV):
            (folder / name).unlink()

    return make


def _text(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a text that must be there."""

    def make(folder: Path) -> None:
        path = folder / name
        before = path.read_bytes().decode()
        if old not in before:
            raise ValueError(f"{name} does not hold {old!r}")
        path.write_bytes(before.replace(old, new).encode())

    return make


def _write(name: str, data: Callable[[], bytes]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(data())

    return make


def _rows(change: Change, *, csv: bool = True, json_too: bool = True) -> Callable[[Path], None]:
    """Change the taxa of one or both files."""

    def make(folder: Path) -> None:
        rows = testing.taxa()
        change(rows)
        if csv:
            (folder / testing.CSV).write_text(testing.csv_text(rows), encoding="utf-8", newline="\n")
        if json_too:
            (folder / testing.JSON).write_text(json.dumps(rows), encoding="utf-8")

    return make


def _set(taxon: int, **values: Any) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        next(row for row in rows if row["taxon_id"] == taxon).update(values)

    return change


def _add(**values: Any) -> Change:
    blank = dict.fromkeys(facts.COLUMNS) | {"rank_level": 10, "name": "Nova"}
    return lambda rows: rows.append(blank | values)


def _all_thresholds(value: float | None) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["geo_threshold"] = value

    return change


# -- TFLite ----------------------------------------------------------------------------------------


def _vision(change: Callable[[Any], None]) -> Callable[[Path], None]:
    def data() -> bytes:
        model = testing.vision_tflite()
        change(model)
        return model.content()

    return _write(testing.ANDROID_VISION, data)


def _custom(name: str) -> Callable[[Path], None]:
    def change(model: Any) -> None:
        ends = model.tensor("strange", (1, testing.COUNT))
        model.operator("CUSTOM", model.outputs, (ends,), custom=name)
        model.ends(model.inputs, (ends,))

    return _vision(change)


def _newer_operator(model: Any) -> None:
    next(code for code in model.model.operatorCodes if code.version == 1).version = 99


def _second_input(model: Any) -> None:
    model.ends((*model.inputs, model.tensor("place", (1, 5))), model.outputs)


def _quantised_input(model: Any) -> None:
    pixels = model.tensor("pixels", facts.VISION_INPUT, "uint8", scale=(1.0,), zero_point=(0,))
    model.operator("DEQUANTIZE", (pixels,), model.inputs, version=2, options="DequantizeOptions", at=0)
    model.ends((pixels,), model.outputs)


def _quantised_output(model: Any) -> None:
    shares = model.tensor("shares", (1, testing.COUNT), "uint8", scale=(1 / 256,), zero_point=(0,))
    model.operator("QUANTIZE", model.outputs, (shares,), options="QuantizeOptions")
    model.ends(model.inputs, (shares,))


def _dynamic(model: Any) -> None:
    model.graph.tensors[model.inputs[0]].shapeSignature = [1, -1, -1, 3]


def _flat_output(model: Any) -> None:
    flat = model.tensor("flat", (testing.COUNT,))
    shape = model.tensor("shape", (1,), "int32", np.array([testing.COUNT], np.int32))
    model.operator("RESHAPE", (model.outputs[0], shape), (flat,))
    model.ends(model.inputs, (flat,))


def _features_first(model: Any) -> None:
    pooled = next(i for i, tensor in enumerate(model.graph.tensors) if tensor.name == b"scaled")
    model.ends(model.inputs, (pooled, *model.outputs))


def _refused(model: Any) -> None:
    """A dense layer whose bias has another length: a legal flatbuffer that no kernel prepares."""
    bias = next(tensor for tensor in model.graph.tensors if tensor.name == b"bias")
    bias.shape, bias.buffer = [2], model._buffer(bytes(8))


def _nan_bias(weights: testing.Weights) -> testing.Weights:
    return replace(weights, bias=np.full_like(weights.bias, np.nan))


def _times(factor: float, weights: testing.Weights) -> testing.Weights:
    return replace(weights, matrix=weights.matrix * np.float32(factor))


def _both_geo(weights: testing.Weights, last: str | None = "LOGISTIC") -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / testing.ANDROID_GEO).write_bytes(testing.geo_tflite(weights, last).content())
        model = testing.geo_core_ml(weights, sigmoid=last == "LOGISTIC")
        if last == "SOFTMAX":
            model.network.layers[-1].output[0] = "logits"
            model.layer("softmaxND", "logits", facts.GEO_OUTPUT_NAME, axis=-1)
        (folder / testing.IOS_GEO).write_bytes(model.content())

    return make


def _both_vision(weights: testing.Weights, last: str | None, softmax: bool) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / testing.ANDROID_VISION).write_bytes(
            testing.vision_tflite(weights=weights, last=last).content()
        )
        (folder / testing.IOS_VISION).write_bytes(
            testing.vision_core_ml(weights=weights, softmax=softmax).content()
        )

    return make


def _floored(folder: Path) -> None:
    """Both geo models behind a floor above the lowest threshold."""
    floor = np.float32(0.2)
    android = testing.geo_tflite()
    lowest = android.tensor("floor", (), values=np.array(floor, np.float32))
    raised = android.tensor("raised", (1, testing.COUNT))
    android.operator("MAXIMUM", (android.outputs[0], lowest), (raised,), options="MaximumMinimumOptions")
    android.ends(android.inputs, (raised,))
    (folder / testing.ANDROID_GEO).write_bytes(android.content())
    ios = testing.geo_core_ml()
    ios.network.layers[-1].output[0] = "scores"
    ios.layer("clip", "scores", facts.GEO_OUTPUT_NAME, minVal=float(floor), maxVal=1.0)
    (folder / testing.IOS_GEO).write_bytes(ios.content())


def _skewed() -> bytes:
    weights = testing.geo_weights()
    weights.matrix[:, 4] *= facts.HIGHEST_M / facts.SERVER_HIGHEST_M
    below = weights.matrix[:, 4] * (facts.SERVER_HIGHEST_M / facts.HIGHEST_M - 1)
    model = testing.CoreMlWriter()
    model.array(facts.GEO_INPUT_NAME, (1, 5), testing.FLOAT64)
    model.dense(facts.GEO_INPUT_NAME, "trained", weights)
    sea = np.zeros((testing.COUNT, 5), np.float32)
    sea[:, 4] = below
    model.layer("clip", facts.GEO_INPUT_NAME, "below", minVal=-2.0, maxVal=0.0)
    model.dense("below", "correction", testing.Weights(sea, np.zeros(testing.COUNT, np.float32)))
    entry = model.network.layers.add(name="logits")
    entry.input.extend(["trained", "correction"])
    entry.output.append("logits")
    entry.addBroadcastable.SetInParent()
    model.layer("activation", "logits", facts.GEO_OUTPUT_NAME).sigmoid.SetInParent()
    model.array(facts.GEO_OUTPUT_NAME, (1, testing.COUNT), out=True)
    return model.content()


# -- Core ML -----------------------------------------------------------------------------------------


def _ios_vision(**settings: Any) -> Callable[[Path], None]:
    return _write(testing.IOS_VISION, lambda: testing.vision_core_ml(**settings).content())


def _ios_geo(**settings: Any) -> Callable[[Path], None]:
    return _write(testing.IOS_GEO, lambda: testing.geo_core_ml(**settings).content())


def _ios_changed(name: str, change: Callable[[testing.CoreMlWriter], None]) -> Callable[[Path], None]:
    def data() -> bytes:
        model = testing.vision_core_ml() if name == testing.IOS_VISION else testing.geo_core_ml()
        change(model)
        return model.content()

    return _write(name, data)


def _custom_layer(model: testing.CoreMlWriter) -> None:
    entry = model.network.layers.add(name="strange")
    entry.input.append("image")
    entry.output.append("unused")
    entry.custom.className = "Strange"


def _two_arrays_in(model: testing.CoreMlWriter) -> None:
    model.array("month", (1, 1))


def _second_output(model: testing.CoreMlWriter) -> None:
    model.array("logits", (1, testing.COUNT), out=True)


def _picture_array(model: testing.CoreMlWriter) -> None:
    feature = model.model.description.input[0]
    feature.type.multiArrayType.shape.extend((1, 3, facts.SIZE, facts.SIZE))
    feature.type.multiArrayType.dataType = testing.FLOAT32
    del model.network.preprocessing[:]


def _flexible(model: testing.CoreMlWriter) -> None:
    sizes = model.model.description.input[0].type.imageType.enumeratedSizes.sizes
    sizes.add(width=facts.SIZE, height=facts.SIZE)
    sizes.add(width=224, height=224)


def _picture_out(model: testing.CoreMlWriter) -> None:
    picture = model.model.description.output[0].type.imageType
    picture.width, picture.height, picture.colorSpace = testing.COUNT, 1, testing.GRAYSCALE


def _classifier(folder: Path) -> None:
    from fieldpack.coreml.neural.schema import message

    model = testing.vision_core_ml()
    network = message("NeuralNetworkClassifier")
    network.MergeFromString(model.network.SerializeToString())
    network.stringClassLabels.vector.extend(["a", "b", "c", "d"])
    network.labelProbabilityLayerName = facts.GEO_OUTPUT_NAME
    del model.model.description.output[:]
    label = model.model.description.output.add(name="classLabel")
    label.type.stringType.SetInParent()
    shares = model.model.description.output.add(name=facts.GEO_OUTPUT_NAME)
    shares.type.dictionaryType.stringKeyType.SetInParent()
    model.model.description.predictedFeatureName = "classLabel"
    model.model.description.predictedProbabilitiesName = facts.GEO_OUTPUT_NAME
    model.model.neuralNetworkClassifier = network.SerializeToString()
    (folder / testing.IOS_VISION).write_bytes(model.model.SerializeToString())


def _program(folder: Path) -> None:
    """An ML Program without operators in a single file; nothing runs it."""
    model = testing.vision_core_ml(specification=6).model
    model.mlProgram.version = 1
    function = model.mlProgram.functions["main"]
    function.opset = "CoreML5"
    function.block_specializations["CoreML5"].SetInParent()
    (folder / testing.IOS_VISION).write_bytes(model.SerializeToString())


def _package(folder: Path) -> None:
    """The geo model as a package, named so in the env fragment."""
    data = (folder / testing.IOS_GEO).read_bytes()
    (folder / testing.IOS_GEO).unlink()
    inside = folder / "geo.mlpackage" / "Data" / "com.apple.CoreML"
    inside.mkdir(parents=True)
    (inside / "model.mlmodel").write_bytes(data)
    entry = {"author": "com.apple.CoreML", "path": "com.apple.CoreML/model.mlmodel", "name": "model.mlmodel"}
    manifest = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {"A": entry},
        "rootModelIdentifier": "A",
    }
    (folder / "geo.mlpackage" / "Manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    _text(testing.ENV, testing.IOS_GEO, "geo.mlpackage")(folder)


def _missing_layer(model: testing.CoreMlWriter) -> None:
    """A layer that reads a blob that nothing writes."""
    model.network.layers[-1].input[0] = "nothing"


# -- names ---------------------------------------------------------------------------------------------


def _stray(folder: Path) -> None:
    (folder / testing.ENV).unlink()
    weights = testing.vision_weights()
    (folder / "old.tflite").write_bytes(testing.vision_tflite(weights=_times(0.5, weights)).content())


def _renamed(old: str, new: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / testing.ENV).unlink()
        (folder / old).rename(folder / new)

    return make


def _second_env(folder: Path) -> None:
    shutil.copy(folder / testing.ENV, folder / ".env.staging")
    _text(".env.staging", "2.20", "small_2")(folder)


def _latin() -> bytes:
    return testing.csv_text(testing.taxa()).replace("Plantae", "Plant\xe6").encode("latin-1")


def _column_twice(folder: Path) -> None:
    columns = (*facts.COLUMNS[:2], *facts.COLUMNS[1:])
    (folder / testing.CSV).write_text(
        testing.csv_text(testing.taxa(), columns), encoding="utf-8", newline="\n"
    )


def _name_first(folder: Path) -> None:
    columns = ("name", *facts.COLUMNS[:-1])
    rows = testing.taxa()
    _set(902, name="Bombus")(rows)
    testing.write_taxonomies(folder, rows)
    text = testing.csv_text(rows, columns)
    (folder / testing.CSV).write_text(text, encoding="utf-8", newline="\n")


CUT = bytes(range(64))
PLANTS: dict[str, Plant] = {
    "android-vision-missing": _plant(_remove(testing.ANDROID_VISION)),
    "android-geo-missing": _plant(_remove(testing.ANDROID_GEO)),
    "android-taxonomy-missing": _plant(_remove(testing.CSV)),
    "ios-vision-missing": _plant(_remove(testing.IOS_VISION)),
    "ios-geo-missing": _plant(_remove(testing.IOS_GEO)),
    "ios-taxonomy-missing": _plant(_remove(testing.JSON)),
    "several-candidates": _plant(_stray),
    "file-name": _plant(_renamed(testing.ANDROID_VISION, "my vision.tflite")),
    "file-extension": _plant(_renamed(testing.ANDROID_VISION, "vision.lite")),
    "env-file-missing": _plant(_text(testing.ENV, testing.ANDROID_GEO, "gone.tflite")),
    "env-key-missing": _plant(_text(testing.ENV, "CV_MODEL_VERSION=2.20\n", "")),
    "env-syntax": _plant(_text(testing.ENV, f"={testing.CSV}", f' = "{testing.CSV}"')),
    "env-contradiction": _plant(_second_env),
    "model-version": _plant(_text(testing.ENV, "=2.20", "=2.30")),
    "model-version-scale": _plant(_text(testing.ENV, "=2.20", "=1.0")),
    "tflite-unreadable": _plant(_write(testing.ANDROID_VISION, lambda: b"\x1c\0\0\0TFL3" + CUT)),
    "tflite-flex-operator": _plant(_custom("FlexErf"), "tflite-softmax"),
    "tflite-custom-operator": _plant(_custom("Strange"), "tflite-softmax"),
    "tflite-operator-version": _plant(_vision(_newer_operator)),
    "tflite-refused": _plant(_vision(_refused), runs=True),
    "tflite-input-count": _plant(_vision(_second_input)),
    "tflite-input-type": _plant(_vision(_quantised_input)),
    "tflite-output-type": _plant(_vision(_quantised_output)),
    "tflite-dynamic-shape": _plant(_vision(_dynamic)),
    "tflite-vision-input-shape": _plant(
        _write(testing.ANDROID_VISION, lambda: testing.vision_tflite((1, 224, 224, 3)).content())
    ),
    "tflite-geo-input-shape": _plant(
        _write(
            testing.ANDROID_GEO,
            lambda: testing.geo_tflite(
                replace(testing.geo_weights(), matrix=np.ones((testing.COUNT, 4), np.float32))
            ).content(),
        )
    ),
    "tflite-output-shape": _plant(_vision(_flat_output)),
    "tflite-output-order": _plant(
        _vision(_features_first), "tflite-softmax", "leaf-count", "output-counts-differ"
    ),
    "tflite-softmax": _plant(
        _write(testing.ANDROID_VISION, lambda: testing.vision_tflite(last="LOGISTIC").content())
    ),
    "tflite-geo-sigmoid": _plant(
        _write(testing.ANDROID_GEO, lambda: testing.geo_tflite(last=None).content())
    ),
    "coreml-unreadable": _plant(_write(testing.IOS_VISION, lambda: CUT)),
    "coreml-ios-version": _plant(_ios_vision(specification=7)),
    "coreml-custom-layer": _plant(_ios_changed(testing.IOS_VISION, _custom_layer)),
    "coreml-single-file": _plant(_package),
    "coreml-program-in-mlmodel": _plant(_program, "coreml-vision-scale"),
    "coreml-classifier": _plant(_classifier, "coreml-output-kind"),
    "coreml-input-count": _plant(_ios_changed(testing.IOS_GEO, _two_arrays_in)),
    "coreml-vision-input-kind": _plant(_ios_changed(testing.IOS_VISION, _picture_array)),
    "coreml-vision-color": _plant(_ios_vision(color=testing.GRAYSCALE)),
    "coreml-vision-size": _plant(_ios_vision(size=224)),
    "coreml-flexible-shape": _plant(_ios_changed(testing.IOS_VISION, _flexible)),
    "coreml-vision-scale": _plant(_ios_vision(scale=None)),
    "coreml-output-count": _plant(_ios_changed(testing.IOS_VISION, _second_output)),
    "coreml-output-kind": _plant(_ios_changed(testing.IOS_GEO, _picture_out)),
    "coreml-output-type": _plant(_ios_geo(dtype=testing.FLOAT64)),
    "coreml-output-shape": _plant(_ios_vision(shape=(testing.COUNT,)), "coreml-shapes-differ"),
    "coreml-shapes-differ": _plant(_ios_geo(shape=(1, 3)), "leaf-count", "output-counts-differ"),
    "coreml-geo-input-name": _plant(_ios_geo(name="location")),
    "coreml-geo-output-name": _plant(_ios_geo(result="scores")),
    "coreml-geo-input-kind": _plant(_ios_geo(input_dtype=testing.INT32)),
    "coreml-geo-input-half": _plant(_ios_geo(input_dtype=testing.FLOAT16)),
    "coreml-geo-input-shape": _plant(
        _ios_geo(weights=replace(testing.geo_weights(), matrix=np.ones((testing.COUNT, 4), np.float32)))
    ),
    "coreml-refused": _plant(_ios_changed(testing.IOS_GEO, _missing_layer), runs=True),
    "csv-encoding": _plant(_write(testing.CSV, _latin), "taxon-values-differ"),
    "csv-byte-order-mark": _plant(_text(testing.CSV, "parent_taxon_id,", "\ufeffparent_taxon_id,")),
    "csv-line-ends": _plant(_text(testing.CSV, "\n", "\r\n")),
    "csv-column-missing": _plant(_text(testing.CSV, "rank_level", "rank")),
    "csv-column-spelling": _plant(_text(testing.CSV, ",name", ", name")),
    "csv-column-twice": _plant(_column_twice),
    "csv-name-last": _plant(_name_first),
    "csv-short-row": _plant(
        _text(testing.CSV, "1,47158,50,,,Insecta", "1,47158,50"),
        *("parent-missing", "leaf-missing", "taxa-differ"),
    ),
    "csv-blank-row": _plant(_text(testing.CSV, "\n,47126", "\n\n,47126")),
    "csv-quotes": _plant(_text(testing.CSV, "Animalia", '"Animalia"')),
    "csv-number": _plant(
        _text(testing.CSV, "0.5,Bombus", "a half,Bombus"), "threshold-missing", "thresholds-differ"
    ),
    "csv-id-spelling": _plant(_text(testing.CSV, "901,10,0,", "901,10,0.0,")),
    "csv-blanks": _plant(_text(testing.CSV, "900,901,", "900, 901,")),
    "csv-nan": _plant(
        _text(testing.CSV, "0.5,Bombus", "NaN,Bombus"), "threshold-missing", "thresholds-differ"
    ),
    "csv-taxon-missing": _plant(_text(testing.CSV, "900,901,", "900,,"), "taxa-differ"),
    "csv-rank-missing": _plant(_text(testing.CSV, "900,901,10,", "900,901,,")),
    "csv-name-missing": _plant(_text(testing.CSV, "Apis mellifera", ""), "taxon-values-differ"),
    "json-syntax": _plant(_text(testing.JSON, "}]", "}"), "taxonomy-empty"),
    "json-nan": _plant(_text(testing.JSON, "0.5", "NaN"), "threshold-missing", "thresholds-differ"),
    "json-shape": _plant(_write(testing.JSON, lambda: b'{"taxa": []}'), "taxonomy-empty"),
    "json-number-type": _plant(_text(testing.JSON, '"taxon_id": 901', '"taxon_id": "901"')),
    "json-number": _plant(
        _text(testing.JSON, '"leaf_class_id": 3', '"leaf_class_id": 3.5'),
        *("leaf-missing", "leaf-count", "taxon-values-differ"),
    ),
    "json-taxon-missing": _plant(_text(testing.JSON, '"taxon_id": 901', '"taxon": 901'), "taxa-differ"),
    "json-rank-missing": _plant(_text(testing.JSON, '"rank_level": 34.5, ', "")),
    "json-name-missing": _plant(_text(testing.JSON, '"Apis mellifera"', "7"), "taxon-values-differ"),
    "parent-missing": _plant(_rows(_set(901, parent_taxon_id=777))),
    "parent-life": _plant(_rows(_set(47126, parent_taxon_id=facts.LIFE))),
    "life-row": _plant(_rows(_add(taxon_id=facts.LIFE, rank_level=100, name="Life")), "leaf-missing"),
    "taxon-twice": _plant(
        _rows(_add(parent_taxon_id=900, taxon_id=901, leaf_class_id=4, geo_threshold=0.5)), "leaf-count"
    ),
    "taxon-id-range": _plant(_rows(_set(901, taxon_id=2**31))),
    "parent-circle": _plant(_rows(_set(47158, parent_taxon_id=900)), "rank-order", "leaf-missing"),
    "leaf-missing": _plant(_rows(_add(parent_taxon_id=900, taxon_id=950))),
    "leaf-inner": _plant(_rows(_set(900, leaf_class_id=4, geo_threshold=0.5)), "leaf-count"),
    "leaf-twice": _plant(_rows(_set(902, leaf_class_id=0)), "leaf-gap"),
    "leaf-gap": _plant(_rows(_set(902, leaf_class_id=7))),
    "leaf-count": _plant(_rows(_add(parent_taxon_id=900, taxon_id=950, leaf_class_id=4, geo_threshold=0.5))),
    "taxonomy-empty": _plant(_rows(lambda rows: rows.__delitem__(slice(3, None))), "leaf-missing"),
    "rank-unknown": _plant(_rows(_set(902, rank_level=9))),
    "rank-order": _plant(_rows(_set(902, rank_level=40))),
    "threshold-range": _plant(_rows(_set(902, geo_threshold=1.5))),
    "threshold-all-missing": _plant(_rows(_all_thresholds(None))),
    "threshold-missing": _plant(_rows(_set(902, geo_threshold=None))),
    "taxa-differ": _plant(
        _rows(_add(parent_taxon_id=900, taxon_id=950, leaf_class_id=4, geo_threshold=0.5), csv=False),
        "leaf-count",
    ),
    "taxon-values-differ": _plant(_rows(_set(902, name="Bombus"), csv=False)),
    "rank-fraction-lost": _plant(_rows(_set(903, rank_level=34), csv=False)),
    "rank-differs": _plant(_rows(_set(903, rank_level=40), csv=False)),
    "thresholds-differ": _plant(_rows(_set(903, geo_threshold=0.75), csv=False)),
    "output-counts-differ": _plant(
        _write(testing.ANDROID_GEO, lambda: testing.geo_tflite(testing.geo_weights(5)).content()),
        "leaf-count",
    ),
    "answer-nan": _plant(
        _write(testing.ANDROID_GEO, lambda: testing.geo_tflite(_nan_bias(testing.geo_weights())).content()),
        runs=True,
    ),
    "scores-range": _plant(_both_vision(testing.vision_weights(), None, False), "tflite-softmax", runs=True),
    "scores-sum": _plant(
        _write(testing.ANDROID_VISION, lambda: testing.vision_tflite(last="LOGISTIC").content()),
        *("tflite-softmax", "vision-platforms-disagree"),
        runs=True,
    ),
    "scores-saturated": _plant(
        _write(testing.ANDROID_VISION, lambda: testing.vision_tflite(scaled=False).content()),
        "vision-platforms-disagree",
        runs=True,
    ),
    "geo-range": _plant(_both_geo(testing.geo_weights(), None), "tflite-geo-sigmoid", runs=True),
    "geo-softmax": _plant(
        _both_geo(testing.geo_weights(), "SOFTMAX"), "tflite-geo-sigmoid", "geo-floor", runs=True
    ),
    "geo-constant": _plant(_both_geo(_times(0, testing.geo_weights())), runs=True),
    "geo-floor": _plant(_both_geo(_times(8, testing.geo_weights())), runs=True),
    "geo-floor-threshold": _plant(_floored, runs=True),
    "vision-platforms-disagree": _plant(_ios_vision(weights=_times(-1, testing.vision_weights())), runs=True),
    "geo-platforms-disagree": _plant(_ios_geo(weights=_times(-1, testing.geo_weights())), runs=True),
    "geo-elevation-scale": _plant(_write(testing.IOS_GEO, _skewed), runs=True),
}

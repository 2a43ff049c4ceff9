"""Networks from file to result: rank rules, pictures, labels, optional inputs, precision, refusals."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.neural.conftest import Handmade, add_layer, put
from fieldpack.coreml.neural.interpreter import NeuralInterpreter
from fieldpack.errors import InputError, ModelFileError, UnsupportedError

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(1, 2, 3, 3) * 10


def run(model: Handmade, *, precision: Any = Precision.FP32, **inputs: Any) -> Any:
    return NeuralInterpreter(model.open(), precision).run(inputs)


def identity(model: Handmade) -> None:
    model.layer("activation", ["x"], ["y"]).linear.alpha = 1.0


@pytest.mark.parametrize(
    ("declared", "given", "blob", "result"),
    [
        ((4,), (4,), (1, 1, 4, 1, 1), (4,)),
        ((4,), (5, 2, 4), (5, 2, 4, 1, 1), (5, 2, 4, 1, 1)),
        ((4,), (5, 2, 4, 1, 1), (5, 2, 4, 1, 1), (5, 2, 4, 1, 1)),
        ((2, 3, 4), (2, 3, 4), (1, 1, 2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (1, 6, 2, 3, 4), (1, 6, 2, 3, 4), (1, 6, 2, 3, 4)),
        ((2, 1, 1), (2, 1, 1), (1, 1, 2, 1, 1), (2, 1, 1)),
    ],
)
@pytest.mark.parametrize("specification", [1, 3, 4])
def test_blobs_have_five_axes_in_older_files(
    make: Any, declared: Any, given: Any, blob: Any, result: Any, specification: int
) -> None:
    model = make(specification=specification)
    model.network.arrayInputShapeMapping = 0
    model.array("x", declared)
    model.array("y", declared, out=True)
    identity(model)
    x = np.random.default_rng(0).normal(size=given).astype(np.float32)
    runner = NeuralInterpreter(model.open())
    assert runner.run_intermediates({"x": x})["y"].shape == blob
    found = runner.run({"x": x})["y"]
    assert found.shape == result
    np.testing.assert_array_equal(found.ravel(), x.ravel())


def test_an_output_without_shape_is_a_vector_where_it_can_be(make: Any) -> None:
    model = make(specification=1)
    model.array("x", (3, 1, 1))
    model.array("y", (), out=True)
    identity(model)
    assert run(model, x=np.ones((3, 1, 1), np.float32))["y"].shape == (3,)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 2, 3, 4), (1, 1, 1, 2, 3, 4)])
def test_arrays_keep_their_rank_in_newer_files(make: Any, shape: Any) -> None:
    model = make()
    model.array("x", shape)
    model.array("y", (), out=True)
    identity(model)
    assert run(model, x=np.ones(shape, np.float32))["y"].shape == shape


def test_a_longer_blob_takes_the_declared_shape(make: Any) -> None:
    model = make()
    model.array("x", (1, 3, 1, 1))
    model.array("y", (1, 3), out=True)
    identity(model)
    assert run(model, x=np.ones((1, 3, 1, 1), np.float32))["y"].shape == (1, 3)


def test_rank_two_is_no_rank_of_older_files(make: Any) -> None:
    model = make(specification=3)
    model.array("x", (2, 3))
    model.array("y", (2, 3), out=True)
    identity(model)
    with pytest.raises(ModelFileError, match="rank that its mapping"):
        run(model, x=np.ones((2, 3), np.float32))


def test_exact_ranks_before_their_version_are_refused(make: Any) -> None:
    model = make(specification=3)
    model.network.arrayInputShapeMapping = 1
    with pytest.raises(ModelFileError, match="any rank"):
        model.open()


@pytest.mark.parametrize("short", [0, 1])
@pytest.mark.parametrize("color", ["RGB", "BGR"])
def test_pictures_are_scaled_and_shifted_by_their_own_channel(make: Any, color: Any, short: int) -> None:
    model = make()
    model.network.imageInputShapeMapping = short
    model.image("x", 2, 3, color)
    model.array("y", (), out=True)
    identity(model)
    scaler = model.network.preprocessing.add(featureName="x").scaler
    scaler.channelScale, scaler.redBias, scaler.greenBias, scaler.blueBias = 0.5, 1.0, 2.0, 3.0
    found = NeuralInterpreter(model.open()).run_intermediates({"x": PICTURE})["y"]
    expected = (PICTURE[0] * 0.5 + np.array([1.0, 2.0, 3.0])).transpose(2, 0, 1)
    expected = expected[::-1] if color == "BGR" else expected
    np.testing.assert_array_equal(found, expected[None] if short else expected[None, None])


def test_grey_pictures_and_mean_pictures(make: Any) -> None:
    model = make()
    model.image("x", 2, 3, "GRAYSCALE")
    model.image("y", 2, 3, "GRAYSCALE", out=True)
    identity(model)
    model.network.preprocessing.add(featureName="x").scaler.channelScale = 2.0
    model.network.preprocessing[0].scaler.grayBias = 5.0
    mean = np.arange(6, dtype=np.float32)
    put_mean = model.network.preprocessing.add(featureName="x").meanImage
    put_mean.meanImage.append(mean.tobytes())
    grey = PICTURE[..., :1]
    found = run(model, x=grey)["y"]
    assert found.dtype == np.uint8
    expected = np.clip(grey[0, ..., 0] * 2.0 + 5.0 - mean.reshape(2, 3), 0, 255)
    np.testing.assert_array_equal(found[0, ..., 0], expected)
    del put_mean.meanImage[:]
    put_mean.meanImage.append(mean[:5].tobytes())
    with pytest.raises(ModelFileError, match="mean picture"):
        run(model, x=grey)


def classifier(model: Handmade, labels: Any, name: str) -> None:
    model.array("x", (3,))
    model.model.description.output.add(name="label").type.stringType.SetInParent()
    probabilities = model.model.description.output.add(name="chances").type.dictionaryType
    probabilities.stringKeyType.SetInParent()
    model.model.description.predictedFeatureName = "label"
    model.model.description.predictedProbabilitiesName = "chances"
    model.layer("softmaxND", ["x"], ["p"], axis=-1)
    model.network.stringClassLabels.vector.extend(labels)
    model.network.labelProbabilityLayerName = name


@pytest.mark.parametrize("name", ["p", ""])
def test_a_classifier_gives_its_label_and_probabilities(make: Any, name: str) -> None:
    model = make("neuralNetworkClassifier")
    classifier(model, ["owl", "fox", "elk"], name)
    package = model.open()
    assert (package.labels, package.label_feature) == (("owl", "fox", "elk"), "label")
    x = np.array([0.0, 2.0, 1.0], np.float32)
    found = open_engine(package).run({"x": x})
    assert list(found) == ["label", "chances"]
    assert found["label"].item() == "fox"
    np.testing.assert_allclose(found["chances"], np.exp(x) / np.exp(x).sum(), rtol=1e-6)


def test_whole_number_labels_and_their_count(make: Any) -> None:
    model = make("neuralNetworkClassifier")
    classifier(model, [], "p")
    model.model.description.output[0].type.int64Type.SetInParent()
    model.network.int64ClassLabels.vector.extend([7, 40, 9])
    x = np.array([0.0, 2.0, 1.0], np.float32)
    assert run(model, x=x)["label"].item() == 40
    model.network.int64ClassLabels.vector.append(1)
    with pytest.raises(ModelFileError, match="number of probabilities"):
        run(model, x=x)


def test_a_regressor_gives_a_number(make: Any) -> None:
    model = make("neuralNetworkRegressor", specification=1)
    model.array("x", (3,), "float64")
    model.model.description.output.add(name="y").type.doubleType.SetInParent()
    params = model.layer("innerProduct", ["x"], ["y"], inputChannels=3, outputChannels=1)
    put(params.weights, [1.0, 2.0, 3.0])
    found = run(model, x=np.array([1.0, 1.0, 2.0]))["y"]
    assert (found.shape, found.dtype, float(found)) == ((), np.float64, 9.0)


def test_optional_inputs_are_zeros_or_their_default(make: Any) -> None:
    model = make()
    model.array("x", (2,))
    for name in ("a", "b"):
        feature = model.array(name, (2,))
        feature.type.isOptional = True
    feature.type.multiArrayType.floatDefaultValue = 5.0
    model.array("y", (2,), out=True)
    model.layer("add", ["x", "a", "b"], ["y"])
    x = np.array([1.0, 2.0], np.float32)
    assert run(model, x=x)["y"].tolist() == [6.0, 7.0]
    assert run(model, x=x, a=x, b=x)["y"].tolist() == [3.0, 6.0]
    with pytest.raises(InputError, match="not those of the model"):
        run(model, a=x)
    with pytest.raises(InputError, match="not those of the model"):
        run(model, x=x, z=x)


def test_flexible_shapes_run_at_every_admissible_size(make: Any) -> None:
    model = make()
    feature = model.array("x", (1, 2))
    for low, high in ((1, 1), (2, -1)):
        feature.type.multiArrayType.shapeRange.sizeRanges.add(lowerBound=low, upperBound=high)
    model.array("y", (1,), out=True)
    model.layer("reduceSum", ["x"], ["y"], axes=[-1])
    assert run(model, x=np.ones((1, 7), np.float32))["y"].tolist() == [7.0]
    with pytest.raises(InputError, match="another shape"):
        run(model, x=np.ones((1, 1), np.float32))


def test_precision_threads_and_facts(make: Any) -> None:
    model = make(specification=4)
    model.array("x", (2,))
    model.array("y", (2,), out=True)
    params = model.layer("innerProduct", ["x"], ["h"], inputChannels=2, outputChannels=2, hasBias=True)
    put(params.weights, [[1.0, 0.0], [0.0, 1.0]])
    params.bias.float16Value = np.array([2048, 0], np.float16).tobytes()
    model.layer("add", ["h"], ["y"], alpha=-2048.0)
    package = model.open()
    assert (package.minimum_ios, package.weight_storage) == ("13", {"float16": 4, "float32": 16})
    assert package.weight_bytes == 20
    assert [tuple(row) for row in package.operations()] == [
        ("innerProduct", "the_innerProduct", 20),
        ("add", "the_add", 0),
    ]
    x = np.array([0.75, 0.75], np.float32)
    assert NeuralInterpreter(package, threads=1).run({"x": x})["y"].tolist() == [0.75, -2047.25]
    half = open_engine(package, Precision.FP16)
    assert (half.kind, half.precision) == (EngineKind.REFERENCE, Precision.FP16)
    assert half.run({"x": x})["y"].tolist() == [0.0, -2047.0]


def test_half_floats_leave_whole_numbers_alone(make: Any) -> None:
    model = make()
    model.array("x", (1, 1), "int32")
    model.array("y", (1, 1), out=True)
    params = model.layer("embeddingND", ["x"], ["y"], vocabSize=2050, embeddingSize=1)
    put(params.weights, np.arange(2050) == 2049)
    assert run(model, precision=Precision.FP16, x=np.array([[2049]], np.int32))["y"].tolist() == [[1.0]]


def test_blobs_by_name(make: Any) -> None:
    model = make()
    model.array("x", (2,))
    model.array("y", (2,), out=True)
    model.layer("multiply", ["x"], ["h"], alpha=3.0)
    model.layer("multiply", ["h"], ["y"], alpha=2.0)
    runner = NeuralInterpreter(model.open())
    x = np.array([1.0, 2.0], np.float32)
    assert list(runner.run_intermediates({"x": x})) == ["h", "y"]
    assert runner.run_intermediates({"x": x}, ["x", "h"])["h"].tolist() == [3.0, 6.0]
    with pytest.raises(InputError, match="no such blob"):
        runner.run_intermediates({"x": x}, ["z"])


def broken(model: Handmade, layers: Any) -> None:
    model.array("x", (2,))
    model.array("y", (2,), out=True)
    for kind, inputs, outputs in layers:
        model.layer(kind, inputs, outputs)


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([("add", ["b"], ["a"]), ("add", ["a"], ["b"]), ("add", ["x"], ["y"])], "used before it is computed"),
        ([("add", ["nothing"], ["y"])], "does not exist"),
        ([("add", ["x"], ["y"]), ("multiply", ["x"], ["y"])], "computed twice"),
        ([("add", ["x"], ["x"])], "computed twice"),
        ([("add", [], ["y"])], "number of inputs"),
        ([("softmaxND", ["x", "x"], ["y"])], "number of inputs"),
        ([("add", ["x"], ["y", "z"])], "number of blobs|number of outputs"),
        ([("add", ["x"], ["z"])], "not computed by any layer"),
    ],
)
def test_graphs_that_contradict_themselves_are_refused(make: Any, layers: Any, text: str) -> None:
    model = make()
    broken(model, layers)
    with pytest.raises(ModelFileError, match=text):
        NeuralInterpreter(model.open())


def test_a_layer_that_cannot_be_computed_is_named(make: Any) -> None:
    model = make()
    broken(model, [("reshapeStatic", ["x"], ["y"])])
    model.network.layers[0].reshapeStatic.targetShape.append(3)
    with pytest.raises(ModelFileError, match=r"'the_reshapeStatic' \(reshapeStatic\) cannot be computed"):
        run(model, x=np.ones(2, np.float32))


def test_an_output_that_a_branch_left_out_is_named(make: Any) -> None:
    model = make()
    model.array("x", (1,))
    model.array("y", (1,), out=True)
    branch = model.layer("branch", ["x"], [])
    add_layer(branch.ifBranch.layers, "add", ["x"], ["y"], alpha=1.0)
    assert run(model, x=np.ones(1, np.float32))["y"].tolist() == [2.0]
    with pytest.raises(ModelFileError, match="was not computed in this run"):
        run(model, x=np.zeros(1, np.float32))


def test_layers_of_apps_and_of_newer_files_are_named(make: Any) -> None:
    model = make(specification=5)
    broken(model, [("custom", ["x"], ["y"])])
    with pytest.raises(UnsupportedError, match=r"'custom' cannot be run(.|\n)*specification 5"):
        NeuralInterpreter(model.open())
    model.network.layers[0].ClearField("custom")
    with pytest.raises(UnsupportedError, match="'none' cannot be run"):
        NeuralInterpreter(model.open())


def test_looking_into_a_file_needs_no_torch(make: Any) -> None:
    model = make()
    broken(model, [("add", ["x"], ["y"])])
    path = model.open().path
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from fieldpack.coreml.package import open_package\n"
        f"assert open_package({str(path)!r}).op_histogram() == {{'add': 1}}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Pipelines: values handed on by name, labels, pictures between models, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml import schema
from fieldpack.coreml.engine import open_engine
from fieldpack.coreml.neural.conftest import Handmade
from fieldpack.coreml.neural.pipeline import PipelineRunner
from fieldpack.coreml.neural.schema import message
from fieldpack.coreml.package import Package, open_package
from fieldpack.errors import InputError, ModelFileError, UnsupportedError


class Line:
    """A pipeline under construction, with the features of its own that it is given."""

    def __init__(self, folder: Path, kind: str = "pipeline") -> None:
        self.folder, self.kind = folder, kind
        self.outer = Handmade(folder, specification=5)
        self.models: list[Any] = []

    def stage(self, kind: str = "neuralNetwork") -> Handmade:
        made = Handmade(self.folder, kind)
        self.models.append(made)
        return made

    def open(self) -> Package:
        pipeline = message("Pipeline")
        for model in self.models:
            if isinstance(model, Handmade):
                setattr(model.model, model.kind, model.network.SerializeToString())
                model = model.model
            pipeline.models.append(model.SerializeToString())
        if self.kind != "pipeline":
            around = message(self.kind[0].upper() + self.kind[1:])
            around.pipeline.CopyFrom(pipeline)
            pipeline = around
        setattr(self.outer.model, self.kind, pipeline.SerializeToString())
        self.outer.path.write_bytes(self.outer.model.SerializeToString())
        return open_package(self.outer.path)


def scaled(
    model: Handmade, name: str, result: str, factor: float, shape: Any = (2,), dtype: str = "float32"
) -> None:
    model.array(name, shape, dtype)
    model.array(result, shape, dtype, out=True)
    model.layer("multiply", [name], [result], alpha=factor)


def test_values_are_handed_on_by_their_name(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.outer.array("x", (2,))
    line.outer.array("y", (2,), out=True)
    line.outer.array("h", (2,), out=True)
    scaled(line.stage(), "x", "h", 3.0, dtype="float64")
    line.models[0].model.description.input[0].type.multiArrayType.dataType = 65568
    last = line.stage()
    scaled(last, "h", "k", 2.0)
    last.array("x", (2,))
    last.array("y", (2,), out=True)
    last.layer("add", ["k", "x"], ["y"])
    package = line.open()
    assert [stage.model_type for stage in package.stages] == ["neuralNetwork", "neuralNetwork"]
    assert dict(package.op_histogram()) == {"multiply": 2, "add": 1}
    assert (package.minimum_ios, package.weight_storage) == ("14", {})
    runner = open_engine(package)
    assert isinstance(runner, PipelineRunner)
    x = np.array([1.0, -2.0], np.float32)
    found = runner.run({"x": x})
    assert {name: value.tolist() for name, value in found.items()} == {"y": [7.0, -14.0], "h": [3.0, -6.0]}
    assert runner.run_intermediates({"x": x}, ["k"])["k"].tolist() == [6.0, -12.0]
    assert list(runner.run_intermediates({"x": x})) == ["h", "k", "y"]
    for wrong in ({}, {"x": x, "h": x}):
        with pytest.raises(InputError, match="not those of the model"):
            runner.run(wrong)
    with pytest.raises(InputError, match="no such feature"):
        runner.run_intermediates({"x": x}, ["z"])


def test_a_classifier_at_the_end_gives_the_label(tmp_path: Path) -> None:
    line = Line(tmp_path, "pipelineClassifier")
    last = line.stage("neuralNetworkClassifier")
    for model in (line.outer, last):
        model.array("x", (2,))
        model.model.description.output.add(name="label").type.stringType.SetInParent()
        chances = model.model.description.output.add(name="chances").type.dictionaryType
        chances.stringKeyType.SetInParent()
        model.model.description.predictedFeatureName = "label"
        model.model.description.predictedProbabilitiesName = "chances"
    last.layer("softmaxND", ["x"], ["p"], axis=0)
    last.network.stringClassLabels.vector.extend(["owl", "fox"])
    package = line.open()
    assert package.labels == ("owl", "fox")
    found = PipelineRunner(package).run({"x": np.array([0.0, 1.0], np.float32)})
    assert found["label"].item() == "fox"
    np.testing.assert_allclose(found["chances"], [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-6)


def test_pictures_go_from_model_to_model(tmp_path: Path) -> None:
    line = Line(tmp_path, "pipelineRegressor")
    line.outer.image("x", 2, 2, "RGB")
    line.outer.array("y", (1, 3, 2, 2), out=True)
    first, last = line.stage(), line.stage()
    first.image("x", 2, 2, "RGB")
    first.image("dim", 2, 2, "BGR", out=True)
    first.layer("multiply", ["x"], ["dim"], alpha=0.5)
    last.image("dim", 2, 2, "RGB")
    last.array("y", (1, 3, 2, 2), out=True)
    last.layer("add", ["dim"], ["y"], alpha=1.0)
    picture = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3) * 20
    found = PipelineRunner(line.open()).run({"x": picture})["y"]
    # the first model's channels 0, 1, 2 are declared blue, green, red; the second one takes red first
    np.testing.assert_array_equal(found, (picture.transpose(0, 3, 1, 2)[:, ::-1] * 0.5) + 1)


def test_a_pipeline_in_a_pipeline_runs_and_has_an_end(tmp_path: Path) -> None:
    inner = Line(tmp_path)
    scaled(inner.stage(), "x", "y", 2.0)
    model = inner
    for _ in range(8):
        scaled_features(model)
        model.open()
        around = Line(tmp_path)
        around.models.append(model.outer.model)
        if _ == 1:
            scaled_features(around)
            found = PipelineRunner(around.open()).run({"x": np.ones(2, np.float32)})
            assert found["y"].tolist() == [2.0, 2.0]
            around = Line(tmp_path)
            around.models.append(model.outer.model)
        model = around
    scaled_features(model)
    with pytest.raises(ModelFileError, match="Too many pipelines"):
        PipelineRunner(model.open())


def scaled_features(line: Line) -> None:
    line.outer.array("x", (2,))
    line.outer.array("y", (2,), out=True)


def test_contradictions_are_refused(tmp_path: Path) -> None:
    line = Line(tmp_path)
    scaled_features(line)
    with pytest.raises(ModelFileError, match="holds no model"):
        line.open()
    scaled(line.stage(), "z", "y", 2.0)
    with pytest.raises(ModelFileError, match="takes a feature that no one gives"):
        PipelineRunner(line.open())
    line.models.clear()
    scaled(line.stage(), "x", "z", 2.0)
    with pytest.raises(ModelFileError, match="given by no model"):
        PipelineRunner(line.open())
    tree = schema.message("Model")
    tree.treeEnsembleClassifier = b"\x08\x01"
    line.models.append(tree)
    with pytest.raises(UnsupportedError, match=r"Model 1 of the pipeline(.|\n)*treeEnsembleClassifier"):
        PipelineRunner(line.open())


def test_a_model_that_does_not_take_what_another_gives_is_the_file_s_fault(tmp_path: Path) -> None:
    line = Line(tmp_path)
    scaled_features(line)
    scaled(line.stage(), "x", "h", 3.0)
    scaled(line.stage(), "h", "y", 3.0, shape=(3,))
    runner = PipelineRunner(line.open())
    with pytest.raises(ModelFileError, match="Model 1 of the pipeline"):
        runner.run({"x": np.ones(2, np.float32)})
    with pytest.raises(InputError, match="Model 0 of the pipeline"):
        runner.run({"x": np.ones(3, np.float32)})

"""Some taxa are the same as all, and cost less where the file lets its head be split off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import InputError
from fieldpack.range_model import RangeModel
from fieldpack.testing import TINY_LABELS, TINY_MODEL, layered_tflite, tiny_content
from fieldpack.tflite.head import split_head
from fieldpack.tflite.runner import TfliteRunner

GENERATOR = np.random.default_rng(3)
LAYERS = [GENERATOR.standard_normal(shape).astype(np.float32) for shape in ((6, 4), (5, 6), (3, 5))]
PLACES = (GENERATOR.uniform(-90, 90, 7), GENERATOR.uniform(-180, 180, 7))


def range_bundle(target: Path, layers: list[Any], *, activation: str = "sigmoid") -> Path:
    """The tiny bundle with layers in place of its model; its four numbers are the waves of a place."""
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        model = layered_tflite("vector", layers, sigmoid=activation == "sigmoid")
        writer.add_bytes(TINY_MODEL, model)
        fields["flavours"][0] |= {
            "digest": content_digest(writer.path(TINY_MODEL)),
            "installed_bytes": len(model),
        }
        fields["contract"]["inputs"] = [{"kind": "location", "name": "vector", "encoding": "sin_cos_4"}]
        output = fields["contract"]["outputs"][0]
        output |= {"activation": activation, "threshold": 0.5}
        if activation == "sigmoid":
            output |= {"thresholds": "labels/t.csv"}
            values = np.array([0.2, 0.8, np.nan], np.float32)
            writer.add_bytes("labels/t.csv", thresholds_bytes(TINY_LABELS, values))
        writer.commit(fields)
    return target


def test_some_taxa_are_the_same_as_all(tmp_path: Path) -> None:
    with open_bundle(range_bundle(tmp_path / "range", LAYERS)) as bundle:
        model = RangeModel(bundle)
        assert model.gathers
        every = model.scores(*PLACES)
        some = model.scores(*PLACES, taxa=("wasp", "bee"))
        assert every.shape == (7, 3)
        assert np.abs(some - every[:, [2, 0]]).max() < 1e-6
        assert model.thresholds.tolist() == pytest.approx([0.2, 0.8, 0.5])
        assert (model.expected(some, ("wasp", "bee")) == model.expected(every)[:, [2, 0]]).all()
        again = model.scores(PLACES[0][:2], PLACES[1][:2], taxa=("moth",))
        assert np.abs(again[:, 0] - every[:2, 1]).max() < 1e-6
        with pytest.raises(InputError, match="does not know this taxon"):
            model.scores(*PLACES, taxa=("ant",))


@pytest.mark.parametrize(
    ("layers", "activation"), [(LAYERS, "logits"), ([LAYERS[2] @ LAYERS[1] @ LAYERS[0]], "sigmoid")]
)
def test_a_file_that_cannot_be_split_answers_too(tmp_path: Path, layers: list[Any], activation: str) -> None:
    with open_bundle(range_bundle(tmp_path / "range", layers, activation=activation)) as bundle:
        model = RangeModel(bundle)
        assert not model.gathers
        some = model.scores(*PLACES, taxa=("wasp",))
        assert some.tolist() == model.scores(*PLACES)[:, 2:].tolist()


def test_the_trunk_leaves_the_head_s_weights_behind(tmp_path: Path) -> None:
    wide = [*LAYERS[:2], GENERATOR.standard_normal((20_000, 5)).astype(np.float32)]
    (tmp_path / "wide.tflite").write_bytes(layered_tflite("x", wide))
    found = split_head(tmp_path / "wide.tflite")
    assert found is not None
    trunk, head = found
    assert len(trunk) < 5000
    assert head.weights.shape == (20_000, 5)
    vector = GENERATOR.standard_normal((1, 4)).astype(np.float32)
    features = next(iter(TfliteRunner(trunk).run({"x": vector}).values()))
    assert np.allclose(features, vector @ LAYERS[0].T @ LAYERS[1].T, atol=1e-5)


def test_a_model_that_takes_no_places_is_refused(tmp_path: Path) -> None:
    from fieldpack.testing import tiny_bundle

    with (
        open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle,
        pytest.raises(InputError, match="takes places"),
    ):
        RangeModel(bundle)

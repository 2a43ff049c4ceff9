"""The export of bundles made by hand: what is written, what it answers, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json, digest_text
from fieldpack.cli.main import main
from fieldpack.errors import ContractError, ConversionError, InputError, UnsupportedError
from fieldpack.exports.inat_vision_camera import facts, testing
from fieldpack.exports.inat_vision_camera.conftest import (
    MEAN_STD,
    PictureModel,
    picture_bundle,
    place_bundle,
)
from fieldpack.exports.inat_vision_camera.core_ml_surgery import interpolation
from fieldpack.exports.inat_vision_camera.export import Choices, Exported, export
from fieldpack.exports.inat_vision_camera.golden_check import resized
from fieldpack.exports.inat_vision_camera.testdata import android_reader, ios_reader
from fieldpack.tflite.file import open_model
from fieldpack.tflite.runner import TfliteRunner
from fieldpack.verdict import Outcome

SERVER = {"kind": "inaturalist_5", "highest_m": 6574.0, "lowest_m": 32768.0, "missing_m": -32768.0}
GOOD = PictureModel(size=32)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return [picture_bundle(folder / "pictures", GOOD), place_bundle(folder / "places")]


@pytest.fixture(scope="module")
def made(bundles: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(bundles, tmp_path_factory.mktemp("out") / "app", Choices())


def test_the_directory_passes_its_own_rules_and_gives_the_flavours_scores(made: Exported) -> None:
    assert made.lint.outcome is Outcome.PASS
    assert {finding.rule.id for finding in made.lint.findings} == set()
    assert [figure.evidence for figure in made.golden] == ["host", "host", "reference", "reference"]
    assert max(figure.difference for figure in made.golden) < 1e-6


def test_whoever_may_read_new_folders_may_read_the_directory(made: Exported, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert made.folder.stat().st_mode == (tmp_path / "new").stat().st_mode
    assert sorted(item.name for item in made.folder.parent.iterdir() if item.name.startswith(".")) == []


def test_both_strict_readers_load_one_tree(made: Exported) -> None:
    android = android_reader.read(made.folder / "android" / "taxonomy_pictures_1_0_0.csv")
    ios = ios_reader.read(made.folder / "ios" / "taxonomy_pictures_1_0_0.json")
    assert android.facts() == ios.facts()
    assert android.facts()[902] == (900, 10.0, "1", 0.5, "Bombus, sensu lato")
    assert android.model_size == testing.COUNT
    assert android.rollup((1, 2, 3, 4)) == ios.rollup((1, 2, 3, 4))


def test_the_tflite_files_have_the_ends_that_the_plugin_reads(made: Exported) -> None:
    for name, shape in (("pictures", facts.VISION_INPUT), ("geomodel_places", facts.GEO_INPUT)):
        model = open_model(made.folder / "android" / f"{name}_1_0_0.tflite")
        assert [(t.name, t.shape, t.dtype) for t in model.inputs] == [("input_1", shape, "float32")]
        assert [(t.name, t.shape, t.dtype) for t in model.outputs] == [("Identity", (1, 4), "float32")]
        assert model.input_names == ("input_1",)


def test_the_record_names_every_file_with_its_digest(made: Exported) -> None:
    record = json.loads((made.folder / "export.json").read_text())
    assert set(record["files"]) == set(made.files) - {"export.json"}
    assert record["model_version"] == facts.DEFAULT_MODEL_VERSION
    assert [bundle["name"] for bundle in record["bundles"]] == ["pictures", "places"]
    edits = (made.folder / "APP_EDITS.md").read_text()
    assert all(name.rpartition("/")[2] in edits for name in record["files"] if "/" in name)
    assert "CV_MODEL_VERSION=2.20" in (made.folder / "env.inaturalist").read_text()


def test_the_same_bundles_give_the_same_files(made: Exported, bundles: list[Path], tmp_path: Path) -> None:
    again = export(bundles[::-1], tmp_path / "again", Choices())
    for name in made.files:
        if name != "export.json":  # names the bundles in the order that they came in
            assert (again.folder / name).read_bytes() == (made.folder / name).read_bytes(), name


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(
            PictureModel(normalization=MEAN_STD), id="own size, three scales", marks=pytest.mark.full
        ),
        pytest.param(
            PictureModel(size=40, normalization=MEAN_STD, color="bgr", activation="softmax"), id="blue first"
        ),
        pytest.param(PictureModel(size=24, integers=True, activation="softmax"), id="integers"),
        pytest.param(PictureModel(size=320, outputs=2), id="larger, two outputs", marks=pytest.mark.full),
    ],
)
def test_pictures_of_every_kind_come_through(
    model: PictureModel, bundles: list[Path], tmp_path: Path
) -> None:
    picture = picture_bundle(tmp_path / "pictures", model)
    made = export([picture, bundles[1]], tmp_path / "out", Choices())
    allowed = 0.01 if model.integers else 1e-5
    assert max(figure.difference for figure in made.golden) < allowed
    assert ("softmax of the TFLite flavour was in integers" in " ".join(made.notes)) is model.integers


@pytest.mark.parametrize("encoding", [SERVER, "sin_cos_4"], ids=["server's elevations", "no elevation"])
def test_places_are_brought_to_the_plugins_numbers(
    encoding: Any, bundles: list[Path], tmp_path: Path
) -> None:
    place = place_bundle(tmp_path / "places", encoding)
    made = export([bundles[0], place], tmp_path / "out", Choices())
    assert max(figure.difference for figure in made.golden) < 1e-6
    runner = TfliteRunner(made.folder / "android" / "geomodel_places_1_0_0.tflite")
    plain = TfliteRunner(place / "model.tflite")
    for elevation in (3000.0, 0.0, -500.0, -32768.0):
        fed = np.array([facts.location_vector(47.0, 8.5, elevation)], np.float32)
        if encoding == "sin_cos_4":
            own = fed[:, :4]
        else:
            own = fed.copy()
            own[0, 4] = elevation / (6574.0 if elevation > 0 else 32768.0)
        (got,) = runner.run({"input_1": fed}).values()
        (wanted,) = plain.run({"place": own}).values()
        assert np.allclose(got, wanted, atol=1e-6)


def test_logits_get_a_sigmoid_and_a_floor(bundles: list[Path], tmp_path: Path) -> None:
    place = place_bundle(tmp_path / "places", activation="logits")
    made = export([bundles[0], place], tmp_path / "out", Choices(geo_floor=0.25))
    assert max(figure.difference for figure in made.golden) < 1e-6
    (got,) = (
        TfliteRunner(made.folder / "android" / "geomodel_places_1_0_0.tflite")
        .run({"input_1": np.array([[-3, -3, -3, 3, 3]], np.float32)})
        .values()
    )
    assert got.min() == 0.25
    assert {finding.rule.id for finding in made.lint.findings} == {"geo-floor-threshold"}
    assert "thresholds of 3 taxa lie at or below it" in " ".join(made.notes)


def test_taxonomy_and_thresholds_come_from_files_too(bundles: list[Path], tmp_path: Path) -> None:
    picture = picture_bundle(tmp_path / "pictures", PictureModel(size=32, taxonomy=False))
    rows = testing.taxa()
    (tmp_path / "tree.csv").write_text(testing.csv_text(rows), encoding="utf-8")
    (tmp_path / "limits.csv").write_text("taxon_id,thres\n901,0.9\n902,0.8\n903,0.7\n47126,0.6\n")
    with pytest.raises(ContractError, match=r"holds none(?s:.*)--taxonomy"):
        export([picture, bundles[1]], tmp_path / "out", Choices())
    choices = Choices(taxonomy=tmp_path / "tree.csv", thresholds=tmp_path / "limits.csv")
    made = export([picture, bundles[1]], tmp_path / "out", choices)
    tree = android_reader.read(made.folder / "android" / "taxonomy_pictures_1_0_0.csv").facts()
    assert [tree[taxon][3] for taxon in (901, 902, 903, 47126)] == [0.9, 0.8, 0.7, 0.6]


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(PictureModel(size=40, normalization=MEAN_STD, color="bgr"), id="blue first"),
        pytest.param(
            PictureModel(size=32, activation="softmax"), id="softmax inside", marks=pytest.mark.full
        ),
    ],
)
def test_the_program_of_the_flavour_is_kept_on_demand(model: PictureModel, tmp_path: Path) -> None:
    picture = picture_bundle(tmp_path / "pictures", model)
    place = place_bundle(tmp_path / "places", SERVER, activation="logits")
    made = export([picture, place], tmp_path / "out", Choices(core_ml="mlprogram", geo_floor=0.001))
    assert max(figure.difference for figure in made.golden) < 1e-6
    assert {finding.rule.id for finding in made.lint.findings} == {"coreml-single-file"}
    assert "use `-e`" in (made.folder / "APP_EDITS.md").read_text().lower()
    assert (made.folder / "ios" / "pictures_1_0_0.mlpackage" / "Manifest.json").is_file()


def test_a_program_for_a_later_system_is_refused(bundles: list[Path], tmp_path: Path) -> None:
    later = picture_bundle(tmp_path / "later", PictureModel(size=32, opset="CoreML6"))
    words = "(?s)needs iOS 16.*--coreml neuralnetwork, or build a flavour with minimum_ios"
    refused([later, bundles[1]], tmp_path, ConversionError, words, core_ml="mlprogram")


def test_thresholds_refitted_on_flavours_become_the_lower_of_both(
    bundles: list[Path], tmp_path: Path
) -> None:
    nan = float("nan")
    fitted = {"tflite": [0.25, 0.5, nan, 0.75], "coreml": [0.375, 0.125, nan, 0.75]}
    place = place_bundle(tmp_path / "places", fitted=fitted)
    made = export([bundles[0], place], tmp_path / "out", Choices())
    tree = ios_reader.read(made.folder / "ios" / "taxonomy_pictures_1_0_0.json").facts()
    assert [tree[taxon][3] for taxon in (901, 902, 903, 47126)] == [0.25, 0.125, 0.5, 0.75]
    assert "up to 0.38 apart" in " ".join(made.notes)


# -- refusals: an error, and nothing at the target ----------------------------------------------------------


def refused(bundles: list[Path], tmp_path: Path, error: type[Exception], text: str, **choices: Any) -> None:
    target = tmp_path / "refused"
    with pytest.raises(error, match=text):
        export(bundles, target, Choices(**choices))
    assert not target.exists()
    assert not list(tmp_path.glob(".fieldpack-export-*"))


def test_inputs_that_the_app_does_not_have_are_refused(bundles: list[Path], tmp_path: Path) -> None:
    for number, encoding in enumerate(("degrees", "sinusoidal_14")):
        place = place_bundle_of_other_width(tmp_path / f"places{number}", encoding)
        refused([bundles[0], place], tmp_path, UnsupportedError, f"encodes places as {encoding}")


def place_bundle_of_other_width(target: Path, encoding: str) -> Path:
    """A bundle of places whose manifest says another encoding; it is refused before a model is opened."""
    good = place_bundle(target.with_name(f"{target.name}-good"))
    shutil.copytree(good, target)
    text = (target / "manifest.json").read_text()
    before = json.loads(text)["contract"]["inputs"][0]["encoding"]
    document = json.loads(text)
    assert before["kind"] == "inaturalist_5"
    document["contract"]["inputs"][0]["encoding"] = {"kind": encoding}
    return resealed(target, document)


def resealed(folder: Path, document: dict[str, Any]) -> Path:
    """Write a manifest and the digest that goes with it."""
    data = canonical_json(document)
    (folder / "manifest.json").write_bytes(data)
    (folder / "DIGEST").write_bytes(digest_text(sha256_bytes(data)))
    return folder


def test_activations_that_mean_something_else_are_refused(bundles: list[Path], tmp_path: Path) -> None:
    independent = picture_bundle(tmp_path / "independent", PictureModel(size=32))
    text = json.loads((independent / "manifest.json").read_text())
    text["contract"]["outputs"][0] |= {"threshold": 0.5, "sensitivity": {"value": 1.0, "limit": 15.0}}
    resealed(independent, text)
    refused([independent, bundles[1]], tmp_path, UnsupportedError, "logits of independent labels")
    place = place_bundle(tmp_path / "places")
    text = json.loads((place / "manifest.json").read_text())
    text["contract"]["outputs"][0] |= {"activation": "softmax"}
    resealed(place, text)
    refused([bundles[0], place], tmp_path, UnsupportedError, "needs a sigmoid here")


def test_labels_must_be_the_same(bundles: list[Path], tmp_path: Path) -> None:
    labels = ("Plantae", "Apis mellifera", "Bombus, sensu lato", "Lepidoptera")
    place = place_bundle(tmp_path / "places", labels=labels)
    refused([bundles[0], place], tmp_path, ContractError, r"the same labels(?s:.*)first at 0")


def test_wrong_choices_are_refused(bundles: list[Path], tmp_path: Path) -> None:
    refused(bundles, tmp_path, InputError, "does not admit", version="1.0")
    refused(bundles, tmp_path, InputError, "no score", geo_floor=1.5)
    refused(bundles, tmp_path, InputError, "such a flavour", flavours=("tflite-int4",))
    refused(bundles[:1], tmp_path, InputError, "bundle of places")
    refused(bundles[1:], tmp_path, InputError, "one model of pictures")
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="something at the target"):
        export(bundles, tmp_path / "there", Choices())


def test_a_broken_rule_leaves_nothing(bundles: list[Path], tmp_path: Path) -> None:
    """Model version 2.30 is for a plugin that no release is yet; the linter of the export says so."""
    refused(bundles, tmp_path, ConversionError, "model-version", version="2.30")


def test_scores_that_differ_from_the_flavours_leave_nothing(
    bundles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(size: int, target: int) -> Any:
        return np.roll(interpolation(size, target), 1, axis=1)

    monkeypatch.setattr("fieldpack.exports.inat_vision_camera.core_ml_surgery.interpolation", shifted)
    refused(bundles, tmp_path, ConversionError, "does not give the scores")


@pytest.mark.parametrize(("size", "target"), [(299, 64), (299, 224), (299, 480), (5, 1), (1, 3)])
def test_the_matrix_of_a_resize_is_the_resize(size: int, target: int) -> None:
    line = np.random.default_rng(1).uniform(0, 255, (1, size, 1, 1))
    wanted = resized(line, target, 1)[0, :, 0, 0]
    assert np.allclose(interpolation(size, target) @ line[0, :, 0, 0], wanted, atol=1e-3)


def test_the_command_writes_and_says_what(
    bundles: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "app"
    arguments = ["export", *map(str, bundles), "--for", facts.TARGET, "--out", str(target)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for text in ("android/pictures_1_0_0.tflite", "host", "reference", "APP_EDITS.md", "lint: PASS"):
        assert text in printed
    assert main(["lint", str(target), "--for", facts.TARGET]) == 0
    assert main(arguments) == 2

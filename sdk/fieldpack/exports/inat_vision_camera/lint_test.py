"""Every rule on a directory that keeps it and on one that breaks it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from fieldpack import schemas
from fieldpack.cli.main import main
from fieldpack.errors import InputError
from fieldpack.exports.inat_vision_camera import facts, testing
from fieldpack.exports.inat_vision_camera.answers import place_distance
from fieldpack.exports.inat_vision_camera.lint import LintResult, lint
from fieldpack.exports.inat_vision_camera.planted_faults import PLANTS
from fieldpack.exports.inat_vision_camera.rule import Finding, Severity
from fieldpack.exports.inat_vision_camera.rules import _rule_list, behaviour
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES
from fieldpack.exports.inat_vision_camera.rules.tflite_files import runs_on
from fieldpack.exports.inat_vision_camera.sarif import as_sarif
from fieldpack.tflite import load_check
from fieldpack.verdict import Outcome

NASTY = (
    b"NaN",
    b"1e999",
    b"-1",
    b'"',
    b",,,",
    b"null",
    b"[]",
    b"{}",
    b"true",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"48460",
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return testing.write_directory(tmp_path_factory.mktemp("plugin") / "good")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "linted"))


@pytest.fixture(autouse=True)
def tried_once(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteRT is tried in a child process on changed files only: the good ones passed before."""
    known = {(good / name).read_bytes() for name in (testing.ANDROID_VISION, testing.ANDROID_GEO)}
    check_loads = load_check.check_loads

    def once(path: Path) -> None:
        if path.parent == good or path.read_bytes() not in known:
            check_loads(path)

    monkeypatch.setattr(load_check, "check_loads", once)


def broken(result: LintResult) -> set[str]:
    return {finding.rule.id for finding in result.findings}


def test_a_good_directory_breaks_no_rule(good: Path) -> None:
    result = lint(good)
    assert result.findings == ()
    assert result.not_run == {}
    assert result.outcome is Outcome.PASS
    assert len(result.files) == 6


def test_every_rule_has_a_planted_fault() -> None:
    assert set(PLANTS) == set(RULES)
    assert len(RULES) >= 40


@pytest.mark.parametrize("rule", PLANTS)
def test_a_planted_fault_is_found_and_no_other(rule: str, folder: Path) -> None:
    plant = PLANTS[rule]
    plant.make(folder)
    result = lint(folder, plant.plugin, run=plant.runs)
    assert broken(result) == {rule, *plant.also}
    if RULES[rule].severity is Severity.ERROR:
        assert result.outcome is Outcome.FAIL


# -- what looks like a fault and is none -------------------------------------------------------------


def test_a_dynamic_batch_of_one_is_no_fault(folder: Path) -> None:
    model = testing.vision_tflite()
    model.graph.tensors[model.inputs[0]].shapeSignature = [-1, *facts.VISION_INPUT[1:]]
    (folder / testing.ANDROID_VISION).write_bytes(model.content())
    assert broken(lint(folder, run=False)) == set()


def test_further_columns_and_absent_keys_are_no_fault(folder: Path) -> None:
    rows = testing.taxa()
    columns = (*facts.COLUMNS[:4], "iconic_class_id", *facts.COLUMNS[4:])
    text = testing.csv_text([row | {"iconic_class_id": 3} for row in rows], columns)
    (folder / testing.CSV).write_text(text, encoding="utf-8", newline="\n")
    sparse = [{key: value for key, value in row.items() if value is not None} for row in rows]
    (folder / testing.JSON).write_text(json.dumps(sparse), encoding="utf-8")
    assert broken(lint(folder, run=False)) == set()


def test_the_same_assets_in_debug_and_release_are_one_candidate(folder: Path) -> None:
    (folder / testing.ENV).unlink()
    for build in ("debug", "release"):
        assets = folder / build / "assets" / "camera"
        assets.mkdir(parents=True)
        for name in (testing.ANDROID_VISION, testing.ANDROID_GEO, testing.CSV):
            shutil.copy(folder / name, assets / name)
    assert broken(lint(folder, run=False)) == set()


def test_the_env_fragment_chooses_among_several(folder: Path) -> None:
    weights = testing.vision_weights(5)
    (folder / "aside.tflite").write_bytes(testing.vision_tflite(weights=weights).content())
    assert broken(lint(folder, run=False)) == set()


def test_names_of_seek_come_from_its_config(folder: Path) -> None:
    (folder / testing.ENV).unlink()
    names = (testing.ANDROID_VISION, testing.CSV, testing.ANDROID_GEO, testing.IOS_VISION, testing.JSON)
    lines = [f'  {key}: "{name}",' for key, name in zip(facts.ENV_KEYS, names, strict=False)]
    (folder / "config.example.js").write_text("\n".join(["export default {", *lines, "};"]), encoding="utf-8")
    assert broken(lint(folder, run=False)) == {"env-key-missing"}
    closed = [*lines, f'  {facts.ENV_KEYS[-1]}: "{testing.IOS_GEO}",']
    (folder / "config.example.js").write_text(
        "\n".join(["export default {", *closed, "};"]), encoding="utf-8"
    )
    assert broken(lint(folder, run=False)) == set()


# -- versions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "version", "plugin", "fits"),
    [
        ("FULLY_CONNECTED", 13, "6.0.0", True),
        ("FULLY_CONNECTED", 14, "6.0.0", False),
        ("DEQUANTIZE", 6, "6.0.0", True),
        ("DEQUANTIZE", 7, "6.0.0", False),
        ("CONV_2D", 8, "6.0.0", True),
        ("CONV_2D", 8, "5.3.0", False),
        ("PAD", 4, "6.0.0", True),
        ("PAD", 5, "6.0.0", False),
        ("SQRT", 2, "6.0.0", False),
    ],
)
def test_operator_versions_follow_the_runtime_of_the_plugin(
    operator: str, version: int, plugin: str, fits: bool
) -> None:
    assert runs_on(operator, version, plugin) is fits


@pytest.mark.parametrize(
    ("version", "plugin", "fits"), [("2.30", facts.MAIN, True), ("2.30", "6.0.0", False)]
)
def test_model_versions_follow_the_plugin(version: str, plugin: str, fits: bool, folder: Path) -> None:
    (folder / testing.ENV).write_text(testing.env_text(version), encoding="utf-8", newline="\n")
    assert (broken(lint(folder, plugin, run=False)) == set()) is fits


# -- other directories ----------------------------------------------------------------------------------


def test_a_compiled_model_is_read_by_its_metadata(folder: Path) -> None:
    (folder / testing.ENV).unlink()
    (folder / testing.IOS_GEO).unlink()
    compiled = folder / "geomodel.mlmodelc"
    compiled.mkdir()
    array = {"type": "MultiArray", "dataType": "Double", "shape": "[1, 5]", "name": facts.GEO_INPUT_NAME}
    scores = {"type": "MultiArray", "dataType": "Float32", "shape": "[1, 4]", "name": facts.GEO_OUTPUT_NAME}
    stated = [{"specificationVersion": 4, "inputSchema": [array], "outputSchema": [scores]}]
    (compiled / "metadata.json").write_text(json.dumps(stated), encoding="utf-8")
    result = lint(folder)
    assert broken(result) == set()
    assert result.not_run == {"geomodel.mlmodelc": "A compiled model is not run here: geomodel.mlmodelc"}
    assert result.outcome is Outcome.INCONCLUSIVE
    scores["dataType"] = "Float16"
    (compiled / "metadata.json").write_text(json.dumps(stated), encoding="utf-8")
    assert broken(lint(folder, run=False)) == {"coreml-output-type"}


def test_a_compiled_model_beside_its_source_is_no_second_candidate(folder: Path) -> None:
    (folder / testing.ENV).unlink()
    compiled = folder / "geo.mlmodelc"
    compiled.mkdir()
    (compiled / "metadata.json").write_text("[]")
    assert broken(lint(folder, run=False)) == set()


def test_an_empty_directory_lacks_everything(tmp_path: Path) -> None:
    assert len(lint(tmp_path).findings) == 6


def test_what_is_asked_wrongly_is_an_error(good: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such directory"):
        lint(tmp_path / "gone")
    with pytest.raises(InputError, match="No such plugin"):
        lint(good, "1.2.3")
    with pytest.raises(InputError, match="no share"):
        lint(good, tolerance=2)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("taxonomy.json", b"[" * 100_000),
        ("taxonomy.json", b'[{"taxon_id": 1e400, "parent_taxon_id": {}, "leaf_class_id": [1]}]'),
        ("taxonomy.csv", b"taxon_id\n\xff\xfe\n"),
        ("taxonomy.csv", b"taxon_id,name\n1e999,x\n"),
        ("vision.tflite", b""),
        ("geo.tflite", b"version https://git-lfs.github.com/spec/v1\n"),
        ("geo.mlmodel", b""),
        (".env", b"ANDROID_MODEL_FILE_NAME=../../etc/passwd\n"),
    ],
)
def test_hostile_files_end_in_findings(name: str, data: bytes, folder: Path) -> None:
    (folder / name).write_bytes(data)
    assert lint(folder, run=False).outcome is Outcome.FAIL


def test_a_specification_of_the_future_needs_a_later_system(folder: Path) -> None:
    (folder / testing.IOS_VISION).write_bytes(testing.vision_core_ml(specification=99).content())
    assert broken(lint(folder, run=False)) == {"coreml-ios-version"}


def test_pipes_are_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "taxonomy_new.csv")
    assert broken(lint(folder, run=False)) == set()


@pytest.mark.parametrize("name", [testing.CSV, testing.JSON, testing.ENV])
@hypothesis.given(data=strategies.data())
@hypothesis.settings(max_examples=40)
def test_no_text_file_stops_the_linter(
    name: str, data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A good file with a stretch of it replaced by anything."""
    folder = tmp_path_factory.mktemp("any")
    testing.write_taxonomies(folder, testing.taxa())
    (folder / testing.ENV).write_text(testing.env_text(), encoding="utf-8", newline="\n")
    good = (folder / name).read_bytes()
    start = data.draw(strategies.integers(0, len(good)))
    length = data.draw(strategies.integers(0, 40))
    put = data.draw(strategies.one_of(strategies.binary(max_size=30), strategies.sampled_from(NASTY)))
    (folder / name).write_bytes(good[:start] + put + good[start + length :])
    result = lint(folder, run=False)
    json.dumps(as_sarif(result))
    assert result.findings  # the models are missing


def test_links_are_not_followed(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "more.tflite").symlink_to(folder / testing.ANDROID_VISION)
    assert broken(lint(folder, run=False)) == set()


def test_models_of_others_are_judged(tmp_path: Path) -> None:
    """The public 8-bit bird model: bytes in, bytes out, 224 pixels."""
    data = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[5] / "shared" / "data"))
    birds = data / "models/vision/coral/mobilenet_v2_1.0_224_inat_bird_quant.tflite"
    if not birds.is_file():
        pytest.skip(f"no {birds}; set FIELDPACK_DATA to the folder of shared models")
    shutil.copy(birds, tmp_path)
    found = broken(lint(tmp_path, run=False))
    assert found >= {"tflite-input-type", "tflite-output-type", "tflite-vision-input-shape"}


# -- the command ------------------------------------------------------------------------------------------


def test_the_table_names_file_rule_consequences_and_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PLANTS["parent-life"].make(folder)
    assert main(["lint", str(folder), "--for", "inat-vision-camera", "--no-run"]) == 1
    printed = capsys.readouterr().out
    rule = RULES["parent-life"]
    for text in ("taxonomy.json:7", "parent-life", rule.android, rule.ios, rule.remedy, "lint: FAIL"):
        assert text in printed


def test_json_holds_every_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PLANTS["threshold-missing"].make(folder)
    assert main(["lint", str(folder), "--for", "inat-vision-camera", "--format", "json", "--no-run"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["outcome"] == "inconclusive"
    assert {item["rule"] for item in document["findings"]} == {"threshold-missing"}
    assert document["findings"][0]["severity"] == "warning"
    assert len(document["not_run"]) == 4


def test_sarif_keeps_its_schema_and_what_services_ask_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    PLANTS["csv-nan"].make(folder)
    assert main(["lint", folder.name, "--for", "inat-vision-camera", "--format", "sarif", "--no-run"]) == 1
    log = json.loads(capsys.readouterr().out)
    assert schemas.sarif_faults(log) == []
    assert list(schemas.code_scanning_faults(log)) == []
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 4
    places = [item["locations"][0]["physicalLocation"] for item in run["results"]]
    lines = {(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places}
    assert lines == {(f"linted/{item.file}", item.line) for item in lint(folder, run=False).findings}


def test_findings_of_a_rule_in_one_file_have_fingerprints_of_their_own(good: Path) -> None:
    rule = RULES["csv-nan"]
    findings = tuple(Finding(rule, testing.CSV, f"line {line}", line) for line in (3, 4))
    log = as_sarif(LintResult(good, facts.DEFAULT_PLUGIN, {}, findings, {}))
    prints = [item["partialFingerprints"]["primaryLocationLineHash"] for item in log["runs"][0]["results"]]
    assert [item[-2:] for item in prints] == [":1", ":2"]
    assert prints[0][:-2] == prints[1][:-2]
    assert list(schemas.code_scanning_faults(log)) == []


def test_every_rule_says_what_happens_and_what_to_do() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
        assert rule.looks_at
        assert rule.android
        assert rule.ios
        assert rule.remedy


def test_the_list_holds_every_module_of_the_folder() -> None:
    folder = Path(_rule_list.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "_rule_list"}
    listed = {module.__name__.rpartition(".")[2] for module in (*_rule_list.SUBJECTS, behaviour)}
    assert modules == listed


def test_the_distance_of_places_is_the_same_for_few_and_for_many_taxa() -> None:
    rng = np.random.default_rng(0)
    few = rng.uniform(size=(8, 4))
    other = np.clip(few + rng.normal(0, 0.02, few.shape), 0, 1)
    many = [np.concatenate([scores, np.zeros((8, 10_000))], axis=1) for scores in (few, other)]
    assert place_distance(few, other) == pytest.approx(place_distance(*many))
    assert 0.01 < place_distance(few, other) < 0.1
    assert place_distance(few, few) == 0
    assert place_distance(np.eye(4), 1 - np.eye(4)) == 1
    assert place_distance(np.zeros((2, 2)), np.zeros((2, 2))) == 0

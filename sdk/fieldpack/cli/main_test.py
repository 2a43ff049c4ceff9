from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.cli.main import COMMANDS, main
from fieldpack.testing import tiny_bundle, tiny_golden, tiny_tflite


def test_every_command_has_its_file_and_every_file_its_command() -> None:
    folder = Path(__file__).parent
    helpers = {"__init__", "difference", "main", "predict_scene", "tasks", "terminal", "verdicts", "words"}
    files = {path.stem for path in folder.glob("*.py") if not path.stem.endswith("_test")} - helpers
    assert files == {command.replace("-", "_") for command in COMMANDS}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert COMMANDS[command] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["gate"], ["predict"], ["--nonsense"], ["predict", "x", "y", "--top", "0"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_a_prediction_without_a_file_or_a_place_is_exit_code_2() -> None:
    assert main(["predict", "x"]) == 2


def test_inspect_and_verify_a_bundle_as_text_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(tiny_bundle(tmp_path / "tiny.fieldpack"))
    assert main(["verify", bundle]) == 0
    assert "verify: PASS" in capsys.readouterr().out
    assert main(["verify", bundle, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["outcome"] == "pass"
    assert main(["inspect", bundle, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == document["digest"]
    assert main(["inspect", bundle]) == 0
    assert document["digest"] in capsys.readouterr().out


def test_verify_fails_with_exit_code_1_and_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    (bundle / "extra.bin").write_bytes(b"x")
    assert main(["verify", str(bundle)]) == 1
    out = capsys.readouterr().out
    assert "extra.bin" in out
    assert "verify: FAIL" in out


@pytest.mark.parametrize(("command", "code"), [("gate", 1), ("report", 2)])
def test_an_altered_bundle_is_neither_gated_nor_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, code: int
) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    with (bundle / "tflite-float32/model.tflite").open("r+b") as file:
        file.seek(200)
        file.write(b"XXXX")
    assert main([command, str(bundle)]) == code
    captured = capsys.readouterr()
    assert "model.tflite" in captured.out + captured.err
    assert sorted(item.name for item in tmp_path.iterdir()) == ["tiny"]


def test_layers_are_listed_as_rules_name_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny.tflite").write_bytes(tiny_tflite())
    assert main(["inspect", str(tmp_path / "tiny.tflite"), "--layers", "--json"]) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert [layer["operator"] for layer in layers] == ["FULLY_CONNECTED", "SOFTMAX"]
    assert all(layer["name"] for layer in layers)


def test_inspect_says_which_files_it_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.keras").write_bytes(b"PK")
    assert main(["inspect", str(tmp_path / "model.keras")]) == 2
    assert ".tflite or .mlpackage" in capsys.readouterr().err


def test_predict_prints_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    vectors, scores = tiny_golden()
    np.save(tmp_path / "x.npy", vectors[0])
    bundle = str(tiny_bundle(tmp_path / "tiny"))
    assert main(["predict", bundle, str(tmp_path / "x.npy"), "--json", "--top", "1"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert answer["evidence"] == "host"
    assert answer["outputs"]["scores"][0]["score"] == pytest.approx(float(scores[0].max()), abs=1e-5)


def test_bad_input_is_exit_code_2_as_text_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
    assert main(["build", str(tmp_path / "none.toml"), "--out", str(tmp_path / "out"), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 2
    assert document["error"]["kind"] == "SpecError"
    assert not (tmp_path / "out").exists()


def test_an_unforeseen_error_is_exit_code_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("fieldpack.bundle.read.open_bundle", broken)
    assert main(["inspect", str(tmp_path)]) == 5
    assert "nobody foresaw this" in capsys.readouterr().err


@pytest.mark.parametrize("document", ["spec", "budget", "manifest"])
def test_schemas_are_json_schema(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", document]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False

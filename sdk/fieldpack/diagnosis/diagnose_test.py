from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.diagnosis.causes._cause_list import CAUSES
from fieldpack.diagnosis.conftest import QuantisedWriter
from fieldpack.diagnosis.diagnose import diagnose_bundle, diagnose_file
from fieldpack.errors import InputError, ModelFileError
from fieldpack.testing import tiny_bundle, tiny_content, tiny_tflite

INT8 = "tflite-int8/model.tflite"


def weak(path: Path) -> Path:
    """Four numbers into three scores that saturate: a scale of 0.1 for scores of some units."""
    writer = QuantisedWriter()
    x = writer.tensor("vector", (1, 4))
    stored = writer.activation("stored", (1, 4), -1, 1)
    logits = writer.activation("logits", (1, 3), -0.1, 0.1)
    y = writer.tensor("scores", (1, 3))
    weights = writer.weights("weights", np.array([[2, -1, 0.5, 0], [-0.5, 1.5, 1, -1], [0, 0.25, -2, 1]]))
    writer.operator("QUANTIZE", (x,), (stored,), options="QuantizeOptions")
    writer.operator("FULLY_CONNECTED", (stored, weights, -1), (logits,), 4, "FullyConnectedOptions")
    writer.operator("DEQUANTIZE", (logits,), (y,), 2, "DequantizeOptions")
    return writer.write(path, (x,), (y,))


def bundle_with_int8(target: Path, scratch: Path) -> Path:
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes(INT8, weak(scratch / "weak.tflite").read_bytes())
        flavour: dict[str, Any] = {**fields["flavours"][0], "name": "tflite-int8", "path": INT8}
        flavour["digest"] = content_digest(writer.path(INT8))
        flavour["installed_bytes"] = writer.path(INT8).stat().st_size
        rules = [{"method": "static_int8", "layers": ".*"}, {"method": "float32", "layers": "nothing"}]
        flavour["compression"] = {"recipe": rules, "matched": [1, 0], "changed": 1, "unchanged": 0}
        fields["flavours"].append(flavour)
        writer.commit(fields)
    return target


def test_a_bundle_brings_examples_sibling_and_rules(tmp_path: Path) -> None:
    (found,) = diagnose_bundle(bundle_with_int8(tmp_path / "b", tmp_path))
    assert found.name == "tflite-int8"
    assert found.examples == "5 golden vectors"
    assert {"unmatched_rule", "saturated_scores"} <= {finding.cause for finding in found.findings}
    standing = {cause.name: item.standing.value for cause, item in found.examined}
    assert tuple(standing) == CAUSES
    assert "not_run" not in standing.values()


def test_the_command_says_it_as_text_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(bundle_with_int8(tmp_path / "b.fieldpack", tmp_path))
    assert main(["diagnose", path]) == 0
    text = capsys.readouterr().out
    assert "tflite-int8: 1 of 3 operators quantised, ran on 5 golden vectors" in text
    assert "matched no operator" in text
    assert "to mend: leave the scores unrounded" in text
    assert main(["diagnose", path, "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["diagnoses"]
    assert [item["cause"] for item in document["causes"]] == list(CAUSES)
    assert all(set(item) >= {"cause", "layer", "figure", "evidence", "fix"} for item in document["findings"])


def test_a_bare_file_says_what_was_not_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = weak(tmp_path / "weak.tflite")
    assert main(["diagnose", str(path)]) == 0
    assert "not_run: give the float file" in capsys.readouterr().out
    np.save(tmp_path / "x.npy", np.eye(4, dtype=np.float32))
    floating = tmp_path / "float.tflite"
    floating.write_bytes(tiny_tflite())
    found = diagnose_file(path, floating, tmp_path / "x.npy")
    assert found.examples == "4 examples of x.npy"
    assert [item.standing.value for cause, item in found.examined if cause.name == "slower_than_float"] != [
        "not_run"
    ]


def test_what_cannot_be_diagnosed_is_refused(tmp_path: Path) -> None:
    floating = tmp_path / "float.tflite"
    floating.write_bytes(tiny_tflite())
    with pytest.raises(InputError, match="no quantised operator"):
        diagnose_file(floating)
    path = weak(tmp_path / "weak.tflite")
    with pytest.raises(InputError, match="computes in integers"):
        diagnose_file(path, path)
    with pytest.raises(InputError, match="no such quantised TFLite flavour"):
        diagnose_bundle(tiny_bundle(tmp_path / "tiny"))
    with pytest.raises(InputError, match="allowed: tflite-int8"):
        diagnose_bundle(bundle_with_int8(tmp_path / "b", tmp_path), "tflite-int4")
    (tmp_path / "cut.tflite").write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelFileError):
        diagnose_file(tmp_path / "cut.tflite")


@pytest.mark.parametrize("extra", [["--float", "f.tflite"], ["--data", "x.npy"]])
def test_a_bundle_takes_neither_float_nor_data(tmp_path: Path, extra: list[str]) -> None:
    assert main(["diagnose", str(tiny_bundle(tmp_path / "tiny")), *extra]) == 2


def test_a_file_has_no_flavours(tmp_path: Path) -> None:
    assert main(["diagnose", str(weak(tmp_path / "weak.tflite")), "--flavour", "x"]) == 2

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.testing import tiny_bundle, tiny_content


def test_the_package_names_what_it_needs(tmp_path: Path) -> None:
    made, out = tiny_bundle(tmp_path / "b"), tmp_path / "out"
    options = ["--npm-name", "@org/bees"]
    assert main(["export", str(made), "--for", "react-native", "--out", str(out), *options]) == 0
    package = json.loads((out / "package.json").read_text())
    assert package["name"] == "@org/bees"
    assert package["version"] == "1.0.0"
    assert package["peerDependencies"]["react-native-fast-tflite"] == "^3.0.1"
    assert (out / "assets/model.tflite").is_file()
    assert 'from "@org/bees"' in (out / "README.md").read_text()


@pytest.mark.parametrize("name", ["Bees", "a b", 'x"', "../x", "@org"])
def test_what_is_no_package_is_refused(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made, out = tiny_bundle(tmp_path / "b"), tmp_path / "out"
    arguments = ["export", str(made), "--for", "react-native", "--out", str(out), "--npm-name", name]
    assert main(arguments) == 2
    assert not out.exists()
    assert "no name of a package" in capsys.readouterr().err


def test_a_model_that_the_plugin_cannot_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer)
        fields["flavours"][0]["requires"]["tflite_runtime"] = "2.18.0"
        writer.commit(fields)
    for consumer, code in (("react-native", 2), ("android", 0)):
        arguments = ["export", str(tmp_path / "b"), "--for", consumer, "--out", str(tmp_path / consumer)]
        assert main(arguments) == code
    assert "newer runtime than TFLite 2.17.0" in capsys.readouterr().err

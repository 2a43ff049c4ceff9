from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack.cli.main import main
from fieldpack.testing import tiny_bundle


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("essential", {"essential": {"installationEventTypes": ["firstInstallation", "subsequentUpdate"]}}),
        ("prefetch", {"prefetch": {"installationEventTypes": ["firstInstallation", "subsequentUpdate"]}}),
        ("on-demand", {"onDemand": {}}),
    ],
)
def test_the_manifest_names_the_folder_and_the_policy(
    tmp_path: Path, policy: str, expected: dict[str, Any]
) -> None:
    made, out = tiny_bundle(tmp_path / "b", folder_flavour=True), tmp_path / "out"
    options = ["--policy", policy, "--apple-platform", "iOS", "--apple-platform", "macOS"]
    assert main(["export", str(made), "--for", "background-assets", "--out", str(out), *options]) == 0
    assert json.loads((out / "Manifest.json").read_text()) == {
        "assetPackID": "tiny",
        "downloadPolicy": expected,
        "fileSelectors": [{"directory": "tiny"}],
        "platforms": ["iOS", "macOS"],
    }
    assert (out / "tiny/model.mlpackage/Manifest.json").is_file()


@pytest.mark.parametrize(
    ("core_ml", "options", "message"),
    [(False, [], 'kind = "coreml"'), (True, ["--asset-pack-id", "a b"], "no identifier")],
)
def test_a_faulty_pack_leaves_nothing(
    tmp_path: Path, core_ml: bool, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = tiny_bundle(tmp_path / "b", folder_flavour=core_ml), tmp_path / "out"
    assert main(["export", str(made), "--for", "background-assets", "--out", str(out), *options]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()

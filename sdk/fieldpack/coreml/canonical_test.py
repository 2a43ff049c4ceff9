"""Same content, same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from fieldpack.coreml.canonical import canonical_model, canonicalise
from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.package import open_package
from fieldpack.coreml.schema import message, parse_model


def digest(path: Any) -> Any:
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            total.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def write(root: Any, identifiers: Any, date: Any, order: Any) -> Any:
    root.mkdir()
    made = Handmade(root)
    made.input("x", "float32", (1, 2))
    made.op("relu", "y", "float32", (1, 2), x="x")
    made.output("y", "float32", (1, 2))
    entries = {"version": "9.0", "com.github.apple.coremltools.conversion_date": date, "runtime": "kept"}
    for key in order:
        made.model.description.metadata.userDefined[key] = entries[key]
    path = made.save()
    manifest = path / "Manifest.json"
    text = manifest.read_text().replace("B-model", identifiers[0]).replace("A-weights", identifiers[1])
    manifest.write_text(text)
    return path


def test_identifiers_dates_and_order_do_not_matter(tmp_path: Any) -> None:
    keys = ["version", "com.github.apple.coremltools.conversion_date", "runtime"]
    one = write(tmp_path / "1", ("11", "22"), "2026-01-01", keys)
    two = write(tmp_path / "2", ("44", "33"), "2026-02-02", keys[::-1])
    assert digest(one) != digest(two)
    canonicalise(one)
    canonicalise(two)
    assert digest(one) == digest(two)
    assert dict(open_package(one).model.description.metadata.userDefined) == {
        "version": "9.0",
        "runtime": "kept",
    }
    manifest = json.loads((one / "Manifest.json").read_text())
    assert manifest["rootModelIdentifier"] in manifest["itemInfoEntries"]
    before = digest(one)
    canonicalise(one)
    assert digest(one) == before


def test_an_empty_folder_of_weights_is_taken_out(tmp_path: Any) -> None:
    package = write(tmp_path / "1", ("11", "22"), "2026-01-01", [])
    weights = package / "Data/com.apple.CoreML/weights"
    for file in weights.rglob("*"):
        file.unlink()
    canonicalise(package)
    assert not weights.exists()
    assert len(json.loads((package / "Manifest.json").read_text())["itemInfoEntries"]) == 1
    open_package(package)


def test_content_does_matter(tmp_path: Any) -> None:
    one = write(tmp_path / "1", ("11", "22"), "2026-01-01", ["version"])
    two = write(tmp_path / "2", ("11", "22"), "2026-01-01", ["runtime"])
    canonicalise(one)
    canonicalise(two)
    assert digest(one) != digest(two)


def test_unknown_fields_are_kept() -> None:
    model = message("Model")
    model.specificationVersion = 7
    data = model.SerializeToString() + b"\xb8\xb8\x02\x01"
    assert canonical_model(data) == data
    assert parse_model(canonical_model(data)) == parse_model(data)


CONVERSION = """
import sys
import numpy as np
import torch
import coremltools as ct

torch.manual_seed(0)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.BatchNorm2d(8), torch.nn.Hardswish(),
    torch.nn.Conv2d(8, 8, 3, 1, 1, groups=8), torch.nn.SiLU(), torch.nn.AdaptiveAvgPool2d(1),
    torch.nn.Flatten(), torch.nn.Linear(8, 5), torch.nn.Softmax(1),
).eval()
traced = torch.jit.trace(net, torch.zeros(1, 3, 32, 32))
model = ct.convert(traced, inputs=[ct.TensorType(name="x", shape=(1, 3, 32, 32))],
                   minimum_deployment_target=ct.target.iOS16)
model.save(sys.argv[1])
"""


@pytest.mark.full
def test_two_conversions_in_two_processes_give_the_same_bytes(tmp_path: Any) -> None:
    """Names that the converter makes up must not depend on hash order or process."""
    import os
    import subprocess
    import sys

    paths = [tmp_path / f"{seed}.mlpackage" for seed in (1, 2)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CONVERSION, str(path)],
            env=os.environ | {"PYTHONHASHSEED": str(seed), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for seed, path in enumerate(paths, start=1)
    ]
    assert [process.wait(timeout=300) for process in running] == [0, 0]
    assert digest(paths[0]) != digest(paths[1])
    for path in paths:
        canonicalise(path)
    assert digest(paths[0]) == digest(paths[1])

"""Limits that need more than parity, from ``pack.toml`` to a bundle, a gate and a rebuild."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from device_tests.build_test import PACK, spec

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.cli.main import main

pytestmark = pytest.mark.full

FLAVOURS = ("tflite-float32", "tflite-int8")
PLAIN = "[budget.every]\ntop1_agreement = 0.9\n"
LIMITS = """[budget.shipped]
bundle = "now"

[budget.every]
top1_agreement = 0.9
latency_ms = { host = 1000.0 }

[budget.flavours.tflite-int8]
installed_bytes = { share = 0.4, of = "tflite-float32" }
download_bytes = { share = 1.0, of = "source" }
shipped_flips = 0.1
shipped_top1_drop = 0.1
latency_ms = { host = { share = 50.0, of = "shipped" } }
peak_memory_bytes = { host = { share = 50.0, of = "tflite-float32" } }
"""


def verdicts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The document that a command prints, verdicts by flavour and limit."""
    capsys.readouterr()
    main([*words, "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {f"{item['subject']} {item['name']}": item for item in document["verdicts"]}


def test_shares_costs_and_a_shipped_bundle(
    meadow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "now").symlink_to(meadow)
    with open_bundle(meadow) as bundle:  # its float32 file is the source, which needs no framework
        shutil.copyfile(bundle.path("flavours/tflite-float32/model.tflite"), tmp_path / "m.tflite")
    path = spec(
        tmp_path,
        (PLAIN, LIMITS),
        ('{ kind = "mse" }', '{ kind = "min_max" }'),
        (f'kind = "keras"\npath = "{PACK.parent / "model.keras"}"', 'kind = "tflite"\npath = "m.tflite"'),
        ("fold_scaling = true", "fold_scaling = false"),
        ('kind = "range", low = -1.0, high = 1.0', 'kind = "range", low = 0.0, high = 255.0'),
        flavours=FLAVOURS,
    )
    held = verdicts(capsys, "build", str(path), "--out", str(tmp_path / "new"))
    assert {item["outcome"] for item in held.values()} == {"pass"}
    assert held["tflite-int8 latency_ms.host"]["figure"]["unit"] == "of shipped"
    assert held["tflite-float32 latency_ms.host"]["figure"]["unit"] == "ms"
    assert check_structure(tmp_path / "new") == []
    assert main(["gate", str(tmp_path / "new")]) == 0
    assert main(["rebuild", str(path), "--check", str(tmp_path / "new")]) == 0

    with open_bundle(tmp_path / "new") as bundle, open_bundle(tmp_path / "now") as before:
        shipped = bundle.manifest.budget.shipped
        assert shipped is not None
        assert (shipped.bundle, shipped.digest) == ("meadow-12-1.0.0", before.digest)
        assert str(tmp_path) not in bundle.manifest_data.decode()
        assert str(meadow) not in bundle.manifest_data.decode()
        record = json.loads(bundle.read(bundle.manifest.evidence))["flavours"]["tflite-int8"]["costs"]["host"]
    assert len(record["rounds"]) == 5
    other = tmp_path / "budget.toml"
    other.write_text('[every]\nlatency_ms = { "adb:R5" = 1e9 }\n')
    assert main(["gate", str(tmp_path / "new"), "--budget", str(other)]) == 4

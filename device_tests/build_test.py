"""From ``pack.toml`` to a bundle and back, with the real converters, on the embedded model."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.cli.main import main
from fieldpack_reference_models.vision import world

pytestmark = pytest.mark.full

PACK = Path(__file__).parents[1] / "reference_models/fieldpack_reference_models/vision/pack.toml"
FLAVOURS = ("tflite-float32", "tflite-int8", "coreml-fp16", "coreml-int8")
Edit = Callable[[str], str]
COREML_TABLE = """[[flavours]]
kind = "coreml"
name = "{}"
precision = "float16"
method = "{}"
minimum_ios = "{}"
fold_scaling = true
{}

"""
COREML_METHODS = (
    ("int4", "weight_int4", "18", "block_size = 8"),
    ("palette", "palette", "16", "palette_bits = 4"),
    ("w8a8", "static_int8", "17", 'ranges = { kind = "mse" }\nfloat32_layers = "softmax"'),
)


def spec(folder: Path, *edits: tuple[str, str], flavours: tuple[str, ...] = FLAVOURS) -> Path:
    """The embedded pack with fewer pictures and flavours, and with edits (old text, new text)."""
    head, *parts = PACK.read_text().split("[[flavours]]")
    tables = [part.split("[budget")[0] for part in parts]
    kept = [part for part in tables if any(f'name = "{name}"' in part for name in flavours)]
    text = "".join(
        [head, *[f"[[flavours]]{part}" for part in kept], "[budget.every]\ntop1_agreement = 0.9\n"]
    )
    text = text.replace("count = 960", "count = 120").replace("count = 240", "count = 60")
    for name in ("model.keras", "labels.txt", "taxonomy.csv"):
        text = text.replace(f'"{name}"', f'"{PACK.parent / name}"')
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "pack.toml"
    path.write_text(text)
    return path


def build_meadow(folder: Path, target: Path) -> None:
    """Build the embedded pack with Core ML in every way; its spec goes into the folder."""
    tables = "".join(COREML_TABLE.format(*method) for method in COREML_METHODS)
    path = spec(folder, ("[budget.every]", tables + "[budget.every]"))
    assert main(["build", str(path), "--out", str(target)]) == 0


@pytest.fixture(scope="module")
def built(meadow: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One bundle as a folder and the same one as a file, from two separate builds."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "meadow").symlink_to(meadow)
    build_meadow(folder, folder / "meadow.fieldpack")
    return folder


def test_two_builds_have_the_same_digest_and_the_same_files(built: Path) -> None:
    with open_bundle(built / "meadow") as first, open_bundle(built / "meadow.fieldpack") as second:
        assert first.manifest.files == second.manifest.files
        assert first.digest == second.digest


@pytest.mark.parametrize("name", ["meadow", "meadow.fieldpack"])
def test_both_forms_verify(built: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(built / name), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {check["flavour"] for check in document["golden"]} == {
        *FLAVOURS,
        *(name for name, *_ in COREML_METHODS),
    }
    assert {check["evidence"] for check in document["golden"]} == {"host", "reference"}


def test_flavours_are_what_they_claim(built: Path) -> None:
    from fieldpack.tflite.file import open_model

    with open_bundle(built / "meadow") as bundle:
        sizes = {entry.name: entry.installed_bytes for entry in bundle.manifest.flavours}
        int8 = open_model(bundle.path("flavours/tflite-int8/model.tflite"))
        entry = bundle.manifest.flavour("coreml-fp16")
    assert sizes["tflite-int8"] < 0.4 * sizes["tflite-float32"]
    assert sizes["coreml-int8"] < 0.75 * sizes["coreml-fp16"]
    assert int8.weight_bytes_by_dtype().get("float32", 0) == 0
    assert int8.quantised_op_count > 20
    assert entry is not None
    assert entry.requires.ios == "16"


def test_files_say_what_they_take_and_bear_the_digest_of_the_contract(built: Path) -> None:
    from fieldpack.coreml.package import open_package
    from fieldpack.tflite.file import open_model
    from fieldpack.tflite.metadata.reading import packed_files, standard_metadata

    with open_bundle(built / "meadow") as bundle:
        labels, manifest = bundle.labels("probabilities"), json.loads(bundle.manifest_data)
        file = bundle.path("flavours/tflite-int8/model.tflite")
        stated, packed = standard_metadata(open_model(file)), packed_files(file)
        package = open_package(bundle.path("flavours/coreml-int8/model.mlpackage"))
    contract = json.dumps(manifest["contract"], ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    assert packed["contract.json"].decode() == contract
    assert packed["probabilities.labels.txt"].decode().split() == list(labels)
    assert stated is not None
    picture = stated["subgraph_metadata"][0]["input_tensor_metadata"][0]
    assert picture["process_units"] == [{"options": ("NormalizationOptions", {"mean": [0.0], "std": [1.0]})}]
    words = package.model.description.metadata.userDefined
    assert words["fieldpack.contract_sha256"] == hashlib.sha256(contract.encode()).hexdigest()
    assert words["fieldpack.labels.probabilities"].split() == list(labels)


def test_flavours_recognise_a_new_picture_as_the_source_does(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    agreed = 0
    for index in range(6):
        sample = world.generate("validation", index)
        Image.fromarray(sample.picture).save(tmp_path / f"{index}.png")
        assert main(["predict", str(built / "meadow"), str(tmp_path / f"{index}.png"), "--json"]) == 0
        answers = json.loads(capsys.readouterr().out)["answers"]
        kept = [answer for answer in answers if answer["flavour"] in FLAVOURS]
        best = {answer["outputs"]["probabilities"][0]["label"] for answer in kept}
        agreed += len(kept) == len(FLAVOURS) and len(best) == 1
    assert agreed >= 5


def test_coreml_is_quantised_in_every_way(built: Path) -> None:
    """Four bits a block, a palette, and 8-bit activations beside a float32 island."""
    with open_bundle(built / "meadow") as bundle:
        entries = {entry.name: entry for entry in bundle.manifest.flavours}
    sizes = {name: entry.installed_bytes for name, entry in entries.items()}
    assert max(sizes["int4"], sizes["palette"]) < 0.6 * sizes["coreml-fp16"]
    assert sizes["w8a8"] < 0.8 * sizes["coreml-fp16"]
    assert entries["w8a8"].compression.matched[0] > 20
    assert entries["w8a8"].compression.matched[1] > 0
    ios = {name: entries[name].requires.ios for name in ("int4", "palette", "w8a8")}
    assert ios == {"int4": "18", "palette": "16", "w8a8": "17"}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("top1_agreement = 0.8", 0),
        ("installed_bytes = 1000", 1),
        ("top1_agreement = 1.0", 3),
        ("top1_agreement = 0.8\ncentred_cosine = 0.5\nmax_abs_error = 1.0", 0),
    ],
)
def test_the_gate_says_pass_fail_and_inconclusive(
    built: Path, tmp_path: Path, limits: str, code: int
) -> None:
    budget = tmp_path / "budget.toml"
    table = "[flavours.tflite-float32]" if code == 3 else "[every]"
    budget.write_text(f"{table}\n{limits}\n")
    assert main(["gate", str(built / "meadow"), "--budget", str(budget)]) == code


def test_the_report_is_one_small_file(built: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert main(["report", str(built / "meadow.fieldpack"), "--out", str(target)]) == 0
    assert target.stat().st_size < 1_000_000
    assert all(name in target.read_text() for name in FLAVOURS)


def test_the_source_models_own_outputs_are_stored(built: Path) -> None:
    """Agreement of the float flavour with the golden outputs, which Keras gave."""
    with open_bundle(built / "meadow") as bundle:
        golden = bundle.golden_outputs()["probabilities"]
        repeated = bundle.flavour_golden("tflite-float32")["probabilities"]
    assert np.allclose(golden.sum(axis=1), 1.0, atol=1e-5)
    assert np.abs(golden - repeated).max() < 1e-4


@pytest.mark.parametrize(
    ("edit", "code", "message"),
    [
        (('color_order = "rgb"', 'color_order = "gray"'), 2, "3"),
        (
            (
                'method = "static_int8"',
                'method = "static_int8"\nrules = [{ method = "float32", layers = "nowhere" }]',
            ),
            2,
            "nowhere",
        ),
    ],
)
def test_a_spec_that_does_not_fit_the_model_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: tuple[str, str], code: int, message: str
) -> None:
    path = spec(tmp_path, edit, flavours=("tflite-int8",))
    assert main(["build", str(path), "--out", str(tmp_path / "out")]) == code
    assert message in capsys.readouterr().err
    assert sorted(item.name for item in tmp_path.iterdir()) == ["pack.toml"]


def test_a_label_file_of_another_model_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "few.txt"
    labels.write_text("one\ntwo\n")
    provider = 'kind = "provider"\nprovider = "fieldpack_reference_models.vision.world:dataset"'
    pictures = f'kind = "folder"\nfolder = "{tmp_path / "pictures"}"\npattern = "*.png"'
    path = spec(tmp_path, (str(PACK.parent / "labels.txt"), str(labels)), flavours=("tflite-float32",))
    head, rest = path.read_text().split("[data.calibration]")  # which may not hold the same pictures
    text = head.replace(provider, pictures) + rest[rest.index("[[flavours]]") :]
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("split", "count")))
    path.write_text(text)
    world.write_split("test", 12, tmp_path / "pictures")
    assert main(["build", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "2 labels" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"no model at all" * 50])
def test_a_damaged_source_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "broken.keras").write_bytes(content)
    path = spec(tmp_path, (str(PACK.parent / "model.keras"), "broken.keras"), flavours=("tflite-int8",))
    assert main(["build", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "broken.keras" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_killed_build_leaves_the_old_bundle(built: Path, tmp_path: Path) -> None:
    """SIGKILL at seeded moments; the old bundle stands untouched each time."""
    path = spec(tmp_path, flavours=("tflite-int8",))
    target = tmp_path / "target"
    with open_bundle(built / "meadow") as bundle:
        old = bundle.digest
    subprocess.run(["cp", "-r", str((built / "meadow").resolve()), str(target)], check=True)
    moments = random.Random(7)
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-m", "fieldpack.cli.main", "build", str(path), "--out", str(target)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.5, 8.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert check_structure(target) == []
        with open_bundle(target) as bundle:
            assert bundle.digest == old

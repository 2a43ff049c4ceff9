"""Recipes and the search, from ``pack.toml`` to a bundle, on the embedded model."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from device_tests.build_test import spec

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.cli.main import main

pytestmark = pytest.mark.full

TRAINING = """
[data.training]
kind = "provider"
provider = "fieldpack_reference_models.vision.world:dataset"
split = "train"
count = 120

"""
SEARCH = """
[search]
flavour = "tflite-int8"
stop = "pareto"
trials = 3
stages = [
    { name = "half", cost = 0, flavour = { method = "float16" } },
    { name = "dynamic", cost = 1, flavour = { method = "dynamic_int8" } },
    { name = "wrong", cost = 2, recipe = [{ method = "round", layers = "no-such-layer", bits = 8 }] },
]

"""
TAUGHT = """
[[search.stages]]
name = "taught"
cost = 1
recipe = [
    { method = "prune_channels", layers = ".*", share = 0.25, round_to = 8 },
    { method = "distil", layers = ".*", teacher = "source", temperature = 2.0, label_weight = 0.2, \
training = { epochs = 2, batch = 16, learning_rate = 0.001, flip = true } },
    { method = "round", layers = ".*", bits = 8 },
]

"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for searches that differ only in their budget."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search whose two stages share a recipe: its document, its store and its winner."""
    folder = tmp_path_factory.mktemp("taught")
    half = TAUGHT.replace("taught", "taught-half") + 'flavour = { method = "float16" }\n\n'
    settings = SEARCH.split("stages = [")[0] + TAUGHT + half
    path = spec(
        folder,
        ("[[flavours]]", TRAINING + "[[flavours]]"),
        ("[budget.every]\ntop1_agreement = 0.9\n", settings + "[budget.every]\ntop1_agreement = 0.3\n"),
        flavours=("tflite-int8",),
    )
    arguments = [
        "search",
        str(path),
        "--out",
        str(folder / "best"),
        "--store",
        str(folder / "store"),
        "--json",
    ]
    with redirect_stdout(StringIO()) as text:
        assert main(arguments) == 0
    (folder / "found.json").write_text(text.getvalue())
    return folder


def test_a_recipe_makes_a_flavour_smaller(meadow: Path, taught: Path) -> None:
    assert check_structure(taught / "best") == []
    with open_bundle(meadow) as before, open_bundle(taught / "best") as after:
        sizes = [bundle.manifest.flavour("tflite-int8") for bundle in (before, after)]
        assert sizes[0] is not None
        assert sizes[1] is not None
        assert sizes[1].installed_bytes < 0.8 * sizes[0].installed_bytes
        assert after.manifest.lineage.source_digest == before.manifest.lineage.source_digest
        assert after.manifest.lineage.data["training"].count == 120
        steps = json.loads(after.read(after.manifest.evidence))["recipe"]
        assert before.read("golden/outputs/probabilities.npy") == after.read(
            "golden/outputs/probabilities.npy"
        )
    assert [step["method"] for step in steps] == ["prune_channels", "distil", "round"]
    assert steps[0]["parameters"] < steps[0]["parameters_before"]
    assert steps[1]["parameters"] == steps[0]["parameters"]
    assert all(step["matched"] for step in steps)


def test_a_search_builds_its_winner_and_says_why_the_others_lost(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = spec(tmp_path, ("[budget.every]", SEARCH + "[budget.every]"), flavours=("tflite-int8",))
    arguments = [
        "search",
        str(path),
        "--out",
        str(tmp_path / "best"),
        "--store",
        str(store),
        "--json",
    ]
    code = main([*arguments, "--mlflow", f"sqlite:///{tmp_path / 'runs.db'}"])
    first = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [trial["status"] for trial in first["trials"]] == ["done", "done", "refused"]
    assert "no-such-layer" in first["trials"][2]["reason"]
    best = first["trials"][first["best"]]
    assert best["installed_bytes"] == min(trial["installed_bytes"] for trial in first["trials"][:2])
    with open_bundle(tmp_path / "best") as bundle:
        assert bundle.manifest.flavours[0].installed_bytes == best["installed_bytes"]
        record = json.loads(bundle.read(bundle.manifest.evidence))["search"]
    assert record["best"] == first["best"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == first
    import mlflow

    runs = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'runs.db'}").search_runs(["1"])
    assert sorted(run.data.params["stage"] for run in runs) == ["dynamic", "half", "wrong"]
    refused = next(run for run in runs if run.data.params["stage"] == "wrong")
    assert "no-such-layer" in refused.data.tags["reason"]


def test_stages_of_one_recipe_train_once(taught: Path) -> None:
    found = json.loads((taught / "found.json").read_text())
    assert [trial["status"] for trial in found["trials"]] == ["done", "done"]
    assert len(list((taught / "store/kept").glob("*/model.keras"))) == 1
    with open_bundle(taught / "best") as bundle:
        evidence = json.loads(bundle.read(bundle.manifest.evidence))
        entry = bundle.manifest.flavours[0]
    trial = found["trials"][found["best"]]
    assert (evidence["search"]["choice"]["stage"], trial["stage"]) == ("taught", "taught")
    assert entry.installed_bytes == trial["installed_bytes"]


def test_a_budget_that_nothing_keeps_writes_nothing(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = spec(
        tmp_path,
        ("[budget.every]", SEARCH + "[budget.every]\ninstalled_bytes = 1000"),
        flavours=("tflite-int8",),
    )
    code = main(["search", str(path), "--out", str(tmp_path / "best"), "--store", str(store)])
    assert code == 1
    assert not (tmp_path / "best").exists()
    text = capsys.readouterr().out
    assert "binding: installed_bytes" in text
    assert "nearest: trial" in text


def test_training_on_the_evaluation_set_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = TRAINING.replace('split = "train"', 'split = "test"')
    tune = """
[[recipe]]
method = "fine_tune"
layers = ".*"
training = { epochs = 1, batch = 16, learning_rate = 0.001 }

"""
    path = spec(tmp_path, ("[[flavours]]", same + tune + "[[flavours]]"), flavours=("tflite-int8",))
    assert main(["build", str(path), "--out", str(tmp_path / "b")]) == 2
    assert "examples in common" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()

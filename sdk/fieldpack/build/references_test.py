from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack import gate
from fieldpack.build.conversion import Made
from fieldpack.build.examples import save_examples
from fieldpack.build.measurement import Measured
from fieldpack.build.references import add_references
from fieldpack.build.sizes import sizes_of
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import open_bundle
from fieldpack.data import Prepared
from fieldpack.errors import SpecError
from fieldpack.search.conftest import WORDS
from fieldpack.spec import Spec
from fieldpack.testing import TINY_LABELS, tiny_bundle
from fieldpack.verdict import Outcome, Verdict

LABELS: dict[str, tuple[str, ...]] = {"scores": TINY_LABELS}
ITEMS = 60


def spec(shipped: Path, limits: dict[str, Any], source: Path) -> Spec:
    """One float32 flavour of the tiny contract, under these limits."""
    words = json.loads(json.dumps(WORDS))
    words["contract"]["inputs"][0]["name"] = "vector"
    words["contract"]["inputs"][0]["meaning"] = "four made-up traits"
    words["source"]["path"] = str(source)
    flavour = {"kind": "tflite", "name": "tflite-float32", "method": "float32"}
    words["flavours"] = [{**flavour, "io": "float32", "fold_scaling": False}]
    words["budget"] = {"shipped": {"bundle": str(shipped)}, "every": limits}
    return Spec.model_validate_json(json.dumps({**words, "search": None}))


def held(tmp_path: Path, limits: dict[str, Any], wrong: int) -> tuple[Verdict, ...]:
    """Verdicts on a flavour that answers as the shipped one, but for the first `wrong` items."""
    shipped = tiny_bundle(tmp_path / "now")
    vectors = np.random.default_rng(1).uniform(-1, 1, (ITEMS, 4)).astype(np.float32)
    with open_bundle(shipped) as bundle:
        (entry,) = bundle.manifest.flavours
        path = bundle.path(entry.path)
        made = Made(
            "tflite-float32", FlavourKind.TFLITE, path, entry.inputs, entry.outputs, entry.compression, False
        )
    from fieldpack.runtime.flavour import open_flavour

    scores = open_flavour(FlavourKind.TFLITE, path, entry.inputs, entry.outputs).run({"vector": vectors})[
        "scores"
    ]
    labels = scores.argmax(axis=1)
    changed = scores.copy()
    changed[:wrong] = np.roll(changed[:wrong], 1, axis=1)
    ids = [str(number) for number in range(ITEMS)]
    prepared = Prepared(
        ids=ids, labels=labels, groups=np.arange(ITEMS), slices={}, inputs={"vector": vectors}
    )
    evaluation = save_examples(prepared, tmp_path / "evaluation")
    measured = Measured(
        {"scores": scores},
        {"tflite-float32": {"native": {"scores": changed}}},
        {"flavours": {"tflite-float32": {"runs": {}}}},
    )
    stated = spec(shipped, limits, path)
    add_references(
        stated, LABELS, [made], measured, evaluation, tmp_path / "work", lambda road, stage, done: None
    )
    return gate.hold(stated.budget, [entry], json.loads(json.dumps(measured.evidence)))


def test_flips_and_lost_accuracy_against_the_shipped_flavour_are_counted(tmp_path: Path) -> None:
    flips, drop = held(tmp_path, {"shipped_flips": 0.15, "shipped_top1_drop": 0.02}, wrong=3)
    assert (flips.figure.value, flips.figure.n) == (0.05, ITEMS)
    assert flips.outcome is Outcome.PASS
    assert drop.figure.value == pytest.approx(0.05)
    assert drop.outcome is Outcome.INCONCLUSIVE
    assert drop.settles_at is not None


def test_many_flips_fail_and_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    size, flips = held(
        tmp_path, {"installed_bytes": {"share": 1.0, "of": "source"}, "shipped_flips": 0.05}, wrong=20
    )
    assert flips.outcome is Outcome.FAIL
    assert size.limit == sizes_of(tmp_path / "now/tflite-float32/model.tflite")["installed_bytes"]


def test_nothing_is_measured_that_no_limit_asks_for(tmp_path: Path) -> None:
    evidence: dict[str, Any] = {"flavours": {}}
    stated = spec(tmp_path / "nowhere", {"mean_kl": 1.0}, tmp_path)
    empty: Any = SimpleNamespace(files={})
    add_references(
        stated, LABELS, [], Measured({}, {}, evidence), empty, tmp_path, lambda road, stage, done: None
    )
    assert evidence == {"flavours": {}}


def test_a_missing_shipped_bundle_ends_the_build(tmp_path: Path) -> None:
    stated = spec(tmp_path / "nowhere", {"shipped_flips": 0.1}, tmp_path)
    from fieldpack.build.pipeline import measured

    with pytest.raises(SpecError, match="the shipped bundle cannot be opened"):
        measured(stated, tmp_path / "pack.toml", LABELS, tmp_path)

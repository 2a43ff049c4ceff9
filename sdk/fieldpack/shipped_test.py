from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack import gate
from fieldpack.budget import Budget, Limits, Shipped
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import SpecError
from fieldpack.share import Share
from fieldpack.shipped import beside_shipped, check_shipped, followed, open_shipped
from fieldpack.testing import TINY_LABELS, tiny_bundle, tiny_content
from fieldpack.verdict import Evidence, Figure, Outcome

LABELS = {"scores": TINY_LABELS}
KINDS = {"tflite-float32": "tflite"}


def flips(share: float, low: float, high: float) -> dict[str, Any]:
    figure = Figure("shipped_flips", share, "fraction", Evidence.HOST, 200, low, high)
    stored = {"items": 200, "outputs": 3, "finite": True, "counts": {"flips": 200 * share}}
    return {"native": {"scores": {**stored, "figures": [figure.as_dict()]}}}


def with_labels(target: Path, labels: tuple[str, ...]) -> Path:
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes("labels.txt", labels_bytes(labels))
        writer.commit(fields)
    return target


def test_a_whole_bundle_of_the_same_classes_is_opened(tmp_path: Path) -> None:
    path = tiny_bundle(tmp_path / "now.fieldpack")
    with open_shipped(Shipped(bundle=str(path)), LABELS) as bundle:
        digest = bundle.digest
    budget = Budget(shipped=Shipped(bundle=str(path), digest=digest), every=Limits(shipped_flips=0.1))
    assert check_shipped(budget, LABELS, KINDS) == digest
    assert check_shipped(Budget(every=Limits(mean_kl=1.0)), LABELS, KINDS) is None


def test_what_is_missing_damaged_or_another_bundle_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the shipped bundle cannot be opened"):
        open_shipped(Shipped(bundle=str(tmp_path / "nowhere")), LABELS)
    path = tiny_bundle(tmp_path / "now")
    with pytest.raises(SpecError, match="not the shipped bundle that the budget means"):
        open_shipped(Shipped(bundle=str(path), digest="0" * 64), LABELS)
    (path / "labels.txt").write_text("bee\nmoth\nfly\n")
    with pytest.raises(SpecError, match=r"size labels\.txt: 13 bytes"):
        open_shipped(Shipped(bundle=str(path)), LABELS)
    (path / "manifest.json").write_text("{}")
    with pytest.raises(SpecError, match="was altered"):
        open_shipped(Shipped(bundle=str(path)), LABELS)
    (tmp_path / "text.fieldpack").write_text("no zip")
    with pytest.raises(SpecError):
        open_shipped(Shipped(bundle=str(tmp_path / "text.fieldpack")), LABELS)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("bee", "wasp", "moth"), "number 1 is 'wasp' there and 'moth' here"),
        (("bee", "moth", "fly"), "number 2 is 'fly' there and 'wasp' here"),
    ],
)
def test_other_classes_are_refused_with_the_first_that_differs(
    tmp_path: Path, labels: tuple[str, ...], message: str
) -> None:
    path = with_labels(tmp_path / "now", labels)
    with pytest.raises(SpecError, match=message):
        open_shipped(Shipped(bundle=str(path)), LABELS)


def test_more_classes_and_other_outputs_are_refused(tmp_path: Path) -> None:
    shipped = Shipped(bundle=str(tiny_bundle(tmp_path / "now")))
    with pytest.raises(SpecError, match="3 classes there, 4 here"):
        open_shipped(shipped, {"scores": (*TINY_LABELS, "fly")})
    with pytest.raises(SpecError, match="no output probabilities"):
        open_shipped(shipped, {"probabilities": TINY_LABELS})


def test_a_flavour_follows_its_namesake_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = tiny_bundle(tmp_path / "now", folder_flavour=True)
    with open_bundle(path) as bundle:
        assert followed(Shipped(bundle="x"), bundle, "tflite-float32", "tflite").name == "tflite-float32"
        named = Shipped(bundle="x", flavours={"small": "tflite-float32"})
        assert followed(named, bundle, "small", "tflite").name == "tflite-float32"
        with pytest.raises(SpecError, match="no flavour for small"):
            followed(Shipped(bundle="x"), bundle, "small", "tflite")
        with pytest.raises(SpecError, match="of another kind"):
            followed(named, bundle, "small", "coreml")


def test_a_budget_from_elsewhere_takes_sizes_now_and_flips_only_from_the_same_bundle(tmp_path: Path) -> None:
    now, other = tiny_bundle(tmp_path / "now"), with_labels(tmp_path / "new", TINY_LABELS)
    limits = Limits(installed_bytes=Share(share=1.0, of="shipped"), shipped_flips=0.1)
    budget = Budget(shipped=Shipped(bundle=str(now)), every=limits)
    with open_bundle(other) as bundle:
        run = {"runs": {}, "shipped": flips(0.02, 0.01, 0.05)}
        stranger = {"flavours": {"tflite-float32": run}}
        held = gate.hold(budget, bundle.manifest.flavours, beside_shipped(budget, bundle, stranger))
        assert [item.outcome for item in held] == [Outcome.PASS, Outcome.NOT_RUN]
        assert "1 of shipped with" in held[0].reason
        with open_bundle(now) as before:
            known = {"digest": before.digest, "flavours": {"tflite-float32": {"name": "tflite-float32"}}}
        same = {**stranger, "references": {"shipped": known}}
        kept = beside_shipped(budget, bundle, json.loads(json.dumps(same)))
        assert gate.outcome_of(gate.hold(budget, bundle.manifest.flavours, kept)) is Outcome.PASS


def test_flips_have_bounds_and_a_number_that_settles(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "now")) as bundle:
        entries = bundle.manifest.flavours
    budget = Budget(shipped=Shipped(bundle="now"), every=Limits(shipped_flips=0.03))

    def held(*figure: float) -> Outcome:
        run = {"runs": {}, "shipped": flips(*figure)}
        return gate.outcome_of(gate.hold(budget, entries, {"flavours": {"tflite-float32": run}}))

    assert held(0.005, 0.0, 0.02) is Outcome.PASS
    assert held(0.02, 0.01, 0.05) is Outcome.INCONCLUSIVE
    assert held(0.1, 0.07, 0.14) is Outcome.FAIL

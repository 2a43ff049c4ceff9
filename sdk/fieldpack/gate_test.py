from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from fieldpack import gate
from fieldpack.budget import COSTS, COUNTS, SIZES, App, Budget, Limits, Shipped, load_budget
from fieldpack.bundle.manifest import FlavourEntry, FlavourKind, Requires
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError, SpecError
from fieldpack.share import Share
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.testing import tiny_bundle
from fieldpack.verdict import Evidence, Figure, Outcome, Verdict


def flavour(tmp_path: Path) -> FlavourEntry:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        return bundle.manifest.flavours[0]


def evidence(*runs: tuple[float, float, float]) -> dict[str, Any]:
    """Parity evidence with one agreement figure (value, low, high) a run."""
    return {
        "flavours": {
            "tflite-float32": {
                "runs": {
                    f"run{index}": {
                        "scores": {
                            "items": 100,
                            "outputs": 3,
                            "finite": True,
                            "counts": {},
                            "figures": [
                                Figure(
                                    "top1_agreement", v, "fraction", Evidence.HOST, 100, low, high
                                ).as_dict()
                            ],
                        }
                    }
                    for index, (v, low, high) in enumerate(runs)
                }
            }
        }
    }


def outcome(tmp_path: Path, limits: Limits, *runs: tuple[float, float, float]) -> Outcome:
    return gate.outcome_of(gate.hold(Budget(every=limits), [flavour(tmp_path)], evidence(*runs)))


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ((0.99, 0.97, 1.0), Outcome.PASS),
        ((0.95, 0.93, 0.965), Outcome.FAIL),
        ((0.97, 0.95, 0.99), Outcome.INCONCLUSIVE),
    ],
)
def test_an_agreement_is_held_with_its_bounds(
    tmp_path: Path, figure: tuple[float, float, float], expected: Outcome
) -> None:
    assert outcome(tmp_path, Limits(top1_agreement=0.97), figure) is expected


def test_the_worse_of_two_arithmetics_counts(tmp_path: Path) -> None:
    good, bad = (0.99, 0.98, 1.0), (0.5, 0.4, 0.6)
    assert outcome(tmp_path, Limits(top1_agreement=0.9), good, bad) is Outcome.FAIL
    assert outcome(tmp_path, Limits(top1_agreement=0.9), bad, good) is Outcome.FAIL


def test_the_worse_figure_is_shown_where_both_pass(tmp_path: Path) -> None:
    for runs in ([(1.0, 0.98, 1.0), (0.97, 0.95, 0.99)], [(0.97, 0.95, 0.99), (1.0, 0.98, 1.0)]):
        budget = Budget(every=Limits(top1_agreement=0.9))
        (verdict,) = gate.hold(budget, [flavour(tmp_path)], evidence(*runs))
        assert verdict.figure.value == 0.97


def beside_an_embedding(measured: dict[str, Any], *, finite: bool = True) -> dict[str, Any]:
    """The same evidence with an output of plain values, whose cosine is 0.9."""
    figures = [Figure("rmse", 0.1, "output", Evidence.HOST, 100, 0.05, 0.2).as_dict()]
    figures += [Figure("centred_cosine", 0.9, "ratio", Evidence.HOST, 100).as_dict()]
    values = {"items": 100, "outputs": 8, "finite": finite, "counts": {}, "figures": figures}
    for run in measured["flavours"]["tflite-float32"]["runs"].values():
        run["embedding"] = values
    return measured


def test_an_embedding_has_no_say_in_limits_on_scores(tmp_path: Path) -> None:
    budget = Budget(every=Limits(top1_agreement=0.9, centred_cosine=0.95))
    measured = beside_an_embedding(evidence((0.99, 0.98, 1.0)))
    scores = measured["flavours"]["tflite-float32"]["runs"]["run0"]["scores"]
    scores["figures"].append(Figure("centred_cosine", 0.99, "ratio", Evidence.HOST, 100).as_dict())
    agreement, cosine = gate.hold(budget, [flavour(tmp_path)], measured)
    assert (agreement.outcome, agreement.figure.value) == (Outcome.PASS, 0.99)
    assert (cosine.outcome, cosine.figure.value) == (Outcome.FAIL, 0.9)


def test_a_broken_embedding_lets_no_limit_pass(tmp_path: Path) -> None:
    measured = beside_an_embedding(evidence((0.99, 0.98, 1.0)), finite=False)
    (verdict,) = gate.hold(Budget(every=Limits(top1_agreement=0.9)), [flavour(tmp_path)], measured)
    assert verdict.outcome is Outcome.NOT_RUN


def test_values_alone_cannot_keep_a_limit_on_scores(tmp_path: Path) -> None:
    measured = beside_an_embedding(evidence((0.99, 0.98, 1.0)))
    del measured["flavours"]["tflite-float32"]["runs"]["run0"]["scores"]
    (verdict,) = gate.hold(Budget(every=Limits(top1_agreement=0.9)), [flavour(tmp_path)], measured)
    assert verdict.outcome is Outcome.NOT_RUN


def test_a_limit_that_nothing_measured_is_not_run(tmp_path: Path) -> None:
    assert outcome(tmp_path, Limits(top1_drop=0.5), (1.0, 0.9, 1.0)) is Outcome.NOT_RUN


def test_sizes_are_exact_and_their_evidence_is_told(tmp_path: Path) -> None:
    entry = flavour(tmp_path)
    size = entry.installed_bytes
    for limit, expected in ((size, Outcome.PASS), (size - 1, Outcome.FAIL)):
        (verdict,) = gate.hold(Budget(every=Limits(installed_bytes=limit)), [entry], evidence())
        assert (verdict.outcome, verdict.figure.value) == (expected, size)
    (verdict,) = gate.hold(Budget(every=Limits(download_bytes=size)), [entry], evidence())
    assert verdict.figure.evidence is Evidence.ESTIMATED


def test_a_named_flavours_limit_wins_over_the_common_one(tmp_path: Path) -> None:
    budget = Budget(
        every=Limits(top1_agreement=0.99), flavours={"tflite-float32": Limits(top1_agreement=0.5)}
    )
    (verdict,) = gate.hold(budget, [flavour(tmp_path)], evidence((0.8, 0.7, 0.9)))
    assert verdict.limit == 0.5
    assert verdict.outcome is Outcome.PASS


def test_a_budget_for_a_stranger_is_refused(tmp_path: Path) -> None:
    budget = Budget(flavours={"tflite-int4": Limits(mean_kl=0.1)})
    with pytest.raises(SpecError, match="tflite-int4"):
        gate.hold(budget, [flavour(tmp_path)], evidence())


def test_evidence_that_misses_a_flavour_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="tflite-float32"):
        gate.hold(Budget(every=Limits(mean_kl=0.1)), [flavour(tmp_path)], {"flavours": {}})


def test_every_limit_has_a_figure_that_something_measures() -> None:
    from fieldpack.parity.record import UNITS

    assert set(Limits.model_fields) - {*SIZES, *COSTS, *COUNTS, "layer_rise"} <= set(UNITS)
    assert set(gate.AT_LEAST_LIMITS) <= set(Limits.model_fields)


def test_a_budget_file_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text("[every]\ntop1_agreement = 0.9\n[flavours.tflite-int8]\ninstalled_bytes = 100\n")
    assert load_budget(path).limits_of("tflite-int8") == {"top1_agreement": 0.9, "installed_bytes": 100}
    for text in ("", "[every]\nagreement = 0.9\n", "[every]\ntop1_agreement = 2\n", "[every"):
        path.write_text(text)
        with pytest.raises(SpecError):
            load_budget(path)
    with pytest.raises(SpecError):
        load_budget(tmp_path / "none.toml")


def test_many_limits_do_not_fail_by_chance(tmp_path: Path) -> None:
    """Six losses of 300 break 1 % alone; among forty comparisons that is no proof, sixty losses are."""
    entry = flavour(tmp_path)

    def held(losses: int, others: int) -> Outcome:
        runs = [_agreeing(300 - losses), *[_agreeing(300)] * others]
        return gate.outcome_of(gate.hold(Budget(every=Limits(top1_agreement=0.99)), [entry], evidence(*runs)))

    assert held(8, 0) is Outcome.FAIL
    assert held(8, 39) is Outcome.INCONCLUSIVE
    assert held(60, 39) is Outcome.FAIL


def test_false_fails_stay_rare_however_many_limits_there_are(tmp_path: Path) -> None:
    entry, generator = flavour(tmp_path), np.random.default_rng(3)
    budget = Budget(every=Limits(top1_agreement=0.97))
    outcomes = [
        gate.outcome_of(
            gate.hold(
                budget, [entry], evidence(*[_agreeing(int(k)) for k in generator.binomial(400, 0.97, 8)])
            )
        )
        for _ in range(120)
    ]
    assert sum(outcome is Outcome.FAIL for outcome in outcomes) / 120 <= 0.05


def _agreeing(hits: int) -> tuple[float, float, float]:
    n = 400 if hits > 300 else 300
    bounds = clopper_pearson(hits, n)
    return hits / n, bounds.low, bounds.high


def test_a_budget_may_ask_for_more_confidence(tmp_path: Path) -> None:
    runs = [_agreeing(298)]
    for confidence, expected in ((None, Outcome.PASS), (0.99, Outcome.INCONCLUSIVE)):
        budget = Budget(every=Limits(top1_agreement=0.977), confidence=confidence)
        assert gate.outcome_of(gate.hold(budget, [flavour(tmp_path)], evidence(*runs))) is expected
    with pytest.raises(ValidationError):
        Budget(every=Limits(top1_agreement=0.9), confidence=0.9)
    assert "confidence" not in Budget(every=Limits(mean_kl=1.0)).model_dump(exclude_none=True)


def test_sizes_are_held_as_shares_of_source_shipped_and_siblings(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "two", folder_flavour=True)) as bundle:
        tflite, coreml = bundle.manifest.flavours
    half = tflite.installed_bytes / 2
    references = {
        "source": {"installed_bytes": 2 * tflite.installed_bytes, "download_bytes": 10_000},
        "shipped": {"flavours": {"tflite-float32": {"installed_bytes": tflite.installed_bytes}}},
    }

    def held(of: str, share: float, base: float | None = None) -> Verdict:
        limits = Limits(installed_bytes=Share(share=share, of=of, base=base))
        budget = Budget(shipped=Shipped(bundle="now"), flavours={"tflite-float32": limits})
        (verdict,) = gate.hold(budget, [tflite, coreml], {"references": references})
        return verdict

    assert held("source", 0.5).outcome is Outcome.PASS
    assert held("source", 0.25).limit == half
    assert held("shipped", 0.5).outcome is Outcome.FAIL
    assert held("coreml-float32", 100.0).limit == 100 * coreml.installed_bytes
    assert held("gone", 0.5, base=half).limit == half / 2
    references.pop("source")
    unknown = held("source", 0.5)
    assert unknown.outcome is Outcome.NOT_RUN
    assert unknown.reason.startswith("installed_bytes of source was not measured")
    with pytest.raises(SpecError, match="share of a flavour that the bundle does not have"):
        held("gone", 0.5)


def costs(*values: float) -> dict[str, Any]:
    return {"costs": {"host": {"rounds": [{"latency_ms": value} for value in values]}}}


def test_latency_is_held_with_the_least_and_the_most_of_its_rounds(tmp_path: Path) -> None:
    entry = flavour(tmp_path)

    def held(limit: float | Share, measured: dict[str, Any], **more: Any) -> Verdict:
        budget = Budget(shipped=Shipped(bundle="now"), every=Limits(latency_ms={"host": limit}))
        (verdict,) = gate.hold(budget, [entry], {"flavours": {entry.name: measured}, **more})
        return verdict

    assert held(6.0, costs(4, 5, 5, 5.5, 5)).outcome is Outcome.PASS
    assert held(4.5, costs(4, 5, 5, 5.5, 5)).outcome is Outcome.INCONCLUSIVE
    assert held(3.0, costs(4, 5, 5, 5.5, 5)).outcome is Outcome.FAIL
    assert "other work included" in held(3.0, costs(4, 5, 5, 5.5, 5)).reason
    assert held(3.0, costs(1, 1)).outcome is Outcome.NOT_RUN
    assert held(3.0, {}).outcome is Outcome.NOT_RUN
    share = Share(share=0.5, of="shipped")
    before = {"references": {"shipped": {"flavours": {entry.name: costs(10, 20, 10, 30, 10)}}}}
    ratio = held(share, costs(4, 8, 4, 12, 4), **before)
    assert (ratio.outcome, ratio.figure.value, ratio.figure.high) == (Outcome.PASS, 0.4, 0.4)
    assert held(share, costs(4, 8, 4, 12), **before).outcome is Outcome.NOT_RUN


def test_a_target_that_nothing_measures_never_passes(tmp_path: Path) -> None:
    entry = flavour(tmp_path)
    budget = Budget(every=Limits(latency_ms={"adb:R5CT": 1e9}, peak_memory_bytes={"host": 10**12}))
    held = gate.hold(budget, [entry], {"flavours": {entry.name: costs(1, 1, 1, 1, 1)}})
    assert [item.outcome for item in held] == [Outcome.NOT_RUN, Outcome.NOT_RUN]
    assert [item.name for item in held] == ["latency_ms.adb:R5CT", "peak_memory_bytes.host"]


@pytest.mark.parametrize(
    ("needs", "brings", "expected"),
    [
        ("2.9.0", "2.14.0", Outcome.PASS),
        ("2.14.0", "2.14", Outcome.PASS),
        ("2.14.1", "2.14.0", Outcome.FAIL),
        ("2.14.0", "2.9.0", Outcome.FAIL),
        (None, "2.14.0", Outcome.NOT_RUN),
    ],
)
def test_an_app_brings_a_runtime_that_is_new_enough_or_fails(
    tmp_path: Path, needs: str | None, brings: str, expected: Outcome
) -> None:
    requires = Requires(tflite_runtime=needs, operators={})
    entry = flavour(tmp_path).model_copy(update={"requires": requires})
    (verdict,) = gate.hold(Budget(app=App(tflite_runtime=brings)), [entry], evidence())
    assert verdict.outcome is expected
    assert (verdict.name, verdict.subject) == ("tflite_runtime", entry.name)


def test_an_operator_that_no_runtime_has_fails_whatever_the_app_brings(tmp_path: Path) -> None:
    requires = Requires(tflite_runtime="2.1.0", operators={}, unknown_operators=("ADD v99",))
    entry = flavour(tmp_path).model_copy(update={"requires": requires})
    (verdict,) = gate.hold(Budget(app=App(tflite_runtime="2.14.0")), [entry], evidence())
    assert verdict.outcome is Outcome.FAIL
    assert "ADD v99" in verdict.reason


def test_an_app_says_nothing_of_the_platform_that_it_does_not_name(tmp_path: Path) -> None:
    requires = Requires(ios="17", operators={})
    entry = flavour(tmp_path).model_copy(update={"kind": FlavourKind.COREML, "requires": requires})
    assert gate.hold(Budget(app=App(tflite_runtime="2.14.0")), [entry], evidence()) == ()
    (verdict,) = gate.hold(Budget(app=App(ios="16")), [entry], evidence())
    assert verdict.outcome is Outcome.FAIL

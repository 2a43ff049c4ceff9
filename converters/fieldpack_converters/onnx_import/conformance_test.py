"""A seeded sample of the node tests of onnx; ``conformance.run()`` runs all of them."""

from __future__ import annotations

import pytest

from fieldpack_converters.onnx_import import conformance

SAMPLE = 320


@pytest.fixture(scope="module")
def answer() -> dict[str, object]:
    return conformance.run(sample=SAMPLE, seed=3)


def test_every_failure_is_listed_with_its_reason(answer: dict[str, object]) -> None:
    assert answer["ran"] == SAMPLE
    assert answer["unexpected"] == []


def test_the_listed_deviations_are_at_most_2_percent(answer: dict[str, object]) -> None:
    tests, outside = answer["tests"], answer["out_of_scope"]
    assert isinstance(tests, int)
    assert isinstance(outside, int)
    assert len(conformance.known_deviations()) <= 0.02 * (tests - outside)
    assert outside < 0.25 * tests


def test_every_listed_deviation_exists_and_fails() -> None:
    known = conformance.known_deviations()
    cases = {case.name: case for case in conformance._cases()}
    passing = [name for name in known if conformance.failure(cases[name]) is None]
    assert passing == []
    assert all(len(reason) > 20 for reason in known.values())


def test_a_wrong_operator_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison of the suite can fail."""
    from fieldpack_converters.onnx_import.operator import find_operator
    from fieldpack_converters.onnx_import.ops import add

    find_operator.__globals__["_load"].cache_clear()
    monkeypatch.setattr(add, "run", lambda a, b: a - b)
    monkeypatch.setattr(add.run, "__annotations__", {"a": "Tensor", "b": "Tensor"}, raising=False)
    try:
        case = next(case for case in conformance._cases() if case.name == "test_add")
        assert "Not equal" in str(conformance.failure(case))
    finally:
        find_operator.__globals__["_load"].cache_clear()

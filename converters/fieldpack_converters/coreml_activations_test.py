"""Ranges of Core ML activations: what concatenations share, and the guard of the private function."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fieldpack.errors import UnsupportedError
from fieldpack_converters import coreml_activations
from fieldpack_converters.coreml_activations import NARROWEST, _shared_by_concats, _widened


def concat(inputs: list[str], output: str) -> Any:
    bindings = [SimpleNamespace(name=name) for name in inputs]
    return SimpleNamespace(
        type="concat",
        inputs={"values": SimpleNamespace(arguments=bindings)},
        outputs=[SimpleNamespace(name=output)],
    )


def test_what_meets_in_concatenations_has_one_range() -> None:
    """The third joins two groups that did not touch before."""
    operations = [concat(["a", "b"], "ab"), concat(["c", "d"], "cd"), concat(["b", "c"], "bc")]
    package: Any = SimpleNamespace(block=SimpleNamespace(operations=operations))
    ranges = {name: (-float(place), 1.0) for place, name in enumerate(("a", "b", "ab", "c", "d", "cd", "bc"))}
    ranges["free"] = (-0.5, 0.5)
    shared = _shared_by_concats(package, ranges)
    assert shared.pop("free") == (-0.5, 0.5)
    assert set(shared.values()) == {(-6.0, 1.0)}


def test_a_range_holds_zero_and_is_never_too_narrow() -> None:
    assert _widened(0.5, 2.0) == (0.0, 2.0)
    assert _widened(-3.0, -1.0) == (-3.0, 0.0)
    assert _widened(0.0, 0.0) == (0.0, NARROWEST)


@pytest.mark.full
def test_another_coremltools_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    coremltools = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    from coremltools.optimize.coreml import _post_training_quantization as theirs

    before = theirs._get_activation_calibration_stats
    with coreml_activations._ranges_handed_over({"x": {"rmin": 0.0, "rmax": 1.0}}):
        assert theirs._get_activation_calibration_stats(None, []) == {"x": {"rmin": 0.0, "rmax": 1.0}}
    assert theirs._get_activation_calibration_stats is before
    monkeypatch.setattr(coremltools, "__version__", "10.1")
    with (
        pytest.raises(UnsupportedError, match="private function"),
        coreml_activations._ranges_handed_over({}),
    ):
        pass

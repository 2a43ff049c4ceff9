from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.mixed_scale_concat import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.verdict import Evidence

WIDE = 10.0


def joined(path: Path, narrow: float, requantised: bool) -> Path:
    """[1, 4] twice into [1, 8] of +-10; the second half is +-`narrow`, told by a ``QUANTIZE`` or not."""
    writer = QuantisedWriter()
    x = writer.activation("x", (1, 4), -WIDE, WIDE)
    other = writer.activation("other", (1, 4), -WIDE, WIDE)
    if requantised:
        own = writer.activation("own", (1, 4), -narrow, narrow)
        writer.operator("QUANTIZE", (x,), (own,), options="QuantizeOptions")
        writer.operator("QUANTIZE", (own,), (other,), options="QuantizeOptions")
    else:
        factor = writer.activation("factor", (1, 1), -narrow / WIDE, narrow / WIDE)
        value = writer.constant("value", np.full((1, 1), narrow / WIDE), factor)
        writer.operator("MUL", (x, value), (other,), options="MulOptions")
    y = writer.activation("y", (1, 8), -WIDE, WIDE)
    writer.operator("CONCATENATION", (x, other), (y,), options="ConcatenationOptions", axis=1)
    return writer.write(path, (x,), (y,))


@pytest.mark.parametrize(("narrow", "faulty"), [(1.0, True), (2.4, True), (2.6, False), (10.0, False)])
def test_an_input_that_needs_a_quarter_of_the_width_is_found(
    tmp_path: Path, narrow: float, faulty: bool
) -> None:
    examples = np.tile(np.array([[-128, 127, 0, 5]], np.int8), (4, 1))
    path = joined(tmp_path / "m.tflite", narrow, requantised=True)
    seen = examine(subject_of(path, examples))
    assert bool(seen.findings) is faulty
    if faulty:
        (finding,) = seen.findings
        assert finding.layer == "CONCATENATION 2 (y)"
        assert finding.figure == pytest.approx(WIDE / narrow, rel=0.1)
        assert "input 1 needs a width" in finding.says


def test_the_file_alone_is_enough_where_both_widths_stand_in_it(tmp_path: Path) -> None:
    writer = QuantisedWriter()
    ends = []
    for name, width in (("a", 1.0), ("b", WIDE)):
        own = writer.activation(name, (1, 4), -width, width)
        shared = writer.activation(f"{name}/shared", (1, 4), -WIDE, WIDE)
        writer.operator("QUANTIZE", (own,), (shared,), options="QuantizeOptions")
        ends.append((own, shared))
    y = writer.activation("y", (1, 8), -WIDE, WIDE)
    writer.operator("CONCATENATION", [end[1] for end in ends], (y,), options="ConcatenationOptions", axis=1)
    path = writer.write(tmp_path / "m.tflite", tuple(end[0] for end in ends), (y,))
    found = examine(subject_of(path))
    assert [finding.evidence for finding in found.findings] == [Evidence.ESTIMATED]
    assert found.findings[0].figure == pytest.approx(WIDE)
    assert found.not_run == ""


def test_without_examples_the_widths_of_a_fused_scale_are_not_known(tmp_path: Path) -> None:
    path = joined(tmp_path / "m.tflite", 1.0, requantised=False)
    found = examine(subject_of(path))
    assert found.standing is Standing.NOT_RUN
    assert "--data" in found.not_run
    examples = np.tile(np.array([[-128, 127, 0, 5]], np.int8), (4, 1))
    assert examine(subject_of(path, examples)).findings[0].evidence is Evidence.HOST

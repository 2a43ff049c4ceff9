from __future__ import annotations

from fieldpack.cli.verdicts import verdict_text
from fieldpack.verdict import AT_MOST, Evidence, Figure, Outcome, Verdict, judge


def test_a_ratio_names_what_it_is_a_share_of() -> None:
    figure = Figure("latency_ms.host", 0.72, "of tflite-float32", Evidence.HOST, None, 0.66, 0.84)
    text = verdict_text([judge(figure, 0.8, AT_MOST, subject="tflite-int8")])
    assert "0.72 of tflite-float32  0.66 .. 0.84  <= 0.8 of tflite-float32" in text
    assert text.endswith("its rounds lie on both sides; a calmer machine may")


def test_times_have_a_unit_and_open_examples_their_advice() -> None:
    figure = Figure("latency_ms.host", 3.25, "ms", Evidence.HOST, None, 3.0, 3.5)
    drop = Figure("top1_drop", 0.02, "fraction", Evidence.HOST, 100, -0.01, 0.05)
    text = verdict_text([judge(figure, 4, AT_MOST), judge(drop, 0.03, AT_MOST)])
    assert "3.25 ms  3 ms .. 3.5 ms" in text
    assert "<= 4 ms" in text
    assert text.endswith("more examples would")


def test_what_nothing_measured_is_listed_with_its_reason() -> None:
    figure = Figure("latency_ms.adb:R5", None, "ms", Evidence.NOT_RUN)
    lacking = Verdict(
        figure.name,
        "small",
        Outcome.NOT_RUN,
        figure,
        5.0,
        AT_MOST,
        None,
        "latency_ms.adb:R5 was not measured; a build measures on host",
    )
    text = verdict_text([lacking])
    assert "not measured: small latency_ms.adb:R5: a build measures on host" in text
    unknown = Verdict("installed_bytes", "small", Outcome.NOT_RUN, figure, None, AT_MOST, None, "not known")
    assert "<=" not in verdict_text([unknown])

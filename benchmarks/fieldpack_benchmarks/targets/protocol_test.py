"""Answers that are believed, and each way in which one is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fieldpack.errors import InputError, TargetError
from fieldpack_benchmarks.targets.profile import ProfileRow, parse_profile
from fieldpack_benchmarks.targets.protocol import SCHEMA, SENTINEL, RunRequest, fnv64, parse_run

REQUEST = RunRequest(warm_ups=2, samples=3)
ANSWER: dict[str, Any] = {
    "schema": SCHEMA, "runner": "c", "threads": 1, "init_ns": 1000, "started_ns": 5000, "ended_ns": 9000,
    "warm_up_ns": [300, 200], "wall_ns": [100, 110, 90], "cpu_ns": [120, 110, 100], "peak_kib": 2048,
    "max_rss_kib": -1, "fully_accelerated": True, "repeats": True,
    "outputs": [{"element": 1, "fnv64": "00000000000000ff", "dims": [1, 10]}],
}  # fmt: skip
HEAD = "[node type] [start] [first] [avg ms] [%] [cdf%] [mem KB] [times called] [Name]"
TABLE = f"""
======== Run Order ========
    {HEAD}
    Delegate/Convolution (NHWC, QS8) IGEMM   0.000  0.003  0.003   42.857%   42.857%  0.000   1  [Delegate]:0
                                   SOFTMAX   0.000  0.002  0.002   57.143%  100.000%  0.000   1  [Builtin]:4

======== Top by Computation Time ========
"""


def _printed(answer: object) -> str:
    line = json.dumps(answer)
    return f"{line}\n{SENTINEL} {len(line)}\n"


def _parsed(changes: dict[str, Any] | None = None, without: str = "", request: RunRequest = REQUEST) -> Any:
    answer = {name: value for name, value in (ANSWER | (changes or {})).items() if name != without}
    return parse_run(_printed(answer), "", 0, request, "adb:X")


def test_a_whole_answer_is_read() -> None:
    report = _parsed()
    assert report.first_run_ns == 300
    assert report.wall_ns == (100, 110, 90)
    assert (report.peak_bytes, report.max_rss_bytes) == (2048 * 1024, None)
    assert report.outputs[0].dims == (1, 10)
    assert report.profile is None


def test_words_around_the_answer_and_line_ends_of_old_devices_do_not_matter() -> None:
    text = f"linker: warning\r\n{_printed(ANSWER)}".replace("\n", "\r\n")
    assert parse_run(text, "", 0, REQUEST, "adb:X") == _parsed()


def test_an_answer_with_a_profile_says_who_ran_what() -> None:
    report = _parsed({"profile": TABLE}, request=RunRequest(samples=3, profile=True))
    assert report.profile == (
        ProfileRow("Convolution (NHWC, QS8) IGEMM", 0.003, True),
        ProfileRow("SOFTMAX", 0.002, False),
    )


@pytest.mark.parametrize(
    "text", ["", "===== Run Order =====\nhead\n\n", TABLE.replace("[Builtin]:4", "[Builtin")]
)
def test_other_tables_are_no_profile(text: str) -> None:
    with pytest.raises(ValueError, match="table of operators"):
        parse_profile(text)


@pytest.mark.parametrize("code", [0, 1, 137, 139, 255, None])
def test_no_return_code_replaces_the_last_line(code: int | None) -> None:
    with pytest.raises(TargetError, match="without its last line") as caught:
        parse_run(json.dumps(ANSWER), "#fieldpack-stage load\nINFO: x\nKilled\n", code, REQUEST, "adb:X")
    assert "in stage load: Killed" in (caught.value.came or "")
    assert caught.value.hint


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_truncated_line_is_no_answer_even_when_the_last_line_came(cut: int) -> None:
    line = json.dumps(ANSWER)
    with pytest.raises(TargetError, match="truncated"):
        parse_run(f"{line[:-cut]}\n{SENTINEL} {len(line)}\n", "", 0, REQUEST, "adb:X")


def test_two_answers_are_none() -> None:
    with pytest.raises(TargetError, match="more than once"):
        parse_run(_printed(ANSWER) * 2, "", 0, REQUEST, "adb:X")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_figure(word: str) -> None:
    line = json.dumps(ANSWER).replace("1000", word)
    with pytest.raises(TargetError, match="no JSON"):
        parse_run(f"{line}\n{SENTINEL} {len(line)}\n", "", 0, REQUEST, "adb:X")


@pytest.mark.parametrize("answer", [{"schema": "fieldpack-run/2"}, {}, [], 3, "text"])
def test_another_schema_is_refused_before_its_fields_are_read(answer: object) -> None:
    with pytest.raises(TargetError, match="another protocol"):
        parse_run(_printed(answer), "", 0, REQUEST, "adb:X")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"ended_ns": 4000}, "clock ran backwards"),
        ({"wall_ns": [100, -5, 90]}, "clock ran backwards"),
        ({"wall_ns": [100, 9000, 90]}, "clock ran backwards"),
        ({"init_ns": -1}, "clock ran backwards"),
        ({"init_ns": 1000.5}, "no time"),
        ({"init_ns": True}, "no time"),
        ({"wall_ns": [], "cpu_ns": []}, "samples"),
        ({"wall_ns": [100], "cpu_ns": [100]}, "samples"),
        ({"cpu_ns": [1]}, "processor times"),
        ({"warm_up_ns": [1]}, "warm-ups"),
        ({"threads": 4}, "threads"),
        ({"runner": "rust"}, "runner"),
        ({"peak_kib": "2048"}, "memory"),
        ({"fully_accelerated": 1}, "neither"),
        ({"outputs": [{"element": 1, "fnv64": "ff", "dims": []}]}, "output"),
        ({"surprise": 1}, "surprise"),
        ({"profile": TABLE}, "profile"),
    ],
)
def test_an_answer_that_contradicts_itself_is_not_believed(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(TargetError, match="contradicts itself") as caught:
        _parsed(changes)
    assert word in (caught.value.came or "")


@pytest.mark.parametrize("name", sorted(ANSWER.keys() - {"schema"}))
def test_every_field_is_needed(name: str) -> None:
    with pytest.raises(TargetError, match="contradicts itself"):
        _parsed(without=name)


def test_the_reason_of_a_runner_that_stops_is_told() -> None:
    answer = {"schema": SCHEMA, "runner": "c", "error": {"stage": "library", "message": "no such file"}}
    with pytest.raises(TargetError, match="stopped in stage library") as caught:
        parse_run(_printed(answer), "", 1, REQUEST, "adb:X")
    assert (caught.value.came, caught.value.exit_code) == ("no such file", 4)


@pytest.mark.parametrize(
    "wrong",
    [{"threads": 0}, {"threads": 65}, {"warm_ups": 0}, {"samples": 0}, {"min_seconds": -1},
     {"max_seconds": float("nan")}, {"threads": 2, "counting": True}],
)  # fmt: skip
def test_requests_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        RunRequest(**wrong)
    assert caught.value.allowed


@pytest.mark.parametrize(
    ("content", "digest"),
    [(b"", "cbf29ce484222325"), (b"a", "af63dc4c8601ec8c"), (b"foobar", "85944171f73967e8")],
)
def test_digests_are_those_of_the_published_vectors(content: bytes, digest: str) -> None:
    assert fnv64(content) == digest

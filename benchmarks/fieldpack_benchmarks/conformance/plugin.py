"""The pytest plugin: ``pytest -p fieldpack_benchmarks.conformance.plugin``.

Puts our runtime under coremltools, runs only the tests of a list of ids, seeds every test by its
id (many draw inputs without a seed), stops what takes too long, and writes one record per test.
Functions without a wanted test are not even parametrised, which keeps collection to seconds.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind
from fieldpack.worker import die_with_parent
from fieldpack_benchmarks.conformance import masquerade, proxy
from fieldpack_benchmarks.conformance.record import Outcome, Record, append
from fieldpack_benchmarks.conformance.sample import Draw, function_of

LONGEST_MESSAGE = 400


class Overtime(BaseException):
    """A test ran longer than allowed; no ``except Exception`` of a test may catch it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--conformance-ids", type=Path, help="JSON list of node ids: run only these")
    group.addoption("--conformance-list", type=Path, help="write the collected node ids as a JSON list")
    group.addoption("--conformance-sample", help="PER_FUNCTION,COUNT,SEED: draw from what is collected")
    group.addoption(
        "--conformance-out", type=Path, help="JSON lines, a record per test; ends with its parent"
    )
    group.addoption("--conformance-engine", type=EngineKind, default=EngineKind.REFERENCE)
    group.addoption("--conformance-precision", type=Precision, default=Precision.FP32)
    group.addoption("--conformance-seconds", type=int, default=120, help="longest time of one test")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--conformance-out"):
        die_with_parent()
    proxy.SETTINGS.kind = config.getoption("--conformance-engine")
    proxy.SETTINGS.precision = config.getoption("--conformance-precision")
    masquerade.pretend_macos(proxy.ModelProxy)
    listed = config.getoption("--conformance-ids")
    wanted = set(json.loads(listed.read_text(encoding="utf-8"))) if listed else None
    config.pluginmanager.register(Recorder(config, wanted), "fieldpack-conformance")


def _draw(text: str) -> Draw:
    per_function, count, seed_number = map(int, text.split(","))
    return Draw("ops", "default", per_function, count or None, seed_number)


class Recorder:
    """Chooses, seeds, times and records the tests of one process."""

    def __init__(self, config: pytest.Config, wanted: set[str] | None) -> None:
        self._wanted = wanted
        self._functions = None if wanted is None else {function_of(item) for item in wanted}
        self._out: Path | None = config.getoption("--conformance-out")
        self._seconds: int = config.getoption("--conformance-seconds")
        self._listing: Path | None = config.getoption("--conformance-list")
        self._phases: dict[str, pytest.TestReport] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Module | pytest.Class, name: str, obj: object
    ) -> list[pytest.Item] | None:
        """Nothing for a function of which no test is wanted."""
        if self._functions is None or isinstance(obj, type) or not name.startswith("test"):
            return None
        return None if f"{collector.nodeid}::{name}" in self._functions else []

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Parameters that a module draws at import are the same in every run."""
        seed(collector.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parameters that are an iterator are spent on the first class that inherits a test.

        The next class would be left without, or with all, depending on what was collected before.
        """
        for mark in metafunc.definition.iter_markers("parametrize"):
            if len(mark.args) > 1 and isinstance(mark.args[1], Iterator):
                object.__setattr__(mark, "args", (mark.args[0], list(mark.args[1]), *mark.args[2:]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: object, argname: str) -> str | None:
        """An id that holds drawn numbers or an address would be another in the next process."""
        text = str(val)
        unstable = "\n" in text or "array(" in text or " at 0x" in text
        return f"{argname}={type(val).__name__}" if unstable else None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._listing is not None:
            self._listing.write_text(json.dumps([item.nodeid for item in session.items]), encoding="utf-8")

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._wanted is not None:
            items[:] = [item for item in items if item.nodeid in self._wanted]
        sample = config.getoption("--conformance-sample")
        if sample:
            drawn = set(_draw(sample).of([item.nodeid for item in items]))
            items[:] = [item for item in items if item.nodeid in drawn]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        proxy.WATCH.clear()
        self._phases.clear()
        started = time.perf_counter()
        answer = yield
        if self._out is not None:
            append(self._out, self._record(item, time.perf_counter() - started))
        return answer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        seed(item.nodeid)
        before = signal.signal(signal.SIGALRM, _overtime)
        signal.alarm(self._seconds)
        try:
            return (yield)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._phases[report.when or ""] = report

    def _record(self, item: pytest.Item, seconds: float) -> Record:
        reports = [self._phases[when] for when in ("setup", "call", "teardown") if when in self._phases]
        worst = next((report for report in reports if not report.passed), reports[-1])
        watch = proxy.WATCH
        return Record(
            id=item.nodeid,
            outcome=_outcome(worst),
            reached=watch.reached,
            operators=tuple(sorted(watch.operators)),
            engines=tuple(sorted(watch.engines)),
            precision=_precision(item),
            seconds=round(seconds, 3),
            message=_message(worst),
        )


def seed(text: str) -> None:
    """Seed Python, numpy and torch by a text."""
    value = zlib.crc32(text.encode())
    random.seed(value)
    np.random.seed(value)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(value)


def _overtime(number: int, frame: object) -> None:
    raise Overtime("the test ran out of time")


def _outcome(report: pytest.TestReport) -> Outcome:
    expected = hasattr(report, "wasxfail")
    if report.skipped:
        return Outcome.XFAILED if expected else Outcome.SKIPPED
    if report.passed:
        return Outcome.XPASSED if expected else Outcome.PASSED
    return Outcome.OVERTIME if "Overtime" in str(report.longrepr) else Outcome.FAILED


def _message(report: pytest.TestReport) -> str:
    if report.passed:
        return ""
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])[:LONGEST_MESSAGE]
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr).strip()
    return " | ".join(line.strip() for line in text.splitlines() if line.strip())[:LONGEST_MESSAGE]


def _precision(item: pytest.Item) -> str:
    backend = getattr(getattr(item, "callspec", None), "params", {}).get("backend")
    if isinstance(backend, tuple) and len(backend) > 1:
        return str(backend[1])
    return str(getattr(backend, "precision", ""))

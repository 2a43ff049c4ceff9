"""A flavour in a headless Chromium of this machine, by the page that ``fieldpack export --for web`` writes.

Every round is a page of its own, which loads the runtime anew. The server asks for isolation, so that the
page's clock counts in 5 microseconds. Times hold the copies into and out of the runtime's memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.exports.web.facts import LITERT_VERSION
from fieldpack.exports.web.write import write
from fieldpack.records.store import remember_machine
from fieldpack.records.validity import Plan, percentiles, validity
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.bench.examples import examples_of
from fieldpack_benchmarks.targets.browser import Browser, open_browser, served
from fieldpack_benchmarks.targets.host import HostTransport

LEAST_MS = 0.005
"""What the clock of an isolated page counts in."""
MORE_S = 60.0
"""For what a round does beside its samples."""


def timed_in_browser(
    bundle: Bundle, flavour: FlavourEntry, mode: str, plan: Plan, examples: int, records: Path
) -> dict[str, Any]:
    """Fields of the record of a measured run.

    Raises
    ------
    InputError, UnsupportedError
        The page cannot take the bundle or the flavour.
    MissingDependencyError
        LiteRT.js or Chromium is missing.
    TargetError
        The page threw, or did not come to an end.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page = write(bundle, folder / "page", (flavour.name,), None).folder
        with open_browser(folder) as browser, served(page, isolated=True) as url:
            rounds = [_round(browser, url, plan, examples) for _ in range(plan.rounds)]
            version = browser.version()
    return _fields(bundle, flavour, mode, plan, rounds, records, version)


def _round(browser: Browser, url: str, plan: Plan, examples: int) -> dict[str, Any]:
    """One page, which loads the runtime and the model under the clock."""
    browser.go("about:blank")
    browser.wait("location.href === 'about:blank'")
    browser.go(f"{url}?bench=1")
    browser.wait("location.search === '?bench=1' && document.readyState === 'complete'")
    asked = {
        "warmUps": plan.warm_ups, "samples": plan.samples, "longestS": plan.seconds,
        "shortestS": plan.shortest_s, "examples": examples,
    }  # fmt: skip
    call = f"import('./page/bench.js').then((module) => module.bench({json.dumps(asked)}))"
    result: dict[str, Any] = browser.value(call, plan.seconds + MORE_S)
    return result


def _fields(
    bundle: Bundle, flavour: FlavourEntry, mode: str, plan: Plan, rounds: Sequence[dict[str, Any]],
    records: Path, version: str,
) -> dict[str, Any]:  # fmt: skip
    facts = HostTransport().facts()
    told = {name: value for name, value in asdict(facts).items() if name not in ("free_bytes", "readings")}
    runtime = f"LiteRT.js {LITERT_VERSION} in {version}"
    golden = examples_of(bundle, flavour, len(rounds[0]["outputs"]))
    places = [[item.name for item in flavour.outputs].index(name) for name in golden.outputs]
    answers = [
        [np.asarray(row[place], np.float32).tobytes() for place in places] for row in rounds[0]["outputs"]
    ]
    taken = [[max(value, LEAST_MS) for value in item["times"]] for item in rounds]
    return {
        "evidence": Evidence.HOST,
        "outcome": "measured",
        "mode": mode,
        "machine": remember_machine(records, {**{k: v for k, v in told.items() if v}, "browser": version}),
        "runner": {
            "kind": "page", "runtime": runtime, "processor": facts.cpu or facts.architecture, "threads": 1,
        },
        "rounds": [_told(item, values) for item, values in zip(rounds, taken, strict=True)],
        "flags": validity(plan, taken),
        "examples": len(answers),
        "outputs": golden.digests(answers),
        "golden_gap": golden.gap(answers),
    }  # fmt: skip


def _told(result: dict[str, Any], taken: Sequence[float]) -> dict[str, Any]:
    middle, ninety, most = percentiles(taken)
    return {
        "latency_ms": middle,
        "p90_ms": ninety,
        "p99_ms": most,
        "samples": len(taken),
        "load_ms": result["loadMs"],
        "first_run_ms": result["firstRunMs"],
    }

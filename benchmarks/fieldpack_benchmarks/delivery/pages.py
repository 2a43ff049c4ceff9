"""Pages: what ``fieldpack export --for web`` answers in a headless Chromium that never saw it, and how soon.

The page says what it gave for every golden vector; it is held here, with numpy, against what LiteRT gave
natively when the bundle was built. Evidence is ``host``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.exports.web.choice import web_flavour
from fieldpack.exports.web.write import write
from fieldpack.tflite.facts import BORDER_OPERATORS
from fieldpack.tflite.file import open_model
from fieldpack_benchmarks.targets.browser import open_browser, served

RESULT = "document.getElementById('golden')?.dataset.result"
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Page:
    """One flavour of a bundle in a page.

    Attributes
    ----------
    bundle, flavour : str
        Names.
    vectors, same_best : int
        Golden vectors that were answered, and those whose best label is the native one.
    largest_gap : float
        Between a score of the page and the native one.
    whole_numbers : bool
        Between its float inputs and outputs it computes with whole numbers only.
    seconds : float
        From the address to the answers of all vectors, nothing being cached.
    """

    bundle: str
    flavour: str
    vectors: int
    same_best: int
    largest_gap: float
    whole_numbers: bool
    seconds: float


def pages(bundles: Sequence[Path], flavours: Sequence[str], folder: Path, progress: Progress) -> list[Page]:
    """Export and open every flavour of every bundle.

    Parameters
    ----------
    bundles : sequence of Path
        Of pictures, recordings or places.
    flavours : sequence of str
        Names; a bundle without one leaves it out.
    folder : Path
        To work in.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        LiteRT.js or Chromium is missing.
    TargetError
        A page threw, or did not come to an end.
    """
    found = []
    for number, path in enumerate(bundles):
        with open_bundle(path) as bundle:
            for name in [item.name for item in bundle.manifest.flavours if item.name in flavours]:
                progress(f"page of {bundle.manifest.name}, {name}", number / len(bundles))
                flavour = web_flavour(bundle.manifest, (name,))
                found.append(opened(bundle, flavour, folder / f"{bundle.manifest.name}-{name}"))
    return found


def opened(bundle: Bundle, flavour: FlavourEntry, folder: Path) -> Page:
    """The page of one flavour, in a browser with a profile of its own."""
    folder.mkdir()
    written = write(bundle, folder / "page", (flavour.name,), None).folder
    with open_browser(folder) as browser, served(written) as url:
        browser.go("about:blank")
        begin = time.perf_counter()
        browser.go(f"{url}?golden=1")
        result: dict[str, Any] = json.loads(browser.wait(RESULT))
        seconds = time.perf_counter() - begin
    native = bundle.flavour_golden(flavour.name)
    (output,) = flavour.outputs
    wanted = native[output.name].reshape(len(native[output.name]), -1)
    given = np.asarray(result["outputs"], np.float64).reshape(wanted.shape)
    return Page(
        bundle=bundle.manifest.name,
        flavour=flavour.name,
        vectors=len(given),
        same_best=int((given.argmax(1) == wanted.argmax(1)).sum()),
        largest_gap=float(np.abs(given - wanted).max()),
        whole_numbers=computes_whole_numbers(bundle, flavour),
        seconds=seconds,
    )


def computes_whole_numbers(bundle: Bundle, flavour: FlavourEntry) -> bool:
    """Whether nothing but inputs, outputs and the tensors next to them hold floats."""
    (graph, *more) = open_model(bundle.path(flavour.path)).subgraphs
    inner = [node for node in graph.operators if node.name not in BORDER_OPERATORS]
    touched = {index for node in inner for index in node.inputs + node.outputs if index >= 0}
    return not more and not any(graph.tensors[index].dtype.startswith("float") for index in touched)

"""``fieldpack study overhead``: what Fieldpack itself costs: start, inspection, prediction, a whole build.

Everything that is compared is timed in turn in one run. Wall times of a busy machine are wide; such a
figure is called unstable beside its bar, and the load average stands at the end.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.errors import MissingDependencyError
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.bare_prediction import BarePrediction
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import SPECS, VARIABLE, data_root
from fieldpack_benchmarks.processes import FIELDPACK, PYTHON, run_process
from fieldpack_benchmarks.study import Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.timing import interleaved, ratio, stability

Progress = Callable[[str, float], None]
IMPORT_MS, HELP_MS, INSPECT_MS = 100.0, 300.0, 500.0
PREDICT_RATIO = 1.1
BUILD_S, BUILD_PEAK_BYTES = 90.0, 300_000_000
BARE, IMPORT, HELP, INSPECT = "python -c pass", "import fieldpack", "fieldpack --help", "fieldpack inspect"
OURS, THEIRS = "Predictor.ranked", "Pillow and LiteRT alone"
WORLD = "fieldpack_reference_models"
EXIT_OF_A_BUILD = (0, 1, 3)
"""Built, and the budget held, was missed, or is not settled: all of them are whole builds."""
COLUMNS = (
    Column("what", "text", "host", "what was timed"),
    Column("n", "count", "host", "timed values, warm-ups not counted"),
    Column("best", "ms", "host", "smallest value, milliseconds"),
    Column("median", "ms", "host", "middle value, milliseconds"),
    Column("peak_bytes", "bytes", "host", "largest resident memory of the process without its children"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Measure the overhead.

    Parameters
    ----------
    quick : bool
        Fewer rounds; the build is timed all the same.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        There is neither the data folder nor the reference models.
    """
    spec, picture = _workload()
    return study_of(spec, picture, quick, progress)


def study_of(spec: Path, picture: Path | None, quick: bool, progress: Progress) -> Study:
    """The study on one spec of a picture model; without a picture a golden one is taken."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        target = Path(folder) / "bundle"
        progress(f"build {spec.stem}", 0.0)
        plain = _without_recipe(spec, Path(folder))
        built = run_process(
            (*FIELDPACK, "build", str(plain), "--out", str(target)), EXIT_OF_A_BUILD, watch_memory=True
        )
        progress("start processes", 0.6)
        starts = _starts(target, 7 if quick else 15)
        progress("predict", 0.8)
        with open_bundle(target) as bundle:
            predictions = _predictions(bundle, picture, Path(folder), 60 if quick else 300)
    build = Timing("build", "s", (), (built.seconds,))
    rows = [_row(timing) for timing in (*starts.values(), *predictions.values())]
    rows.append({**_row(Timing("build", "ms", (), (built.seconds * 1e3,))), "peak_bytes": built.peak_bytes})
    return Study(
        name="overhead",
        columns=COLUMNS,
        rows=tuple(rows),
        bars=(
            *_start_bars(starts),
            _ratio_bar(predictions),
            Bar(
                f"build of {spec.stem}, wall, s", built.seconds, BUILD_S, AT_MOST, Evidence.HOST, "one value"
            ),
            Bar(
                f"build of {spec.stem}, peak memory of the main process, bytes",
                built.peak_bytes,
                BUILD_PEAK_BYTES,
                AT_MOST,
                Evidence.HOST,
                "children not counted",
            ),
        ),
        timings=(*starts.values(), *predictions.values(), build),
        notes=(f"built: {spec.name}", f"`{IMPORT}` is held without the bare interpreter of its round"),
        quick=quick,
    )


def _without_recipe(spec: Path, folder: Path) -> Path:
    """The spec of a plain build: passes take as long as they are asked to."""
    found = load_spec(spec)
    if not found.recipe:
        return spec
    write_spec(found.model_copy(update={"recipe": ()}), folder / spec.name)
    return folder / spec.name


def _workload() -> tuple[Path, Path | None]:
    """A real model where the data are, else the generated world of the reference models."""
    picture = data_root() / "models/vision/coral/parrot.jpg"
    if picture.is_file():
        return SPECS / "mobilenet_v1_025.toml", picture
    pack = embedded_pack()
    if pack is None:
        raise MissingDependencyError(
            "this study needs a model to build",
            came=f"neither {picture} nor {WORLD}/vision/pack.toml",
            hint=f"export {VARIABLE}=FOLDER, or install the reference models",
        )
    return pack, None


def embedded_pack() -> Path | None:
    """The spec of the embedded picture model, where the reference models are installed."""
    found = importlib.util.find_spec(WORLD)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    return next((path for place in places if (path := place / "vision/pack.toml").is_file()), None)


def _starts(bundle: Path, rounds: int) -> dict[str, Timing]:
    commands: Mapping[str, tuple[str, ...]] = {
        BARE: (*PYTHON, "-c", "pass"),
        IMPORT: (*PYTHON, "-c", "import fieldpack"),
        HELP: (*FIELDPACK, "--help"),
        INSPECT: (*FIELDPACK, "inspect", str(bundle)),
    }
    actions = {name: _starting(command) for name, command in commands.items()}
    return interleaved(actions, rounds, warm_ups=2)


def _starting(command: tuple[str, ...]) -> Callable[[], object]:
    return lambda: run_process(command)


def _start_bars(timings: Mapping[str, Timing]) -> tuple[Bar, ...]:
    bare, imported = timings[BARE], timings[IMPORT]
    own = Timing(IMPORT, "ms", (), tuple(a - b for a, b in zip(imported.values, bare.values, strict=True)))
    note = stability(bare, imported)
    return (
        Bar(
            f"{IMPORT}, best, ms", min(imported.values) - min(bare.values), IMPORT_MS, AT_MOST, Evidence.HOST
        ),
        Bar(f"{IMPORT}, median, ms", median(own.values), IMPORT_MS, AT_MOST, Evidence.HOST, note),
        *_whole(timings[HELP], HELP_MS),
        *_whole(timings[INSPECT], INSPECT_MS),
    )


def _whole(timing: Timing, limit: float) -> tuple[Bar, Bar]:
    """Best and median of whole processes, interpreter included."""
    best, middle = min(timing.values), median(timing.values)
    return (
        Bar(f"{timing.name}, best, ms", best, limit, AT_MOST, Evidence.HOST),
        Bar(f"{timing.name}, median, ms", middle, limit, AT_MOST, Evidence.HOST, stability(timing)),
    )


def _predictions(bundle: Bundle, picture: Path | None, folder: Path, rounds: int) -> dict[str, Timing]:
    from fieldpack.predict import Predictor

    name = next(item.name for item in bundle.manifest.flavours if item.kind.value == "tflite")
    path = picture or _golden_picture(bundle, folder)
    ours, theirs = Predictor(bundle, name), BarePrediction(bundle, name)
    return interleaved(
        {OURS: lambda: ours.ranked(path), THEIRS: lambda: theirs.ranked(path)}, rounds, warm_ups=10
    )


def _golden_picture(bundle: Bundle, folder: Path) -> Path:
    from PIL import Image

    pixels = next(iter(bundle.golden_inputs().values()))[0]
    path = folder / "golden.png"
    Image.fromarray(pixels).save(path)
    return path


def _ratio_bar(timings: Mapping[str, Timing]) -> Bar:
    found = ratio(timings[OURS], timings[THEIRS])
    note = f"95 % bounds {found.low:.3f} .. {found.high:.3f}"
    unstable = stability(*timings.values())
    return Bar(
        f"{OURS} over {THEIRS}, upper bound of the ratio",
        found.high,
        PREDICT_RATIO,
        AT_MOST,
        Evidence.HOST,
        f"{note}; {unstable}" if unstable else note,
    )


def _row(timing: Timing) -> dict[str, Cell]:
    return {
        "what": timing.name,
        "n": len(timing.values),
        "best": min(timing.values),
        "median": median(timing.values),
        "peak_bytes": None,
    }

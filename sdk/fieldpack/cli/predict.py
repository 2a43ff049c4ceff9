"""``fieldpack predict``: run a bundle on one file; of a recording, what was heard from when to when."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.predict_scene import add_scene_arguments, is_scene, map_file, refuse_scene_options
from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle
    from fieldpack.recordings.analyser import Analyser, Analysis, WindowValues

FORMATS = ("table", "json", "raven", "audacity")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument(
        "file", nargs="?", help="picture, sound, scene, .npy array, or LATITUDE,LONGITUDE[,ELEVATION[,WEEK]]"
    )
    parser.add_argument(
        "--place",
        metavar="LAT,LON[,ELEV[,WEEK]]",
        help="a place in the file's stead; in the south of the earth as --place=-33.9,151.2",
    )
    parser.add_argument("--flavour", help="which flavour runs; default: every one, of a recording the first")
    parser.add_argument("--top", type=_count, default=5, help="how many labels are shown (default 5)")
    parser.add_argument("--precision", choices=("fp32", "fp16"), help="arithmetic of a Core ML flavour")
    sound = parser.add_argument_group("recordings")
    sound.add_argument(
        "--clip", action="store_true", help="one answer for the file, by the contract's rules for clips"
    )
    sound.add_argument("--format", choices=FORMATS, default="table", help="how detections are written")
    sound.add_argument(
        "--out", type=Path, metavar="FILE", help="write them to a file instead of the terminal; a map as .tif"
    )
    sound.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the spectrogram with them")
    sound.add_argument(
        "--step", type=float, metavar="S", help="seconds between windows; default: the contract's"
    )
    sound.add_argument("--threshold", type=float, metavar="T", help="score from which a label is present")
    sound.add_argument(
        "--sensitivity", type=float, metavar="V", help="slope of the scores, where there is one"
    )
    add_scene_arguments(parser)
    sound.add_argument(
        "--values",
        type=Path,
        metavar="FILE.npz",
        help="write what the model gives for each window, with times",
    )
    sound.add_argument("--every-window", action="store_true", help="do not join windows of the same label")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the best labels of each flavour, or the detections of a recording."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.contract import SoundInput
    from fieldpack.predict import read_example

    options.file = _given(options)
    raw = read_example(options.file)
    with open_bundle(options.bundle) as bundle:
        taken = bundle.manifest.contract.inputs[0]
        heard = isinstance(taken, SoundInput) and isinstance(raw, Path) and raw.suffix.lower() != ".npy"
        if heard and isinstance(raw, Path) and not options.clip:
            return _recording(bundle, raw, options, terminal)
        if is_scene(taken, raw):
            return map_file(bundle, raw, options, terminal)
        refuse_scene_options(options)
        _refuse_sound_options(options, heard)
        answers = _answers(bundle, raw, options, terminal)
    terminal.result({"file": options.file, "answers": answers}, _text(answers))
    return 0


def _given(options: argparse.Namespace) -> str:
    """The file, or the place in its stead."""
    from fieldpack.errors import InputError

    given = [text for text in (options.file, options.place) if text is not None]
    if len(given) != 1:
        came = "both" if given else "neither"
        raise InputError("predict takes a file or a place", came=came, allowed="FILE, or --place=LAT,LON")
    return str(given[0])


def _answers(
    bundle: Bundle, raw: Any, options: argparse.Namespace, terminal: Terminal
) -> list[dict[str, Any]]:
    from fieldpack.bundle.manifest import FlavourKind
    from fieldpack.predict import Predictor, choose_flavour

    chosen = choose_flavour(bundle, options.flavour)
    names = [chosen.name] if options.flavour else [item.name for item in bundle.manifest.flavours]
    answers: list[dict[str, Any]] = []
    told = dict.fromkeys(_heard_findings(bundle, raw))
    for name in names:
        terminal.progress("predict", name, 0.0)
        wanted = options.precision if choose_flavour(bundle, name).kind is FlavourKind.COREML else None
        predictor = Predictor(bundle, name, precision=wanted)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            ranked = predictor.ranked(raw, options.top)
        told |= {str(item.message): None for item in caught if item.category is UserWarning}
        answers.append(
            {
                "flavour": name,
                "evidence": predictor.evidence.value,
                "outputs": {key: [item.as_dict() for item in items] for key, items in ranked.items()},
            }
        )
    for warning in told:
        terminal.note(f"warning: {options.file}: {warning}")
    return answers


def _heard_findings(bundle: Bundle, raw: Any) -> list[str]:
    """What is odd about a clip, where the example is one."""
    from fieldpack.contract import SoundInput
    from fieldpack.recordings.level import file_findings

    taken = bundle.manifest.contract.inputs[0]
    if not isinstance(taken, SoundInput) or not isinstance(raw, Path) or raw.suffix.lower() == ".npy":
        return []
    return file_findings(raw, taken.front_end)


def _refuse_sound_options(options: argparse.Namespace, heard: bool) -> None:
    from fieldpack.errors import InputError

    given = {
        "--clip": options.clip and not heard,
        "--format": options.format != "table",
        "--out": options.out is not None,
        "--plot": options.plot is not None,
        "--step": options.step is not None,
        "--threshold": options.threshold is not None,
        "--sensitivity": options.sensitivity is not None,
        "--values": options.values is not None,
        "--every-window": options.every_window,
    }
    unused = [name for name, is_given in given.items() if is_given]
    if unused:
        raise InputError(
            f"{', '.join(unused)} is for recordings{' that are no clips' if heard else ''}",
            came=options.file,
            allowed="a sound file, and a bundle whose input is a spectrogram or a waveform",
        )


def _recording(bundle: Bundle, path: Path, options: argparse.Namespace, terminal: Terminal) -> int:
    from fieldpack.recordings.analyser import Analyser, Settings

    settings = Settings(
        options.step,
        options.threshold,
        options.sensitivity,
        not options.every_window,
        options.values is not None,
    )
    analyser = Analyser(bundle, options.flavour, precision=options.precision, settings=settings)
    name = analyser.predictor.flavour.name
    analysis = analyser.analyse(path, lambda done: terminal.progress("hear", name, done))
    for warning in analysis.warnings:
        terminal.note(f"warning: {path.name}: {warning}")
    if options.plot is not None:
        terminal.progress("draw", options.plot.name, 0.0)
        _plot(options.plot, path, analyser, analysis)
    if analysis.values is not None:
        _write_values(options.values, analysis.values)
    document = _document(path, analyser, analysis, options.top)
    text = _written(path, analyser, analysis, "json" if terminal.json_wanted else options.format, document)
    if options.out is not None:
        _write(options.out, text.encode("utf-8"))
        text = f"{_counted(len(analysis.detections), 'detection')} in {options.out}"
    elif options.format == "json" and not terminal.json_wanted:
        text = text.rstrip("\n")
    terminal.result(document, text)
    return 0


def _document(path: Path, analyser: Analyser, analysis: Analysis, top: int) -> dict[str, Any]:
    from fieldpack.recordings.tables import heard_band

    low, high = heard_band(analyser.input)
    answer = {
        "flavour": analyser.predictor.flavour.name,
        "evidence": analyser.predictor.evidence.value,
        "outputs": {
            name: _best(analyser.labels[name], analysis.pooled[name], top) for name in analysis.pooled
        },
        **analysis.as_dict(),
        "low_hz": low,
        "high_hz": high,
    }
    return {"file": str(path), "answers": [answer]}


def _best(labels: Sequence[str], scores: Any, top: int) -> list[dict[str, object]]:
    """The best labels over the whole recording; the first numbers of a linear output."""
    values = [float(value) for value in scores.reshape(-1)]
    order = sorted(range(len(values)), key=lambda index: -values[index]) if labels else range(len(values))
    return [
        {"label": labels[index] if labels else str(index), "score": round(values[index], 6)}
        for index in list(order)[:top]
    ]


def _written(path: Path, analyser: Analyser, analysis: Analysis, form: str, document: dict[str, Any]) -> str:
    import json

    from fieldpack.recordings.tables import audacity_labels, heard_band, raven_table

    if form == "json":
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if form == "raven":
        return raven_table(analysis.detections, path.name, heard_band(analyser.input))
    if form == "audacity":
        return audacity_labels(analysis.detections, heard_band(analyser.input))
    return _detections(path, analyser, analysis)


def _detections(path: Path, analyser: Analyser, analysis: Analysis) -> str:
    flavour, evidence = analyser.predictor.flavour.name, analyser.predictor.evidence.value
    head = (
        f"{path.name}: {_seconds(analysis.duration_s)} s at {analysis.sample_rate_hz} Hz; "
        f"{_counted(analysis.windows, 'window')} of {analysis.window_s:.2f} s, one each "
        f"{analysis.step_s:.2f} s; {_rule(analyser)}; "
        f"{flavour} ({evidence})"
    )
    if not analysis.detections:
        return f"{head}\nnothing was heard"
    scientific = any(item.scientific for item in analysis.detections)
    header = ["start s", "end s", "label", *(["scientific name"] if scientific else []), "score"]
    rows = [
        [
            f"{item.start_s:.2f}",
            f"{item.end_s:.2f}",
            item.name,
            *([item.scientific or ""] if scientific else []),
            f"{item.score:.4f}",
        ]
        for item in analysis.detections
    ]
    return head + "\n" + table(header, rows, right=(0, 1, len(header) - 1))


def _rule(analyser: Analyser) -> str:
    """From which score a label is said to be there."""
    given = analyser.settings.threshold
    outputs = [item for item in analyser.outputs if item.activation.classifies]
    stated = {item.threshold if given is None else given for item in outputs}
    rules = ["the best label of each window" if item is None else f"labels from {item:g}" for item in stated]
    return " or ".join(sorted(rules)) or "no labels"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _seconds(duration: float) -> str:
    return f"{duration:.3f}" if duration < 0.1 else f"{duration:.1f}"


def _plot(target: Path, path: Path, analyser: Analyser, analysis: Analysis) -> None:
    import io

    from fieldpack.errors import InputError
    from fieldpack.recordings.picture import draw_recording

    if target.suffix.lower() != ".png":
        raise InputError("a plot is a PNG file", came=target.name, allowed="FILE.png")
    manifest = analyser.predictor.bundle.manifest
    title = f"{path.name}   {manifest.name} {manifest.version}, {analyser.predictor.flavour.name}"
    buffer = io.BytesIO()
    draw_recording(path, analyser.input, analysis.detections, title).save(buffer, "PNG")
    _write(target, buffer.getvalue())


def _write_values(target: Path, values: WindowValues) -> None:
    """``start_s`` and ``end_s`` [windows] and each output [windows, ...] under its name."""
    import io

    import numpy as np

    from fieldpack.errors import InputError

    if target.suffix.lower() != ".npz":
        raise InputError("values of windows are an NPZ file", came=target.name, allowed="FILE.npz")
    taken = sorted({"start_s", "end_s"} & set(values.outputs))
    if taken:
        raise InputError("an output has the name of the windows' times", came=", ".join(taken))
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"start_s": values.start_s, "end_s": values.end_s, **values.outputs}
    np.savez(buffer, **arrays)
    _write(target, buffer.getvalue())


def _write(target: Path, data: bytes) -> None:
    from fieldpack.errors import StorageError

    try:
        target.write_bytes(data)
    except OSError as error:
        raise StorageError("a file cannot be written", came=f"{target}: {error.strerror}") from error


def _count(text: str) -> int:
    """At least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _expected(item: dict[str, Any]) -> list[str]:
    if "expected" not in item:
        return []
    return [f"{item['threshold']:.4f}", "yes" if item["expected"] else "no"]


def _text(answers: list[dict[str, Any]]) -> str:
    blocks = []
    for answer in answers:
        for name, items in answer["outputs"].items():
            rows = [[str(item["label"]), f"{item['score']:.4f}", *_expected(item)] for item in items]
            header = (name, "score", "threshold", "expected")[: len(rows[0]) if rows else 2]
            title = f"{answer['flavour']} ({answer['evidence']})"
            blocks.append(title + "\n" + table(header, rows, right=(1, 2)[: len(header) - 1]))
    return "\n\n".join(blocks)

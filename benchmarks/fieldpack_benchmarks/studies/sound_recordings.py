"""``fieldpack study sound-recordings``: what hearing a recording costs, and how exact its parts are.

Three parts: the polyphase resampler beside soxr, on tones whose samples at the new rate are known exactly;
windows that share the columns of a spectrogram beside windows that are each prepared alone; and a whole
recording of 48 kHz heard by a real model through ``fieldpack predict`` in a process of its own.
"""

from __future__ import annotations

import math
import resource
import tempfile
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import Polyphase, Resampler, SoxrHq, SpectrogramInput
from fieldpack.contract.presets import PRESETS
from fieldpack.preprocess.resampler import resample
from fieldpack.recordings.windows import open_windows, prepared_window
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.cases import Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import SPECS, required_data_root
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.processes import FIELDPACK, run_process
from fieldpack_benchmarks.study import Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.timing import ratio, stability

Progress = Callable[[str, float], None]
MODEL = "yamnet256_esc10"
POLYPHASE = Polyphase(kind="polyphase", zero_crossings=32, kaiser_beta=9.0, rolloff=0.91)
SOXR = SoxrHq(kind="soxr_hq")
PAIRS = (
    (48000, 16000), (44100, 16000), (44100, 22050), (48000, 32000), (24000, 22050), (22050, 24000),
    (44100, 48000), (16000, 48000),
)  # fmt: skip
HIGHEST = 0.82
"""Share of half the lower rate up to which tones must pass."""
WINDOW_S, STEP_S = 5.0, 1.0
SOUND_S = 60
"""Seconds of sound that are resampled and cut into windows."""
ERROR_DB, SHARE, DIFFERENCE = -80.0, 0.4, 1e-5
SECONDS_A_MINUTE, GROWTH = 2.0, 1.05
RATE_HZ = 48000
COLUMNS = (
    Column("part", "text", "host", "resampling, streaming or analysis"),
    Column("case", "text", "host", "rates, front-end, or flavour and length"),
    Column("error_db", "value", "host", "error on exact tones, power over the tones' power, dB"),
    Column("alias_db", "value", "host", "what is left of a tone that the lower rate cannot hold, dB"),
    Column("soxr_db", "value", "host", "error of soxr HQ on the same tones, dB"),
    Column("seconds", "s", "host", "processor time of a minute of sound; analysis: of the whole process"),
    Column("other_seconds", "s", "host", "the same with soxr HQ, or with each window prepared alone"),
    Column("wall_seconds", "s", "host", "wall time of the process, beside whatever else the machine did"),
    Column("ratio", "ratio", "host", "seconds over other_seconds, medians"),
    Column("difference", "value", "host", "largest difference of a streamed value from the offline one"),
    Column("peak_bytes", "bytes", "host", "largest resident memory of the process"),
)
Row = dict[str, Cell]


@dataclass(frozen=True, slots=True)
class _Part:
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    timings: tuple[Timing, ...]


def study(quick: bool, progress: Progress) -> Study:
    """Measure the three parts.

    Parameters
    ----------
    quick : bool
        Two minutes of sound instead of ten, and fewer rounds.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        The data folder is absent, or soxr is not installed.
    """
    required_data_root()
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        _, bundle = packed(_case(Path(folder)), False, Path(folder), progress)
        return study_of(bundle, 2 if quick else 10, 3 if quick else 7, quick, progress)


def study_of(bundle: Path, minutes: int, rounds: int, quick: bool, progress: Progress) -> Study:
    """The study with one bundle that takes recordings of 48 kHz."""
    progress("resampling", 0.5)
    parts = [_resampling(rounds)]
    progress("streaming", 0.6)
    parts.append(_streaming(rounds))
    progress("analysis", 0.7)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        parts.append(_analysis(bundle, minutes, Path(folder)))
    return Study(
        name="sound-recordings",
        columns=COLUMNS,
        rows=tuple(row for part in parts for row in part.rows),
        bars=tuple(bar for part in parts for bar in part.bars),
        timings=tuple(timing for part in parts for timing in part.timings),
        notes=(
            f"tones up to {HIGHEST:.0%} of half the lower rate",
            "polyphase: " + ", ".join(f"{key} {value}" for key, value in POLYPHASE.model_dump().items()),
            f"windows of {WINDOW_S:g} s, one each {STEP_S:g} s",
        ),
        quick=quick,
    )


def _case(folder: Path) -> Case:
    """The spec of the model with its TFLite flavours alone."""
    spec = load_spec(SPECS / f"{MODEL}.toml")
    flavours = tuple(item for item in spec.flavours if item.kind == "tflite")
    write_spec(spec.model_copy(update={"flavours": flavours}), folder / f"{MODEL}_recordings.toml")
    return Case(f"{MODEL}_recordings", head="", specs=folder)


def _resampling(rounds: int) -> _Part:
    rows, timings = [], []
    for from_hz, to_hz in PAIRS:
        name = f"{from_hz} to {to_hz} Hz"
        sound = np.random.default_rng(0).normal(size=SOUND_S * from_hz).astype(np.float32)
        timed = _in_turn(
            {
                f"{name}, polyphase": partial(resample, sound, from_hz, to_hz, POLYPHASE),
                f"{name}, soxr": partial(resample, sound, from_hz, to_hz, SOXR),
            },
            rounds,
        )
        timings += timed
        rows.append(
            {
                "part": "resampling",
                "case": name,
                "error_db": tone_error_db(from_hz, to_hz, POLYPHASE),
                "alias_db": alias_db(from_hz, to_hz, POLYPHASE) if to_hz < from_hz else None,
                "soxr_db": tone_error_db(from_hz, to_hz, SOXR),
                **_times(*timed),
            }
        )
    errors = [float(row["error_db"] or 0.0) for row in rows]
    aliases = [float(row["alias_db"] or 0.0) for row in rows if row["alias_db"] is not None]
    bars = (
        Bar("resampler, worst error on exact tones, dB", max(errors), ERROR_DB, AT_MOST, Evidence.HOST),
        Bar("resampler, worst alias, dB", max(aliases), ERROR_DB, AT_MOST, Evidence.HOST),
    )
    return _Part(tuple(rows), bars, tuple(timings))


def tone_error_db(from_hz: int, to_hz: int, resampler: Resampler) -> float:
    """Power of the error over that of seven tones whose samples at the new rate are known, in dB."""
    frequencies = np.linspace(50.0, HIGHEST * min(from_hz, to_hz) / 2, 7)

    def chord(rate: int, count: int) -> NDArray[np.float64]:
        time_s = np.arange(count)[:, None] / rate
        return np.asarray(np.sin(2 * np.pi * frequencies * time_s + frequencies).mean(axis=1))

    made = resample(chord(from_hz, 2 * from_hz).astype(np.float32), from_hz, to_hz, resampler)
    exact = chord(to_hz, made.shape[0])
    inner = slice(made.shape[0] // 4, -made.shape[0] // 4)
    error = np.square(made[inner] - exact[inner]).mean() / np.square(exact[inner]).mean()
    return 10 * math.log10(float(error))


def alias_db(from_hz: int, to_hz: int, resampler: Resampler) -> float:
    """The loudest remainder of tones between both halves of the rates, in dB of the tone."""
    worst = -math.inf
    for share in np.linspace(0.0, 0.97, 12):
        frequency = (to_hz + share * (from_hz - to_hz)) / 2
        tone = np.sin(2 * np.pi * frequency * np.arange(from_hz) / from_hz).astype(np.float32)
        made = resample(tone, from_hz, to_hz, resampler)
        inner = made[made.shape[0] // 4 : -made.shape[0] // 4].astype(np.float64)
        worst = max(worst, 10 * math.log10(max(float(np.square(inner).mean()) / 0.5, 1e-30)))
    return worst


def front_ends() -> dict[str, SpectrogramInput]:
    """Windows of five seconds for three published front-ends; what nobody states is written here."""
    free: Mapping[str, Any] = {"low_rate": "refuse", "min_seconds": 0.0, "max_seconds": 60.0}
    mixed = {**free, "channel_mix": "mean", "resampler": POLYPHASE.model_dump(), "remove_silence": "none"}
    plain = {**mixed, "normalization": "none"}
    perch = {**plain, "power": 1, "mel": {"bands": 160, "fmax_hz": 16000.0}}
    librosa = {**free, "remove_silence": "none"}
    stated = {"perch": (perch, 500), "yamnet": (plain, 490), "librosa": (librosa, 200)}
    return {name: _five_seconds(name, rest, frames) for name, (rest, frames) in stated.items()}


def _five_seconds(name: str, rest: Mapping[str, Any], frames: int) -> SpectrogramInput:
    preset = PRESETS[name]
    size = round(WINDOW_S * int(preset.fields["sample_rate_hz"]))
    windows = {"samples": size, "overlap": 1 - STEP_S / WINDOW_S, "last": "drop", "pooling": "max"}
    (front_end,) = preset.front_ends(**rest, windows=windows)
    return SpectrogramInput(
        kind="spectrogram",
        name="spectrogram",
        bands=front_end.bands,
        frames=frames,
        axes=("band", "frame"),
        front_end=front_end,
    )


def _streaming(rounds: int) -> _Part:
    rows, bars, timings = [], [], []
    for name, contract in front_ends().items():
        count = SOUND_S * contract.front_end.sample_rate_hz
        sound = (0.1 * np.random.default_rng(1).normal(size=count)).astype(np.float32)
        starts, difference = _difference(contract, sound)
        timed = _in_turn(
            {
                f"{name}, streamed": partial(_streamed, contract, sound),
                f"{name}, alone": partial(_alone, contract, sound, starts),
            },
            rounds,
        )
        timings += timed
        rows.append({"part": "streaming", "case": name, **_times(*timed), "difference": difference})
        bound = ratio(*timed)
        note = f"95 % bounds {bound.low:.3f} .. {bound.high:.3f}"
        unstable = stability(*timed)
        note += f"; {unstable}" if unstable else ""
        bars += [
            Bar(f"{name}, streamed over alone", bound.estimate, SHARE, AT_MOST, Evidence.HOST, note),
            Bar(f"{name}, largest difference", difference, DIFFERENCE, AT_MOST, Evidence.HOST),
        ]
    return _Part(tuple(rows), tuple(bars), tuple(timings))


def _streamed(contract: SpectrogramInput, sound: NDArray[np.float32]) -> list[Any]:
    """All windows of a sound that arrives second by second."""
    stream = open_windows(contract, STEP_S)
    rate = contract.front_end.sample_rate_hz
    made = []
    for start in range(0, sound.shape[0], rate):
        made += stream.push(sound[start : start + rate])
    return made + stream.finish()


def _alone(contract: SpectrogramInput, sound: NDArray[np.float32], starts: Sequence[int]) -> list[Any]:
    """The same windows, each prepared by itself."""
    size = int(contract.front_end.windows.samples)
    return [prepared_window(sound[start : start + size], contract) for start in starts]


def _difference(contract: SpectrogramInput, sound: NDArray[np.float32]) -> tuple[list[int], float]:
    """Starts of the windows, and how far a streamed value is from the one of its window alone."""
    made = _streamed(contract, sound)
    alone = _alone(contract, sound, [one.start for one in made])
    worst = max(float(np.abs(one.array - other).max()) for one, other in zip(made, alone, strict=True))
    return [one.start for one in made], worst


def _in_turn(actions: Mapping[str, Callable[[], object]], rounds: int) -> list[Timing]:
    """Processor seconds of this thread for each action, taken in turn after one warm-up."""
    values: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):
        for name, action in actions.items():
            start = time.thread_time()
            action()
            values[name].append(time.thread_time() - start)
    return [Timing(name, "s", tuple(taken[:1]), tuple(taken[1:])) for name, taken in values.items()]


def _times(ours: Timing, other: Timing) -> Row:
    one, two = float(np.median(ours.values)), float(np.median(other.values))
    return {"seconds": one, "other_seconds": two, "ratio": one / two}


def _analysis(bundle: Path, minutes: int, folder: Path) -> _Part:
    from fieldpack.bundle.read import open_bundle

    with open_bundle(bundle) as opened:
        names = [item.name for item in opened.manifest.flavours if item.kind.value == "tflite"]
    for length in (1, minutes):
        write_recording(folder / f"{length}.wav", length)
    rows: list[Row] = []
    bars: list[Bar] = []
    timings: list[Timing] = []
    for name in names:
        peaks = {}
        for length in (1, minutes):
            arguments = ("--flavour", name, "--format", "raven", "--out", str(folder / "heard.txt"))
            command = (*FIELDPACK, "predict", str(bundle), str(folder / f"{length}.wav"), *arguments)
            before = _processor_seconds()
            ended = run_process(command, watch_memory=True)
            used = _processor_seconds() - before
            peaks[length] = ended.peak_bytes
            case = f"{name}, {length} min of 48 kHz"
            row: Row = {"part": "analysis", "case": case, "seconds": used, "wall_seconds": ended.seconds}
            rows.append({**row, "peak_bytes": ended.peak_bytes})
            timings.append(Timing(case, "s", (), (used,)))
        limit, flat = SECONDS_A_MINUTE * minutes, f"{name}, memory of {minutes} min over 1 min"
        bars += [
            Bar(f"{case}, processor, s", used, limit, AT_MOST, Evidence.HOST, "one value, one thread"),
            Bar(flat, _over(peaks, minutes), GROWTH, AT_MOST, Evidence.HOST),
        ]
    return _Part(tuple(rows), tuple(bars), tuple(timings))


def _processor_seconds() -> float:
    """Of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(used.ru_utime + used.ru_stime)


def _over(peaks: Mapping[int, int | None], minutes: int) -> float | None:
    first, last = peaks[1], peaks[minutes]
    return None if first is None or last is None else last / first


def write_recording(path: Path, minutes: int) -> None:
    """A 16-bit WAV of 48 kHz: noise that swells and fades, and a call that rises, seeded, block by block."""
    generator = np.random.default_rng(minutes)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for second in range(60 * minutes):
            time_s = np.arange(RATE_HZ) / RATE_HZ
            call = 0.3 * np.sin(2 * np.pi * (1500 + 1500 * time_s) * time_s) * (second % 3 == 0)
            noise = 0.02 * (1 + math.sin(second / 7)) * generator.normal(size=RATE_HZ)
            file.writeframes(((call + noise).clip(-1, 1) * 32767).astype("<i2").tobytes())

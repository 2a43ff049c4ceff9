"""A recording in, detections with times out: read, resample, cut into windows, run, put together.

Everything goes in chunks, so that memory does not grow with the recording and a microphone can be heard as
well as a file; a chunk's size never changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.bundle.labels import names
from fieldpack.bundle.read import Bundle
from fieldpack.contract import Output, SoundInput, SpectrogramInput
from fieldpack.errors import InputError
from fieldpack.predict import Predictor
from fieldpack.preprocess.resampler import open_resampler
from fieldpack.preprocess.sound import BLOCK, open_sound_file, rate_finding
from fieldpack.preprocess.spectrogram import taken_over_clip
from fieldpack.recordings.detection import Detection, Detector
from fieldpack.recordings.level import LevelMeter
from fieldpack.recordings.pooling import RunningPool
from fieldpack.recordings.scores import label_scores
from fieldpack.recordings.windows import Window, open_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Settings:
    """What a caller may change of an analysis.

    Attributes
    ----------
    step_s : float or None
        Seconds from one window to the next, rounded to whole hops; None takes the overlap of the contract.
    threshold : float or None
        Score from which a label is present; None takes the contract's, and where it has none the best label
        of each window.
    sensitivity : float or None
        In place of the contract's, for logits of independent labels.
    merge : bool
        Whether windows of the same label that follow each other become one detection.
    keep_values : bool
        Whether what the model gives for every window is kept; memory then grows with the recording.
    """

    step_s: float | None = None
    threshold: float | None = None
    sensitivity: float | None = None
    merge: bool = True
    keep_values: bool = False


@dataclass(frozen=True, slots=True)
class WindowValues:
    """What the model gave for every window, for those who index or train on it.

    Attributes
    ----------
    start_s, end_s : ndarray
        float64 [windows], seconds from the recording's start; an end may lie behind the recording's, where
        the last window was filled up.
    outputs : dict
        Output name -> float32 [windows, ...], as the model gives it: an embedding, or scores before
        sensitivity and softmax.
    """

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    outputs: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was heard in one recording.

    Attributes
    ----------
    detections : tuple of Detection
        By start, then by falling score.
    pooled : dict
        Output name -> scores of the whole recording, float64 [labels], joined by the rule of the contract;
        a linear output as the model gives it.
    duration_s : float
        Length of the recording.
    sample_rate_hz : int
        Rate of the recording.
    windows : int
        How many windows were run.
    window_s, step_s : float
        Length of a window, and from one to the next, in seconds.
    warnings : tuple of str
        What makes the recording or the answer doubtful.
    values : WindowValues or None
        Of every window; None unless they were asked for.
    """

    detections: tuple[Detection, ...]
    pooled: dict[str, NDArray[np.float64]]
    duration_s: float
    sample_rate_hz: int
    windows: int
    window_s: float
    step_s: float
    warnings: tuple[str, ...]
    values: WindowValues | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data, without the values of windows."""
        return {
            "duration_s": round(self.duration_s, 3),
            "sample_rate_hz": self.sample_rate_hz,
            "windows": self.windows,
            "window_s": round(self.window_s, 6),
            "step_s": round(self.step_s, 6),
            "detections": [item.as_dict() for item in self.detections],
            "warnings": list(self.warnings),
        }


class Analyser:
    """A flavour of a bundle that hears recordings, loaded once.

    Parameters
    ----------
    bundle : Bundle
        An open bundle with one input, of kind ``spectrogram`` or ``waveform``.
    flavour, precision, threads
        As for :class:`fieldpack.predict.Predictor`.
    settings : Settings
        What differs from the contract.

    Raises
    ------
    InputError
        The bundle does not take sound, or a setting does not fit it.
    """

    def __init__(
        self,
        bundle: Bundle,
        flavour: str | None = None,
        *,
        precision: str | None = None,
        threads: int = 1,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.predictor = Predictor(bundle, flavour, precision=precision, threads=threads)
        taken = self.predictor.input
        if not isinstance(taken, SoundInput):
            raise InputError(
                "the bundle does not hear recordings", came=f"an input of kind {taken.kind}",
                allowed="spectrogram or waveform",
            )  # fmt: skip
        self.input = taken
        self.outputs = bundle.manifest.contract.outputs
        self.labels = {output.name: bundle.labels(output.name) for output in self.outputs}
        _check(self.settings, self.outputs)
        open_windows(taken, self.settings.step_s)

    def analyse(self, path: Path | str, progress: Callable[[float], None] = lambda done: None) -> Analysis:
        """Hear a sound file.

        Parameters
        ----------
        path : Path or str
            WAV, or anything that ``soundfile`` reads.
        progress : callable
            Called with the fraction that was heard, 0..1.

        Raises
        ------
        InputError
            The file cannot be read, is too short, or its rate is too low for the contract.
        """
        with open_sound_file(path) as file:
            hearing, done = self.begin(file.sample_rate_hz), 0
            if file.remark is not None:
                hearing.remark = file.remark
                hearing.warnings.append(file.remark)
            for block in file.blocks(self.input.front_end.channel_mix):
                hearing.push(block)
                done += block.shape[0]
                progress(done / file.frames)
            return hearing.finish()

    def analyse_samples(self, samples: NDArray[np.float32], sample_rate_hz: int) -> Analysis:
        """Hear float32 [n], mono, in -1..1."""
        hearing = self.begin(sample_rate_hz)
        for start in range(0, samples.shape[0], BLOCK):
            hearing.push(samples[start : start + BLOCK])
        return hearing.finish()

    def begin(self, sample_rate_hz: int) -> Hearing:
        """Begin a recording that arrives in chunks.

        Raises
        ------
        InputError
            The rate is too low for the contract.
        """
        return Hearing(self, sample_rate_hz)


class Hearing:
    """One recording on its way. Made by :meth:`Analyser.begin`."""

    def __init__(self, analyser: Analyser, sample_rate_hz: int) -> None:
        self._analyser, self._rate = analyser, sample_rate_hz
        sound, settings = analyser.input.front_end, analyser.settings
        found = rate_finding(sample_rate_hz, sound.sample_rate_hz, sound.low_rate)
        self.warnings = [] if found is None else [found]
        if not isinstance(sound.remove_silence, str):
            self.warnings.append("the model learnt from clips without silence; here silence is heard as well")
        self.warnings += _clip_findings(analyser.input)
        self._resampler = open_resampler(sample_rate_hz, sound.sample_rate_hz, sound.resampler)
        self._windows = open_windows(analyser.input, settings.step_s)
        self._pools = {output.name: RunningPool(sound.windows.pooling) for output in analyser.outputs}
        self._detectors = {
            output.name: _detector(analyser, output)
            for output in analyser.outputs
            if output.activation.classifies
        }
        self._detections: list[Detection] = []
        self._kept: list[tuple[float, float, dict[str, NDArray[Any]]]] = []
        self._came = self._run = 0
        self._window_s = 0.0
        self._level = LevelMeter()
        self.remark: str | None = None

    def push(self, samples: NDArray[np.float32]) -> list[Detection]:
        """Take float32 [n] more; the detections that have ended.

        Raises
        ------
        InputError
            A sample is NaN, infinite, or larger than any scale explains.
        """
        if not np.isfinite(samples).all():
            raise InputError("a recording holds NaN or infinite samples", hint="record or write it again")
        self._came += samples.shape[0]
        self._level.push(samples)
        return self._heard(self._windows.push(self._resampler.push(samples)))

    def finish(self) -> Analysis:
        """The recording has ended.

        Raises
        ------
        InputError
            It was too short for one window, and the contract drops incomplete ones.
        """
        self._heard(self._windows.push(self._resampler.finish()))
        self._heard(self._windows.finish())
        if not self._run:
            raise InputError(
                "a recording is too short for one window",
                came="; ".join(filter(None, [f"{self._came / self._rate:.3f} s", self.remark])),
                hint='record longer, state windows.last = "pad" in the contract, or answer by its rules for '
                "clips: fieldpack predict --clip",
            )
        for detector in self._detectors.values():
            self._detections += detector.finish()
        self.warnings += self._level.findings()
        if self._came / self._rate < self._window_s:
            self.warnings.append(
                f"it lasts {self._came / self._rate:.3f} s, less than the window of {self._window_s:.2f} s, "
                "which silence fills up"
            )
        sound = self._analyser.input.front_end
        return Analysis(
            detections=tuple(self._ordered()),
            pooled={name: pool.result() for name, pool in self._pools.items()},
            duration_s=self._came / self._rate,
            sample_rate_hz=self._rate,
            windows=self._run,
            window_s=self._window_s,
            step_s=self._windows.step / sound.sample_rate_hz,
            warnings=tuple(self.warnings),
            values=self._values() if self._analyser.settings.keep_values else None,
        )

    def _values(self) -> WindowValues:
        starts, ends, results = zip(*self._kept, strict=True)
        names = [output.name for output in self._analyser.outputs]
        outputs = {name: np.concatenate([result[name] for result in results]) for name in names}
        return WindowValues(np.array(starts), np.array(ends), outputs)

    def _heard(self, windows: list[Window]) -> list[Detection]:
        ended: list[Detection] = []
        rate = self._analyser.input.front_end.sample_rate_hz
        for window in windows:
            results = self._analyser.predictor.run({self._analyser.input.name: window.array[None]})
            self._run += 1
            start_s, end_s = window.start / rate, window.end / rate
            self._window_s = (window.end - window.start) / rate
            if self._analyser.settings.keep_values:
                self._kept.append((start_s, end_s, results))
            for output in self._analyser.outputs:
                ended += self._take(output, start_s, end_s, results[output.name])
        self._detections += ended
        return ended

    def _take(self, output: Output, start_s: float, end_s: float, values: NDArray[Any]) -> list[Detection]:
        if not output.activation.classifies:
            self._pools[output.name].add(values[0])
            return []
        given = self._analyser.settings.sensitivity if output.sensitivity is not None else None
        scores = label_scores(output, values.reshape(1, -1), given)[0]
        self._pools[output.name].add(scores)
        return self._detectors[output.name].push(start_s, end_s, scores)

    def _ordered(self) -> Iterator[Detection]:
        """Cut to the recording's end: the last window may be filled up with silence."""
        duration = self._came / self._rate
        for item in sorted(self._detections, key=lambda item: (item.start_s, -item.score, item.label)):
            yield replace(item, end_s=min(item.end_s, duration))


def _detector(analyser: Analyser, output: Output) -> Detector:
    settings, labels = analyser.settings, analyser.labels[output.name]
    return Detector(
        output=output,
        labels=labels,
        names=[names(label, output.label_format) for label in labels],
        pooling=analyser.input.front_end.windows.pooling,
        threshold=output.threshold if settings.threshold is None else settings.threshold,
        merge=settings.merge,
    )


def _clip_findings(contract: SoundInput) -> list[str]:
    """What the model learnt over whole clips, of which a recording has none."""
    if not isinstance(contract, SpectrogramInput) or isinstance(contract.front_end.windows.samples, int):
        return []
    fields = [name for name in taken_over_clip(contract.front_end) if name != "center"]
    told = f"the contract takes {', '.join(fields)} over a clip; here each window stands in its place"
    return [told] if fields else []


def _check(settings: Settings, outputs: tuple[Output, ...]) -> None:
    if settings.threshold is not None and not 0 <= settings.threshold <= 1:
        raise InputError("a threshold is a score", came=f"{settings.threshold:g}", allowed="0 to 1")
    if settings.sensitivity is None:
        return
    if not 0 < settings.sensitivity < np.inf:
        raise InputError("a sensitivity is a slope", came=f"{settings.sensitivity:g}", allowed="above 0")
    if all(output.sensitivity is None for output in outputs):
        raise InputError(
            "the bundle has no sensitivity that could be changed",
            came=", ".join(f"{output.name}: {output.activation.value}" for output in outputs),
            allowed="logits of independent labels, whose contract states a sensitivity",
        )

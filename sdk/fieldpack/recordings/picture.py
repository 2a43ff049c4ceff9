"""A picture of a recording: its spectrogram, and below it a lane of time for each label that was heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fieldpack.contract import SoundInput
from fieldpack.preprocess.resampler import open_resampler
from fieldpack.preprocess.sound import open_sound_file
from fieldpack.recordings.detection import Detection
from fieldpack.recordings.spectrograph import Spectrograph

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 1400, 420
LANE, GAP = 30, 8
MOST_LANES = 12
DEEPEST_DB = 70.0
PAPER, INK, FAINT = (255, 255, 255), (33, 37, 41), (173, 181, 189)
SCALE = ((9, 12, 34), (38, 34, 98), (110, 44, 122), (190, 66, 98), (240, 128, 70), (252, 224, 150))
"""Colours from the deepest level to the loudest."""
LANES = ((31, 119, 180), (214, 90, 20), (44, 140, 60), (170, 55, 150), (130, 100, 20), (90, 90, 180))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the panels lie, in pixels."""

    left: int
    top: int
    lanes: int
    duration_s: float

    @property
    def right(self) -> int:
        return WIDTH - 24

    @property
    def bottom(self) -> int:
        return self.top + HEIGHT

    @property
    def first_lane(self) -> int:
        return self.bottom + 52

    @property
    def height(self) -> int:
        return self.first_lane + max(1, self.lanes) * (LANE + GAP) + 20

    def x(self, seconds: float) -> float:
        """Column of a time."""
        share = min(1.0, max(0.0, seconds / self.duration_s))
        return self.left + share * (self.right - self.left)


def draw_recording(
    path: Path, contract: SoundInput, detections: Sequence[Detection], title: str
) -> Image.Image:
    """Draw a sound file with what was heard in it.

    Parameters
    ----------
    path : Path
        The sound file; it is read again, block by block.
    contract : SoundInput
        The picture shows what a model of this input can hear: its channel mix, resampled to its rate.
    detections : sequence of Detection
        Of :class:`~fieldpack.recordings.analyser.Analysis`.
    title : str
        One line above.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    sound = contract.front_end
    names = _lanes(detections)
    shown = names[:MOST_LANES]
    left = 70 + max((_width(_short(name), 15) for name in shown), default=0)
    with open_sound_file(path) as file:
        length = math.ceil(file.frames * sound.sample_rate_hz / file.sample_rate_hz)
        frame = _Frame(
            min(left, 330), 56, len(shown) + (len(names) > len(shown)), file.frames / file.sample_rate_hz
        )
        graph = Spectrograph(length, sound.sample_rate_hz, frame.right - frame.left)
        change = open_resampler(file.sample_rate_hz, sound.sample_rate_hz, sound.resampler)
        for block in file.blocks(sound.channel_mix):
            graph.push(change.push(block))
        graph.push(change.finish())
    picture = Image.new("RGB", (WIDTH, frame.height), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((frame.left, 14), title, INK, font=_font(19))
    picture.paste(_colours(graph.decibels(), frame.right - frame.left), (frame.left, frame.top))
    _axes(pen, frame, sound.sample_rate_hz / 2)
    _draw_lanes(pen, frame, shown, len(names) - len(shown), detections)
    return picture


def _lanes(detections: Iterable[Detection]) -> list[str]:
    """Names by their best score."""
    best: dict[str, float] = {}
    for item in detections:
        best[item.name] = max(item.score, best.get(item.name, 0.0))
    return sorted(best, key=lambda name: (-best[name], name))


def _colours(decibels: NDArray[np.float64], width: int) -> Image.Image:
    """The spectrogram as colours; its floor is the level that most of it lies above, at most 70 dB down."""
    floor = max(-DEEPEST_DB, float(np.percentile(decibels, 5)))
    share = np.clip((decibels - floor) / max(-floor, 1.0), 0.0, 1.0)[::-1]
    grey = Image.fromarray((share * 65535).astype(np.uint16).astype(np.int32))
    tall = np.asarray(grey.resize((width, HEIGHT), Image.Resampling.BILINEAR), np.float64) / 65535
    stops = np.linspace(0.0, 1.0, len(SCALE))
    channels = [np.interp(tall, stops, [colour[channel] for colour in SCALE]) for channel in range(3)]
    return Image.fromarray(np.stack(channels, axis=2).round().astype(np.uint8))


def _axes(pen: ImageDraw.ImageDraw, frame: _Frame, highest_hz: float) -> None:
    font = _font(14)
    pen.rectangle((frame.left - 1, frame.top - 1, frame.right, frame.bottom), outline=INK)
    unit, factor = ("min", 60.0) if frame.duration_s > 300 else ("s", 1.0)
    for value in _ticks(frame.duration_s / factor, 12):
        x = frame.x(value * factor)
        pen.line((x, frame.bottom, x, frame.bottom + 6), INK)
        pen.text((x, frame.bottom + 9), f"{value:g}", INK, font=font, anchor="ma")
    pen.text((frame.right, frame.bottom + 28), f"time, {unit}", INK, font=font, anchor="ra")
    for value in _ticks(highest_hz / 1000, 8):
        y = frame.bottom - value * 1000 / highest_hz * HEIGHT
        pen.line((frame.left - 7, y, frame.left - 1, y), INK)
        pen.text((frame.left - 11, y), f"{value:g}", INK, font=font, anchor="rm")
    pen.text((frame.left - 11, frame.top - 30), "kHz", INK, font=font, anchor="ra")


def _ticks(highest: float, most: int) -> list[float]:
    """Round numbers from 0 up to `highest`."""
    rough = highest / most
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [round(step * number, 6) for number in range(int(highest / step + 1e-9) + 1)]


def _draw_lanes(
    pen: ImageDraw.ImageDraw,
    frame: _Frame,
    shown: Sequence[str],
    hidden: int,
    detections: Sequence[Detection],
) -> None:
    if not shown:
        pen.text((frame.left, frame.first_lane), "nothing was heard", INK, font=_font(15))
    for row, name in enumerate(shown):
        top = frame.first_lane + row * (LANE + GAP)
        colour = LANES[row % len(LANES)]
        pen.text((frame.left - 11, top + LANE / 2), _short(name), INK, font=_font(15), anchor="rm")
        pen.line((frame.left, top + LANE / 2, frame.right, top + LANE / 2), FAINT)
        for item in detections:
            if item.name == name:
                _bar(pen, frame, top, item, colour)
    if hidden:
        top = frame.first_lane + len(shown) * (LANE + GAP)
        pen.text((frame.left, top), f"and {hidden} more labels", INK, font=_font(15))


def _bar(
    pen: ImageDraw.ImageDraw, frame: _Frame, top: float, item: Detection, colour: tuple[int, int, int]
) -> None:
    """One detection; a better score has a stronger colour."""
    left, right = frame.x(item.start_s), max(frame.x(item.end_s), frame.x(item.start_s) + 2)
    strength = 0.35 + 0.65 * min(1.0, max(0.0, item.score))
    fill = tuple(round(255 + (value - 255) * strength) for value in colour)
    pen.rectangle((left, top, right, top + LANE), fill=fill, outline=colour)
    text = f"{item.score:.2f}"
    if right - left > _width(text, 14) + 8:
        ink = PAPER if strength > 0.75 else INK
        pen.text(((left + right) / 2, top + LANE / 2), text, ink, font=_font(14), anchor="mm")


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _width(text: str, size: int) -> int:
    left, _, right, _ = _font(size).getbbox(text)
    return math.ceil(right - left)

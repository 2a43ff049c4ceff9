"""Detections as files that sound software reads: selection tables of Raven, labels of Audacity.

Raven Pro and Lite open a tab-separated table whose first seven columns carry its own names; further columns
become annotations. Audacity's label track has a line of start, end and text for each label, and a second line
that begins with a backslash for its frequencies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldpack.contract import SoundInput, SpectrogramInput
from fieldpack.recordings.detection import Detection

RAVEN_COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "Label",
    "Scientific Name",
    "Score",
)


def heard_band(contract: SoundInput) -> tuple[float, float]:
    """The frequencies in Hz that the model hears: its mel bands, else 0 to half its rate."""
    whole = (0.0, contract.front_end.sample_rate_hz / 2)
    if not isinstance(contract, SpectrogramInput):
        return whole
    bands = [
        whole if isinstance(spec.mel, str) else (spec.mel.fmin_hz, spec.mel.fmax_hz)
        for spec in contract.channels
    ]
    return min(low for low, _ in bands), max(high for _, high in bands)


def raven_table(detections: Sequence[Detection], file_name: str, band_hz: tuple[float, float]) -> str:
    """A selection table of Raven.

    Parameters
    ----------
    detections : sequence of Detection
        In the order of the table.
    file_name : str
        Of the recording, without its folder.
    band_hz : tuple
        Lower and upper edge of every selection, Hz.
    """
    low, high = (f"{edge:.1f}" for edge in band_hz)
    rows: list[Sequence[str]] = [RAVEN_COLUMNS]
    for number, item in enumerate(detections, 1):
        span = (f"{item.start_s:.3f}", f"{item.end_s:.3f}")
        facts = (file_name, item.name, item.scientific or "", f"{item.score:.4f}")
        rows.append((str(number), "Spectrogram 1", "1", *span, low, high, *facts))
    return "".join("\t".join(map(_cell, row)) + "\n" for row in rows)


def audacity_labels(detections: Sequence[Detection], band_hz: tuple[float, float]) -> str:
    """A label track of Audacity; parameters as for :func:`raven_table`."""
    low, high = band_hz
    frequencies = f"\\\t{low:.6f}\t{high:.6f}\n"
    return "".join(
        f"{item.start_s:.6f}\t{item.end_s:.6f}\t{_cell(item.name)} {item.score:.2f}\n{frequencies}"
        for item in detections
    )


def _cell(text: str) -> str:
    return " ".join(re.split(r"[\t\n\v\f\r\x85\u2028\u2029]+", text))

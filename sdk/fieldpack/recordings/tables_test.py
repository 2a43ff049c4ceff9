"""Selection tables and label tracks, cell by cell and read back."""

from __future__ import annotations

import csv
import io

from fieldpack.contract import SpectrogramInput
from fieldpack.recordings.detection import Detection
from fieldpack.recordings.tables import RAVEN_COLUMNS, audacity_labels, heard_band, raven_table
from fieldpack.recordings.testing import tone_contract

FOUND = (
    Detection(0.5, 2.25, "Parus major_Great Tit", 0.91234, "Great Tit", "Parus major", "scores", 3),
    Detection(3.0, 4.0, "wind\tand rain", 0.5, "wind\tand rain", None, "scores", 1),
)


def test_raven_reads_its_own_columns_back() -> None:
    text = raven_table(FOUND, "dawn.wav", (150.0, 15000.0))
    first, second = csv.DictReader(io.StringIO(text), delimiter="\t")
    assert list(first) == list(RAVEN_COLUMNS)
    assert first == {
        "Selection": "1",
        "View": "Spectrogram 1",
        "Channel": "1",
        "Begin Time (s)": "0.500",
        "End Time (s)": "2.250",
        "Low Freq (Hz)": "150.0",
        "High Freq (Hz)": "15000.0",
        "Begin File": "dawn.wav",
        "Label": "Great Tit",
        "Scientific Name": "Parus major",
        "Score": "0.9123",
    }
    assert second["Label"] == "wind and rain"
    assert second["Scientific Name"] == ""
    assert raven_table((), "dawn.wav", (0.0, 1.0)) == "\t".join(RAVEN_COLUMNS) + "\n"


def test_a_line_break_in_a_name_breaks_no_row() -> None:
    text = raven_table(FOUND, "a\nb\r\tc, d \u2028.wav", (150.0, 15000.0))
    assert text.count("\n") == 3
    assert len(text.splitlines()) == 3
    assert [line.split("\t")[7] for line in text.splitlines()[1:]] == ["a b c, d  .wav"] * 2


def test_audacity_gets_two_lines_a_label() -> None:
    assert audacity_labels(FOUND, (150.0, 15000.0)) == (
        "0.500000\t2.250000\tGreat Tit 0.91\n\\\t150.000000\t15000.000000\n"
        "3.000000\t4.000000\twind and rain 0.50\n\\\t150.000000\t15000.000000\n"
    )
    assert audacity_labels((), (0.0, 1.0)) == ""


def test_the_band_is_what_the_model_hears() -> None:
    taken = tone_contract().inputs[0]
    assert isinstance(taken, SpectrogramInput)
    assert heard_band(taken) == (100.0, 4000.0)
    bins = taken.front_end.model_copy(update={"mel": "none"})
    assert heard_band(taken.model_copy(update={"more_channels": (bins,)})) == (0.0, 4000.0)

from __future__ import annotations

import pytest

from fieldpack.report.evidence import LayerRow
from fieldpack.report.layers import LONGEST_NAME, MOST_COLUMNS, shared_beginning, short_name, strip_drawing


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["model/net/conv_1/Relu;x", "model/net/conv_2/Relu", "model/net/mean", "call:0"], "model/net/"),
        (["model_net_1_conv_a", "model_net_1_conv_b", "model_net_1_conv_c", "scores"], "model_net_1_"),
        (["alpha", "beta"], ""),
        (["only/one"], "only/"),
    ],
)
def test_what_most_names_begin_with_is_left_out(names: list[str], shared: str) -> None:
    assert shared_beginning(names) == shared


def test_a_name_is_the_first_of_those_joined_and_keeps_its_end() -> None:
    assert short_name("model/net/conv/Relu;model/net/bias", "model/net/") == "conv/Relu"
    assert short_name("other/conv", "model/") == "other/conv"
    long = short_name("x" * 100 + "end", "")
    assert len(long) == LONGEST_NAME
    assert long.startswith("...x")
    assert long.endswith("end")


def test_a_huge_graph_is_drawn_in_bounds_and_keeps_its_lowest_layer() -> None:
    layers = [LayerRow(name=f"layer {number}", sqnr_db=40.0) for number in range(10 * MOST_COLUMNS)]
    layers[777] = LayerRow(name="low", sqnr_db=5.0)
    layers[888] = LayerRow(name="broken", finite=False)
    drawn = strip_drawing(layers)
    assert drawn.count("M") == MOST_COLUMNS
    assert "M77.1 60V55h.8V60Z" in drawn
    assert drawn.count("✕") == 1

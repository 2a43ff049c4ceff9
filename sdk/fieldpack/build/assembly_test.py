"""What a golden output may differ by when another engine or another machine answers; labels from a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.build.assembly import FLOAT_TOLERANCE, INTEGER_TOLERANCE, _tolerance
from fieldpack.build.conversion import Made
from fieldpack.build.labels import read_labels
from fieldpack.build.packed_contract import packed_contract
from fieldpack.bundle.manifest import Compression, FlavourKind
from fieldpack.contract import Contract
from fieldpack.errors import ContractError
from fieldpack.recipe import Method, Rule


@pytest.mark.parametrize(
    ("kind", "method", "share"),
    [
        (FlavourKind.TFLITE, Method.FLOAT16, FLOAT_TOLERANCE),
        (FlavourKind.TFLITE, Method.DYNAMIC_INT8, INTEGER_TOLERANCE),
        (FlavourKind.TFLITE, Method.STATIC_INT8, INTEGER_TOLERANCE),
        (FlavourKind.COREML, Method.FLOAT16, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.WEIGHT_INT8, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.PALETTE, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.STATIC_INT8, INTEGER_TOLERANCE),
    ],
)
def test_only_integer_activations_may_fall_to_the_next_step(
    kind: FlavourKind, method: Method, share: float
) -> None:
    compression = Compression(
        recipe=(Rule(method=method, layers=".*"),), matched=(1,), changed=1, unchanged=0
    )
    made = Made("a", kind, Path("a"), (), (), compression, quantises=method.quantises)
    assert _tolerance(made, np.array([-4.0, 2.0])) == pytest.approx(4 * share)


def labelled(path: Path, **table: str) -> Contract:
    """A contract of two labels in a CSV file."""
    output = {"name": "scores", "activation": "softmax", "labels": str(path), "label_format": table}
    vector = {"kind": "tensor", "name": "x", "shape": [4], "low": 0.0, "high": 1.0, "meaning": "traits"}
    return Contract.model_validate({"inputs": [vector], "outputs": [output]})


def test_a_table_of_labels_becomes_lines_of_both_names(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("idx;sci_name;com_name\n0;Parus major;Great Tit\n1;Bufo bufo;Common Toad\n")
    both = labelled(path, delimiter=";", scientific="sci_name", common="com_name")
    assert read_labels(both) == {"scores": ("Parus major_Great Tit", "Bufo bufo_Common Toad")}
    packed = packed_contract(both).outputs[0]
    assert (packed.labels, packed.label_format) == ("labels/scores.txt", "scientific_common")
    one = labelled(path, delimiter=";", scientific="sci_name")
    assert read_labels(one) == {"scores": ("Parus major", "Bufo bufo")}
    assert packed_contract(one).outputs[0].label_format == "plain"
    with pytest.raises(ContractError, match="no column name"):
        read_labels(labelled(path, delimiter=";", scientific="name"))

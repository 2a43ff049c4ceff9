"""The written list of layer kinds, the folder and the specification say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from fieldpack.coreml.neural.layer import find_layer
from fieldpack.coreml.neural.layers._layer_list import LAYERS
from fieldpack.coreml.neural.tables import NEURAL_MESSAGES
from fieldpack.errors import UnsupportedError

FOLDER = Path(__file__).parent
CHOICES = dict(re.findall(r"(\w+):\d+:(\w+)/layer", NEURAL_MESSAGES["NeuralNetworkLayer"]))
#: Layers that an app writes itself.
MISSING = {"custom"}


def test_the_list_is_the_folder() -> None:
    files = {
        p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_") and not p.stem.endswith("_test")
    }
    assert list(LAYERS.values()) == sorted(LAYERS.values())
    assert set(LAYERS.values()) == files


def test_every_kind_of_the_specification_is_there_but_those_of_apps() -> None:
    assert set(CHOICES) - set(LAYERS) == MISSING
    assert set(LAYERS) <= set(CHOICES)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_file_names_its_kind_and_its_message(kind: Any) -> None:
    text = ast.get_docstring(ast.parse((FOLDER / f"{LAYERS[kind]}.py").read_text())) or ""
    assert text.startswith(f"``{kind}``: ")
    assert f"``{CHOICES[kind]}``" in text
    found = find_layer(kind, 5)
    assert found.inputs[0] <= (found.inputs[1] or 9)
    assert found.outputs[0] <= (found.outputs[1] or 9)


def test_an_unknown_kind_is_named_with_the_version() -> None:
    with pytest.raises(UnsupportedError, match=r"'custom' cannot be run(.|\n)*specification 7"):
        find_layer("custom", 7)

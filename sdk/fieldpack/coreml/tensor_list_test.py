"""Lists of tensors, and the operators that read and write them, called directly."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack.coreml.operator import find_operator
from fieldpack.errors import ModelFileError

torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')


def run(name: str, **inputs: Any) -> Any:
    return find_operator(name, "CoreML8").run(**inputs)


def sizes(*numbers: int) -> Any:
    return tuple(torch.tensor(number) for number in numbers)


def test_an_earlier_list_stays_what_it_was() -> None:
    first = run("make_list", elem_shape=sizes(2), init_length=2)
    second = run("list_write", ls=first, index=1, value=torch.tensor([3.0, 4.0]))
    assert run("list_read", ls=second, index=1).tolist() == [3.0, 4.0]
    assert run("list_read", ls=second, index=0).tolist() == [0.0, 0.0]
    assert run("list_read", ls=first, index=1).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("word", "kind"), [("fp32", "float32"), ("int32", "int32"), ("bool", "bool")])
def test_unwritten_elements_are_zeros_of_their_type(word: Any, kind: Any) -> None:
    made = run("make_list", elem_shape=sizes(3), init_length=1, dtype=word)
    read = run("list_read", ls=made, index=0)
    assert (read.shape, read.dtype) == ((3,), getattr(torch, kind))


def test_a_list_grows_only_where_it_may() -> None:
    growing = run("make_list", elem_shape=sizes(1), init_length=1)
    assert run("list_length", ls=run("list_write", ls=growing, index=4, value=torch.ones(1))) == 5
    fixed = run("make_list", elem_shape=sizes(1), init_length=1, dynamic_length=False)
    with pytest.raises(ModelFileError, match="leaves its list"):
        run("list_write", ls=fixed, index=1, value=torch.ones(1))


def test_gather_and_scatter_go_by_position() -> None:
    made = run("make_list", elem_shape=sizes(1), init_length=1)
    values = torch.tensor([[1.0], [2.0], [3.0]])
    filled = run("list_scatter", ls=made, indices=(2, 0, 5), value=values)
    assert run("list_gather", ls=filled, indices=(0, 1, 2, 5)).flatten().tolist() == [2.0, 0.0, 1.0, 3.0]
    assert run("list_gather", ls=filled, indices=(5, 0, -4)).flatten().tolist() == [3.0, 2.0, 1.0]
    assert run("list_read", ls=filled, index=-1).tolist() == [3.0]
    assert run("list_gather", ls=filled, indices=()).shape == (0, 1)
    with pytest.raises(ModelFileError, match="leaves its list"):
        run("list_gather", ls=filled, indices=(6,))


def test_an_element_without_a_declared_shape_must_be_written_first() -> None:
    made = run("make_list", elem_shape=("s0",), init_length=1)
    with pytest.raises(ModelFileError, match="before it is written"):
        run("list_read", ls=made, index=0)
    written = run("list_write", ls=made, index=0, value=torch.ones(7))
    assert run("list_read", ls=written, index=0).shape == (7,)


@pytest.mark.parametrize(
    ("inputs", "word"),
    [
        ({"init_length": -1}, "another length"),
        ({"init_length": 10**9}, "another length"),
        ({"dtype": "fp12"}, "not known"),
        ({"elem_shape": sizes(1 << 20, 1 << 20)}, "impossible size"),
    ],
)
def test_impossible_lists_are_refused(inputs: Any, word: Any) -> None:
    with pytest.raises(ModelFileError, match=word):
        run("make_list", **{"elem_shape": sizes(1)} | inputs)
    growing = run("make_list", elem_shape=sizes(1))
    with pytest.raises(ModelFileError, match="leaves its list"):
        run("list_write", ls=growing, index=10**9, value=torch.ones(1))

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import ContractError
from fieldpack.taxonomy import Taxonomy, parse_taxonomy

BIRDS = b"""taxon,parent
Animals,
Birds,Animals
"Tits, true",Birds
Great tit,"Tits, true"
Blue tit,"Tits, true"
Robin,Birds
Fungi,
Fly agaric,Fungi
"""


def birds() -> Taxonomy:
    return parse_taxonomy(BIRDS, "birds.csv")


def test_the_line_of_a_taxon_ends_at_its_root() -> None:
    assert birds().line("Great tit") == ("Great tit", "Tits, true", "Birds", "Animals")
    assert birds().line("Fungi") == ("Fungi",)


def test_nearness_counts_the_common_ancestors() -> None:
    near = birds().nearness(["Great tit", "Blue tit", "Robin", "Fly agaric", "Birds"])
    wanted: list[list[float]] = [
        [1, 2 * 3 / 8, 2 * 2 / 7, 0, 2 * 2 / 6],
        [2 * 3 / 8, 1, 2 * 2 / 7, 0, 2 * 2 / 6],
        [2 * 2 / 7, 2 * 2 / 7, 1, 0, 2 * 2 / 5],
        [0, 0, 0, 1, 0],
        [2 * 2 / 6, 2 * 2 / 6, 2 * 2 / 5, 0, 1],
    ]
    np.testing.assert_allclose(near, np.array(wanted), rtol=1e-6)


def test_a_label_outside_the_taxonomy_is_named() -> None:
    with pytest.raises(ContractError, match="Dodo"):
        birds().nearness(["Robin", "Dodo"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"taxon;parent\na;\n", "lacks the column"),
        (b"", "lacks the column"),
        (b"taxon,parent\n", "without a taxon"),
        (b"taxon,parent\n,a\n", "without a taxon"),
        (b"taxon,parent\na,\na,\n", "twice"),
        (b"taxon,parent\na,b\n", "lacks a parent"),
        (b"taxon,parent\na,b\nb,c\nc,b\n", "circle"),
        (b"taxon,parent\na,a\n", "circle"),
        (b"taxon,parent\n\xff,\n", "UTF-8"),
        (b'taxon,parent\n"a,\n', "CSV"),
    ],
)
def test_a_broken_file_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        parse_taxonomy(text, "t.csv")


def test_a_byte_order_mark_is_read_over() -> None:
    assert parse_taxonomy(b"\xef\xbb\xbftaxon,parent\na,\n", "t.csv").parents == {"a": ""}


@given(st.lists(st.integers(0, 20), min_size=1, max_size=20))
def test_nearness_is_symmetric_and_largest_at_home(choices: list[int]) -> None:
    parents = {str(k): "" if k == 0 else str(choice % k) for k, choice in enumerate(choices)}
    near = Taxonomy.from_parents(parents).nearness(list(parents))
    assert (near == near.T).all()
    assert (np.diag(near) == 1).all()
    assert (near > 0).all()
    assert (near <= 1).all()

from __future__ import annotations

import pytest

from fieldpack.errors import InputError
from fieldpack.registry.reference import Reference, parse_reference

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("localhost:5000/birds:1.2.0", Reference("localhost:5000", "birds", "1.2.0")),
        ("registry.example.org/birds/garden:v1", Reference("registry.example.org", "birds/garden", "v1")),
        ("127.0.0.1:5000/a.b/c__d/e--f:T_1", Reference("127.0.0.1:5000", "a.b/c__d/e--f", "T_1")),
        (f"example.org/birds@sha256:{DIGEST}", Reference("example.org", "birds", None, DIGEST)),
    ],
)
def test_what_a_reference_says(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "birds:1",
        "birds/garden:1",  # which would be somebody's default host
        "example.org/birds",  # and a default tag
        "example.org/Birds:1",
        "example.org/birds:",
        "example.org/birds:.1",
        "example.org/birds:" + "1" * 129,
        "example.org//birds:1",
        "example.org/birds/../x:1",
        "example.org/birds@sha256:12",
        "example.org/birds@md5:" + DIGEST,
        "https://example.org/birds:1",
        "user@example.org/birds:1",
        "example.org/birds:1\n",
        "example.org:123456/birds:1",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(InputError, match="names no bundle"):
        parse_reference(text)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost:5000", True),
        ("127.8.0.1:80", True),
        ("10.0.0.1:80", False),
        ("localhost.example.org", False),
    ],
)
def test_only_loopback_needs_no_tls(host: str, here: bool) -> None:
    assert Reference(host, "birds", "1").on_loopback is here


def test_a_pinned_reference_has_a_digest_in_place_of_the_tag() -> None:
    pinned = parse_reference("example.org/birds:1").pinned(DIGEST)
    assert str(pinned) == f"example.org/birds@sha256:{DIGEST}"
    assert pinned.wanted == f"sha256:{DIGEST}"

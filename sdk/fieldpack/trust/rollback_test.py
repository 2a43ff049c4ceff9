from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.bundle.finding import FindingCode
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import TrustError
from fieldpack.testing import tiny_bundle
from fieldpack.trust.rollback import Shipped, parse_version, rollback_findings, shipped_bundle

HERE, THERE = "a" * 64, "b" * 64


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bundle(tmp_path_factory.mktemp("old") / "tiny")


@pytest.mark.parametrize(
    ("at_least", "after", "says"),
    [
        (None, None, None),
        ("1.2.3", None, None),
        ("1.2.2", None, None),
        ("1.2.4", None, "older than 1.2.4"),
        ("1.10.0", None, "older than 1.10.0"),
        (None, Shipped("tiny", "1.2.2", THERE), None),
        (None, Shipped("tiny", "0.99.99", THERE), None),
        (None, Shipped("tiny", "1.2.3", HERE), None),
        (None, Shipped("tiny", "1.2.3", THERE), "two different bundles"),
        (None, Shipped("tiny", "1.10.0", THERE), "older than 1.10.0"),
        (None, Shipped("other", "1.0.0", THERE), "not of other"),
    ],
)
def test_only_what_is_newer_comes_after(
    at_least: str | None, after: Shipped | None, says: str | None, bundle: Path
) -> None:
    with open_bundle(bundle) as opened:
        manifest = opened.manifest.model_copy(update={"version": "1.2.3"})
    found = rollback_findings(manifest, HERE, at_least, after)
    assert [finding.code for finding in found] == ([FindingCode.ROLLBACK] if says else [])
    assert (says or "") in " ".join(map(str, found))


def test_what_users_have_is_read_from_their_bundle(bundle: Path) -> None:
    with open_bundle(bundle) as opened:
        assert shipped_bundle(bundle) == Shipped("tiny", opened.manifest.version, opened.digest)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "v1.2.3", "1.2.3.4", "1.2.3-rc1", "1.2.-3", "1.2.٣", "1." * 9]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(TrustError, match="no version"):
        parse_version(text)

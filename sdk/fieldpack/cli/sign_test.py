"""An engineer signs, a mobile team verifies; each mistake of either has its exit code and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.cli.sign import PASSWORD
from fieldpack.testing import tiny_bundle


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PASSWORD, raising=False)
    tiny_bundle(tmp_path / "tiny")
    assert main(["keygen", "release"]) == 0
    return tmp_path


def signed(*more: str) -> int:
    return main(["sign", "tiny", "--key", "release.key.pem", *more])


def verified(*more: str) -> int:
    return main(["verify", "tiny", "--key", "release.pub.pem", *more])


def test_what_was_signed_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert signed("--json", "--days", "30") == 0
    made = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in place.iterdir()) == [
        "release.key.pem", "release.pub.pem", "tiny", "tiny.cdx.json", "tiny.sig.json",
    ]  # fmt: skip
    assert verified("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outcome"] == "pass"
    assert found["signed"]["key"] == made["key"]
    assert found["signed"]["bundle_digest"] == made["digest"] == found["digest"]
    assert found["signed"]["expires"] == made["expires"] is not None
    assert verified() == 0
    text = capsys.readouterr().out
    assert made["key"] in text
    assert "verify: PASS" in text
    assert signed() == 0
    assert "expires    never" in capsys.readouterr().out


def test_without_a_key_nothing_is_asked_of_a_signature(place: Path) -> None:
    assert main(["verify", "tiny"]) == 0
    assert verified() == 1


def test_a_bundle_of_another_is_not_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keygen", "other"]) == 0
    assert main(["sign", "tiny", "--key", "other.key.pem"]) == 0
    capsys.readouterr()
    assert verified("--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [item["code"] for item in found["findings"]] == ["signature"]
    assert found["golden"] == []
    assert "signed" not in found


def test_versions_that_are_taken(place: Path, tmp_path: Path) -> None:
    assert signed() == 0
    assert verified("--at-least", "0.0.1", "--after", "tiny") == 0
    assert verified("--at-least", "99.0.0") == 1
    assert verified("--at-least", "latest") == 2
    assert verified("--after", "absent") == 2


def test_an_encrypted_key(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "meadow")
    assert main(["keygen", "closed"]) == 0
    sign = ["sign", "tiny", "--key", "closed.key.pem"]
    assert main(sign) == 0
    (place / "tiny.sig.json").unlink()
    for word in ("", "wrong"):
        monkeypatch.setenv(PASSWORD, word)
        assert main(sign) == 2
    monkeypatch.delenv(PASSWORD)
    assert main(sign) == 2
    assert not (place / "tiny.sig.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sign", "tiny", "--key", "absent.pem"], "cannot be read"),
        (["sign", "tiny", "--key", "release.pub.pem"], "no private key"),
        (["sign", "tiny", "--key", "tiny/labels.txt"], "no private key"),
        (["sign", "absent", "--key", "release.key.pem"], "no bundle"),
        (["sign", "tiny", "--key", "release.key.pem", "--days", "0"], "1 to 36500"),
        (["sign", "tiny", "--key", "release.key.pem", "--out", "tiny/s.json"], "beside its bundle"),
        (["sign", "tiny", "--key", "release.key.pem", "--out", "release.pub.pem/s"], "cannot be written"),
        (["verify", "tiny", "--key", "release.key.pem"], "a private key"),
        (["verify", "tiny", "--key", "tiny/labels.txt"], "no public key"),
        (["verify", "tiny", "--at-least", "1.0.0"], "needs --key"),
        (["verify", "tiny", "--after", "tiny"], "needs --key"),
        (["verify", "tiny", "--signature", "tiny.sig.json"], "needs --key"),
        (["verify", "m.tflite", "--key", "release.pub.pem"], "no signature"),
        (["keygen", "release"], "never written over"),
        (["keygen", "release.pub.pem/new"], "cannot be written"),
    ],
)
def test_a_mistake_is_exit_code_2_and_says_why(
    arguments: list[str], says: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name for path in place.iterdir()}
    assert main(arguments) == 2
    assert says in capsys.readouterr().err
    assert {path.name for path in place.iterdir()} == before


def test_the_extra_is_named_when_it_is_missing(place: Path) -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from fieldpack.cli.main import main\n"
        "sys.exit(main(['sign', 'tiny', '--key', 'release.key.pem']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 4
    assert 'pip install "fieldpack[sign]"' in done.stderr

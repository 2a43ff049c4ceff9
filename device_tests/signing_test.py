"""What ``fieldpack sign`` writes, verified by the tool of the model-signing project."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fieldpack.testing import tiny_bundle
from fieldpack.trust import sign_bundle
from fieldpack.trust.keys import read_private_key, write_pair
from fieldpack.trust.placement import signature_path

TOOL = Path(__file__).parent.parent / ".cache" / "model-signing" / "bin" / "model_signing"


def verified(bundle: Path, key: Path) -> subprocess.CompletedProcess[str]:
    words = ["verify", "key", str(bundle), "--signature", str(signature_path(bundle))]
    command = [str(TOOL), *words, "--public_key", str(key)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(not TOOL.is_file(), reason="the model-signing tool is not installed: make signing")
def test_the_tool_accepts_a_signed_folder_and_nothing_else(tmp_path: Path) -> None:
    private, public = write_pair(tmp_path / "release")
    _, stranger = write_pair(tmp_path / "stranger")
    bundle = tiny_bundle(tmp_path / "tiny", folder_flavour=True)
    sign_bundle(bundle, read_private_key(private))
    assert verified(bundle, public).returncode == 0
    assert verified(bundle, stranger).returncode != 0
    shutil.copy(bundle / "labels.txt", bundle / "more.txt")
    told = verified(bundle, public)
    assert told.returncode != 0
    assert "mismatch" in told.stdout + told.stderr

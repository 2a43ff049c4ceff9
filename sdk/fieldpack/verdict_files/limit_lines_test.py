"""Lines of limits, in the ways that TOML allows."""

from __future__ import annotations

import pytest

from fieldpack.verdict_files.limit_lines import limit_line

BUDGET = """# a budget
[every]
installed_bytes = 5
latency_ms = { "host" = 5.0 }

[every.instructions]  # exact
"qemu-arm64:cortex-a76" = 5
'ssh:me@1.2.3.4:22' = 6

[flavours.tflite-int8]
installed_bytes = 4
outside_delegate."qemu-arm64:cortex-a76" = 0

[app]
ios = "16"
"""


@pytest.mark.parametrize(
    ("subject", "name", "line"),
    [
        ("coreml-int8", "installed_bytes", 3), ("tflite-int8", "installed_bytes", 11),
        ("tflite-int8", "latency_ms.host", 4), ("tflite-int8", "instructions.qemu-arm64:cortex-a76", 7),
        ("tflite-int8", "instructions.ssh:me@1.2.3.4:22", 8), ("tflite-int8", "instructions.adb:1", 6),
        ("tflite-int8", "outside_delegate.qemu-arm64:cortex-a76", 12), ("coreml-int8", "ios", 15),
        ("coreml-int8", "top1_drop", 1),
    ],
)  # fmt: skip
def test_a_limit_is_found_by_its_line(subject: str, name: str, line: int) -> None:
    assert limit_line(BUDGET, subject, name) == line


def test_without_a_file_it_is_the_first() -> None:
    assert limit_line("", "a", "b") == 1

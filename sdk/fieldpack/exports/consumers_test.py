from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import pytest

from fieldpack import exports
from fieldpack.cli.main import main
from fieldpack.exports.consumers import CONSUMERS, consumer, module_of

FOLDER = Path(exports.__file__).parent


def test_the_list_and_the_folders_agree() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/command.py")}
    assert {name.replace("-", "_") for name in CONSUMERS} == folders


@pytest.mark.parametrize("name", CONSUMERS)
def test_a_consumer_has_what_the_command_calls(name: str) -> None:
    assert importlib.util.find_spec(module_of(name)) is not None
    module = consumer(name)
    assert callable(module.add_arguments)
    assert callable(module.export)


def test_no_two_consumers_have_the_same_option() -> None:
    seen: dict[str, str] = {}
    for name in CONSUMERS:
        group = argparse.ArgumentParser(add_help=False).add_argument_group()
        consumer(name).add_arguments(group)
        for action in group._group_actions:
            assert action.option_strings, f"{name} has a positional argument"
            for word in (action.dest, *action.option_strings):
                assert seen.setdefault(word, name) == name, f"{word} is an option of {seen[word]}, too"


def test_the_help_names_every_consumer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = capsys.readouterr().out
    for name, summary in CONSUMERS.items():
        assert summary in told
        assert f"options of --for {name}" in told


def test_an_unknown_consumer_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", str(tmp_path / "b"), "--for", "nobody", "--out", str(tmp_path / "out")])
    assert ended.value.code == 2

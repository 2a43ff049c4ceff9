"""Every matching file of a folder, unlabelled."""

from __future__ import annotations

from pathlib import Path

from fieldpack.data.example import Example, ExampleList
from fieldpack.data.sample import sample
from fieldpack.errors import SpecError
from fieldpack.spec import FolderData


def open_folder(source: FolderData, seed: int) -> ExampleList:
    """Examples of a folder and its sub-folders, ordered by their relative path.

    Raises
    ------
    SpecError
        The folder is missing, or no file matches.
    """
    folder = Path(source.folder)
    if not folder.is_dir():
        raise SpecError(f"the folder {folder} does not exist")
    try:
        found = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob(source.pattern)
            if path.is_file()
        }
    except (NotImplementedError, ValueError) as error:
        raise SpecError(
            f"{source.pattern!r} is not a file name pattern", came=error, allowed='"*.jpg"'
        ) from error
    if not found:
        raise SpecError(f"no file in {folder} matches {source.pattern!r}")
    examples = [Example(name, found[name]) for name in sorted(found)]
    return ExampleList(sample(examples, source.limit, seed))

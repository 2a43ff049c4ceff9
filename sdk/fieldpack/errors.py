"""Every error that Fieldpack raises on purpose, in one tree.

::

    FieldpackError                        exit code
    ├── SpecError            ValueError       2   pack.toml, recipe or budget file is wrong
    ├── ContractError        ValueError       2   the contract does not fit itself or the model
    ├── InputError           ValueError       2   a picture, sound, table or array does not fit
    ├── SourceError          ValueError       2   the source model cannot be opened or refuses to run
    ├── ModelFileError       ValueError       2   a .tflite or .mlpackage file is malformed
    ├── BundleError          ValueError       2   a bundle is malformed, altered or of an unknown schema
    ├── TrustError           ValueError       2   a key, a version or a signature cannot be used
    ├── StorageError         OSError          2   the disk is full or a path cannot be written
    ├── ConversionError      RuntimeError     1   a converter ran and its result is not the source model
    ├── UnsupportedError     NotImplementedError  2   legal, but outside what Fieldpack can do today
    ├── MissingDependencyError  ImportError   4   an extra or a tool must be installed first
    ├── TargetError          RuntimeError     4   a device cannot be reached, or gave no answer to believe
    ├── RegistryError        ConnectionError  4   a registry cannot be reached, refuses, or does not have it
    └── WorkerError          RuntimeError     5   a worker process crashed; carries the end of its log

A message says what was asked, what came, what is allowed and what to do next; the
four parts stay apart as attributes, so that the command line and ``--json`` can show them.
"""

from __future__ import annotations


class FieldpackError(Exception):
    """Root of the tree.

    Parameters
    ----------
    what : str
        One sentence: what was asked and what is wrong with it.
    came : object, optional
        What was found (a value, a shape, a file name).
    allowed : str, optional
        What would have been accepted.
    hint : str, optional
        What to do next.
    """

    exit_code = 5

    def __init__(
        self,
        what: str,
        *,
        came: object | None = None,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.came = None if came is None else str(came)
        self.allowed = allowed
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        parts = [self.what]
        if self.came is not None:
            parts.append(f"got: {self.came}")
        if self.allowed is not None:
            parts.append(f"allowed: {self.allowed}")
        if self.hint is not None:
            parts.append(f"do: {self.hint}")
        return "\n  ".join(parts)

    def as_dict(self) -> dict[str, str | None]:
        """The four parts and the kind, for ``--json`` and for crossing a process."""
        return {
            "kind": type(self).__name__,
            "what": self.what,
            "came": self.came,
            "allowed": self.allowed,
            "hint": self.hint,
        }


class SpecError(FieldpackError, ValueError):
    """``pack.toml``, a recipe or a budget file is wrong."""

    exit_code = 2


class ContractError(FieldpackError, ValueError):
    """The contract contradicts itself or the model it describes."""

    exit_code = 2


class InputError(FieldpackError, ValueError):
    """A picture, sound, table or array does not fit the contract."""

    exit_code = 2


class SourceError(FieldpackError, ValueError):
    """The source model cannot be opened, or refuses to run."""

    exit_code = 2


class ModelFileError(FieldpackError, ValueError):
    """A ``.tflite`` or ``.mlpackage`` file is malformed."""

    exit_code = 2


class BundleError(FieldpackError, ValueError):
    """A bundle is malformed, altered, or written for another schema."""

    exit_code = 2


class TrustError(FieldpackError, ValueError):
    """A key, a version or a signature cannot be used as it was given."""

    exit_code = 2


class StorageError(FieldpackError, OSError):
    """The disk is full, or a path cannot be read or written."""

    exit_code = 2


class ConversionError(FieldpackError, RuntimeError):
    """A converter ran, and what it wrote is not the source model."""

    exit_code = 1


class UnsupportedError(FieldpackError, NotImplementedError):
    """Legal, but outside what Fieldpack does today."""

    exit_code = 2


class MissingDependencyError(FieldpackError, ImportError):
    """An extra or a tool must be installed first."""

    exit_code = 4


class TargetError(FieldpackError, RuntimeError):
    """A place that should run a model cannot be reached, or gave no answer that can be believed."""

    exit_code = 4


class RegistryError(FieldpackError, ConnectionError):
    """A registry cannot be reached, refuses, or does not have what was asked for."""

    exit_code = 4


class WorkerError(FieldpackError, RuntimeError):
    """A worker process crashed; the message carries the end of its log."""

    exit_code = 5


ERRORS: dict[str, type[FieldpackError]] = {
    kind.__name__: kind
    for kind in (
        SpecError,
        ContractError,
        InputError,
        SourceError,
        ModelFileError,
        BundleError,
        TrustError,
        StorageError,
        ConversionError,
        UnsupportedError,
        MissingDependencyError,
        TargetError,
        RegistryError,
        WorkerError,
    )
}


def from_dict(parts: dict[str, str | None]) -> FieldpackError:
    """Rebuild an error that ``as_dict`` took across a process border."""
    kind = ERRORS.get(parts.get("kind") or "", WorkerError)
    return kind(
        parts.get("what") or "unknown error",
        came=parts.get("came"),
        allowed=parts.get("allowed"),
        hint=parts.get("hint"),
    )

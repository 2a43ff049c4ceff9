"""Makes coremltools believe that it runs on a Mac whose Core ML is ours: every patch of it stands here.

The tests ask in many places whether they are on macOS and skip their predictions elsewhere. The
private names below belong to coremltools 9; another major version is refused before anything is
patched, and a name that is gone is an error, so a silent skip of all predictions cannot happen.
"""

from __future__ import annotations

import sys

from fieldpack.errors import MissingDependencyError, UnsupportedError

MAJOR = 9
MACOS = (15, 0)
"""The macOS that the tests see: the first that runs iOS 18's operators, the newest set under test."""


def coremltools_version() -> str:
    """The installed version.

    Raises
    ------
    MissingDependencyError
        coremltools is not installed.
    UnsupportedError
        Its private names are not known here.
    """
    try:
        import coremltools
    except ImportError as error:
        raise MissingDependencyError(
            "The conformance run needs coremltools", hint='pip install "fieldpack[coreml-convert]"'
        ) from error
    version = str(coremltools.__version__)
    if version.split(".")[0] != str(MAJOR):
        raise UnsupportedError(
            "The conformance run patches private names of coremltools", came=version, allowed=f"{MAJOR}.x"
        )
    return version


def pretend_macos(proxy: type) -> None:
    """Put ``proxy`` where coremltools keeps Apple's runtime, and a Mac where it looks for one.

    Parameters
    ----------
    proxy : type
        Stands for ``libcoremlpython._MLModelProxy``.

    Raises
    ------
    MissingDependencyError, UnsupportedError
        As ``coremltools_version``, or a patched name is gone.
    """
    coremltools_version()
    import coremltools.models.model as model
    import coremltools.models.utils as utils
    from coremltools import _deps

    for module, name in ((_deps, "_IS_MACOS"), (utils, "_is_macos"), (model, "_MLModelProxy")):
        if not hasattr(module, name):
            raise UnsupportedError(
                "coremltools lacks a name that is patched",
                came=f"{module.__name__}.{name}",
                allowed=f"{MAJOR}.0",
            )
    patches = {"_IS_MACOS": True, "_is_macos": _is_macos, "_macos_version": _macos_version}
    for loaded in [found for key, found in sys.modules.items() if key.split(".")[0] == "coremltools"]:
        for name, value in patches.items():
            if hasattr(loaded, name):
                setattr(loaded, name, value)
    model._MLModelProxy = proxy


def _is_macos() -> bool:
    return True


def _macos_version() -> tuple[int, int]:
    return MACOS

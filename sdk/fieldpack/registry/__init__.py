"""Bundles in registries: pushed and pulled as OCI artefacts, whose parts are the files of the bundle.

``reference.py`` reads ``HOST/NAME:TAG``; ``artefact.py`` is the manifest that a registry keeps;
``client.py`` talks to it (by way of ``oras``); ``cache.py`` holds parts under their digests, also half of
one; ``push.py`` and ``pull.py`` are what the rest of Fieldpack calls. A registry knows parts by their digest,
as a bundle does, so what both sides have is sent neither way.
"""

from fieldpack.registry.pull import Pulled, pull
from fieldpack.registry.push import Pushed, push
from fieldpack.registry.reference import Reference, parse_reference

__all__ = ["Pulled", "Pushed", "Reference", "parse_reference", "pull", "push"]

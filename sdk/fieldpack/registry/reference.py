"""Where a bundle lies in a registry: ``HOST[:PORT]/NAME:TAG`` or ``HOST[:PORT]/NAME@sha256:DIGEST``.

The grammar of names and tags is that of the OCI Distribution Specification 1.1, "Pulling manifests". Nothing
has a default: a host that is left out would mean somebody else's, and ``latest`` is no version.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

from fieldpack.errors import InputError

ALLOWED = "HOST/NAME:TAG or HOST/NAME@sha256:DIGEST, such as registry.example.org/birds/garden:1.2.0"
_HOST = r"(?P<host>[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*(:[0-9]{1,5})?)"
_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"{_HOST}/(?P<name>{_PART}(/{_PART})*)"
    r"(:(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})|@sha256:(?P<digest>[0-9a-f]{64}))"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A tag or a digest in a repository.

    Attributes
    ----------
    host : str
        With the port where it is not the usual one.
    name : str
        Of the repository.
    tag : str or None
        A name that may point to another artefact tomorrow.
    digest : str or None
        Of the artefact's manifest, 64 hexadecimal digits; where there is no tag.
    """

    host: str
    name: str
    tag: str | None
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.host}/{self.name}" + (f":{self.tag}" if self.tag else f"@sha256:{self.digest}")

    @property
    def wanted(self) -> str:
        """What stands at the end of a manifest's address."""
        return self.tag or f"sha256:{self.digest}"

    def pinned(self, digest: str) -> Reference:
        """The same repository, and an artefact by its digest."""
        return replace(self, tag=None, digest=digest)

    @property
    def on_loopback(self) -> bool:
        """Whether the host is this machine, to which nobody listens."""
        bare = self.host.partition(":")[0]
        try:
            return bare == "localhost" or ipaddress.ip_address(bare).is_loopback
        except ValueError:
            return False


def parse_reference(text: str) -> Reference:
    """Read a reference.

    Parameters
    ----------
    text : str
        ``HOST/NAME:TAG`` or ``HOST/NAME@sha256:DIGEST``; the host has a dot or a port.

    Raises
    ------
    InputError
        It is none, or names no host or no version.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None or not re.search(r"[.:]", found["host"]):
        raise InputError("this names no bundle in a registry", came=ascii(text)[1:-1], allowed=ALLOWED)
    return Reference(found["host"], found["name"], found["tag"], found["digest"])

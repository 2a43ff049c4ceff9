"""Pull: what this machine lacks of a bundle, then the bundle in one step, in place of an older one.

Parts come from the bundle that is replaced, from the cache, and only then from the registry. Every part is
held against its digest, and the whole against the rules of bundles, before the target changes: a pull that is
killed leaves there what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from fieldpack.bundle.consistency import manifest_findings
from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import LARGEST_MANIFEST_BYTES, parse_manifest
from fieldpack.bundle.finding import refuse
from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.replaceable import check_target
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError, StorageError
from fieldpack.registry.artefact import Artefact, check_parts, contract_digest, read_artefact
from fieldpack.registry.beside import judge_beside, place_beside, sizes_beside
from fieldpack.registry.cache import PartCache, default_cache
from fieldpack.registry.client import RegistryClient
from fieldpack.registry.reference import Reference
from fieldpack.trust.checks import Demand
from fieldpack.trust.rollback import Shipped

Progress = Callable[[str, float], None]


class Origin(StrEnum):
    """Where a part came from."""

    REGISTRY = "registry"
    TARGET = "target"
    CACHE = "cache"


@dataclass(slots=True)
class Taken:
    """Different parts of one origin."""

    parts: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came, and from where.

    Attributes
    ----------
    reference, name, version : str
        Where, and what by its own words.
    digest, contract : str
        Of the bundle and of its contract, 64 hexadecimal digits.
    pinned : str
        ``HOST/NAME@sha256:DIGEST`` of the artefact, which finds it whatever becomes of the tag.
    target : str
        Where the bundle lies now.
    replaced : str or None
        Digest of the bundle that lay there; `digest` where there was nothing to do.
    signed_by : str or None
        Fingerprint of the key whose signature was demanded and holds.
    taken : dict
        Origin -> parts and bytes. Bytes of the registry are those of this run: a part that an earlier run had
        begun counts with what was missing, and the artefact's own bytes count too.
    """

    reference: str
    name: str
    version: str
    digest: str
    contract: str
    pinned: str
    target: str
    replaced: str | None
    signed_by: str | None
    taken: dict[Origin, Taken]

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)


def pull(
    reference: Reference,
    target: Path,
    *,
    cache: Path | None = None,
    plain_http: bool = False,
    demand: Demand | None = None,
    progress: Progress = lambda stage, fraction: None,
) -> Pulled:
    """Bring a bundle here.

    Parameters
    ----------
    reference : Reference
        A tag, or the digest of an artefact.
    target : Path
        Folder, or a name that ends in ``.fieldpack``. A bundle that lies there is replaced in one step.
    cache : Path, optional
        Folder of parts; default: :func:`fieldpack.registry.cache.default_cache`.
    plain_http : bool
        Speak HTTP without TLS; on loopback that is so always.
    demand : Demand, optional
        Whose signature it must carry, and which versions are taken; judged before any part is asked for.
        Where it names no bundle to come after, that is the one at the target.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    BundleError
        What came is no good bundle, or what lies at the target is none.
    TrustError
        It is not signed as demanded, or older than what it would replace.
    RegistryError
        The registry cannot be reached, refuses, or does not have it.
    StorageError
        The disk is full or a path cannot be written.
    """
    check_target(target)
    client = RegistryClient(reference, plain_http=plain_http)
    with ExitStack() as stack:
        older = _older(target, stack)
        parts = _Parts(client, PartCache(cache or default_cache()), older)
        artefact_data = client.manifest()
        parts.taken[Origin.REGISTRY].bytes += len(artefact_data)
        artefact = read_artefact(artefact_data, str(reference))
        data, manifest = _manifest(parts, artefact, str(reference))
        digest = sha256_bytes(data)
        sizes = sizes_beside(artefact, str(reference))
        beside = {kind: parts.read(*found) for kind, found in sizes.items()}
        if demand is not None:
            judge_beside(target, manifest, data, beside, _after(demand, older))
        kept = older is not None and older.digest == digest and not check_structure(target)
        if kept:
            for entry in manifest.files.values():
                parts.read(entry.sha256, entry.size_bytes)
        else:
            _write(target, parts, manifest, data, progress)
        place_beside(target, beside, replaced=not kept)
        parts.cache.forget()
        return Pulled(
            reference=str(reference),
            name=manifest.name,
            version=manifest.version,
            digest=digest,
            contract=contract_digest(manifest),
            pinned=str(reference.pinned(sha256_bytes(artefact_data))),
            target=str(target),
            replaced=None if older is None else older.digest,
            signed_by=None if demand is None else demand.key.fingerprint,
            taken=parts.taken,
        )


@dataclass(slots=True)
class _Parts:
    """Parts by their digests, from the nearest place that has them."""

    client: RegistryClient
    cache: PartCache
    older: Bundle | None
    taken: dict[Origin, Taken] = field(default_factory=lambda: {origin: Taken() for origin in Origin})
    _older_names: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.older is not None:
            self._older_names = {entry.sha256: name for name, entry in self.older.manifest.files.items()}

    def read(self, digest: str, size_bytes: int) -> bytes:
        """The bytes of a part, which have the digest."""
        data, origin = self._older_part(digest), Origin.TARGET
        if data is None:
            data, origin = self.cache.read(digest), Origin.CACHE
        if data is None:
            data, origin = self._fetched(digest, size_bytes), Origin.REGISTRY
        if len(data) != size_bytes:
            raise BundleError("a part has another size than its bundle says", came=f"sha256:{digest}")
        if digest not in self._seen:
            self._seen.add(digest)
            self.taken[origin].parts += 1
            self.taken[origin].bytes += 0 if origin is Origin.REGISTRY else len(data)
        return data

    def _older_part(self, digest: str) -> bytes | None:
        """What the bundle at the target has, unless it was altered there."""
        if self.older is not None and digest == self.older.digest:
            return self.older.manifest_data
        name = self._older_names.get(digest)
        if self.older is None or name is None:
            return None
        try:
            return self.older.read(name)
        except (BundleError, StorageError):
            return None

    def _fetched(self, digest: str, size_bytes: int) -> bytes:
        def download(start: int) -> tuple[int, Iterator[bytes]]:
            at, chunks = self.client.blob(digest, start)
            return at, self._counted(chunks)

        self.cache.fetch(digest, size_bytes, download, self.client.reference.host)
        data = self.cache.read(digest)
        if data is None:
            raise StorageError("a part is gone from the cache", came=self.cache.folder, hint="pull again")
        return data

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.taken[Origin.REGISTRY].bytes += len(chunk)
            yield chunk


def _older(target: Path, stack: ExitStack) -> Bundle | None:
    """The bundle at the target, where it is one that can be read."""
    try:
        return stack.enter_context(open_bundle(target))
    except (BundleError, StorageError):
        return None


def _after(demand: Demand, older: Bundle | None) -> Demand:
    """The demand, and that nothing older comes in place of the bundle at the target."""
    if demand.after is not None or older is None:
        return demand
    return replace(demand, after=Shipped(older.manifest.name, older.manifest.version, older.digest))


def _manifest(parts: _Parts, artefact: Artefact, where: str) -> tuple[bytes, Manifest]:
    """The manifest of the bundle, which is the artefact's config, checked before any part is asked for."""
    if artefact.config.size > LARGEST_MANIFEST_BYTES:
        raise BundleError(f"the manifest of {where} is too large", allowed=f"{LARGEST_MANIFEST_BYTES} bytes")
    data = parts.read(artefact.config.sha256, artefact.config.size)
    manifest = parse_manifest(data, where)
    refuse(where, manifest_findings(manifest))
    check_parts(artefact, manifest, where)
    return data, manifest


def _write(target: Path, parts: _Parts, manifest: Manifest, data: bytes, progress: Progress) -> None:
    total, done = sum(entry.size_bytes for entry in manifest.files.values()) or 1, 0
    with BundleWriter(target) as writer:
        for name, entry in manifest.files.items():
            progress(name, done / total)
            writer.add_bytes(name, parts.read(entry.sha256, entry.size_bytes))
            done += entry.size_bytes
        writer.commit_again(manifest, data)

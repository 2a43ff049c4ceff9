"""Structure check: everything wrong with a bundle that can be seen without running a model."""

from __future__ import annotations

from pathlib import Path

from fieldpack.bundle.consistency import collision_finding, manifest_findings
from fieldpack.bundle.content import Content, Survey, hash_content, open_content, read_content
from fieldpack.bundle.document import LARGEST_MANIFEST_BYTES, identity_finding, read_document
from fieldpack.bundle.finding import Finding, FindingCode, printable
from fieldpack.bundle.manifest import FileEntry, Manifest
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME, RESERVED, collisions, path_fault
from fieldpack.bundle.payload import payload_findings
from fieldpack.errors import BundleError, StorageError

LONGEST_DIGEST_FILE = 256


def check_structure(path: Path) -> list[Finding]:
    """Check a bundle in either form, down to the last byte.

    Parameters
    ----------
    path : Path
        Folder or ``.fieldpack`` file.

    Returns
    -------
    list of Finding
        Everything found, not only the first; empty when the bundle is good.

    Raises
    ------
    BundleError
        There is no bundle at `path` at all.
    StorageError
        It cannot be opened.
    """
    content = open_content(path)
    try:
        survey = content.survey()
        if not survey.readable:
            return survey.findings
        manifest, findings = _manifest(content, survey)
        if manifest is None:
            return [*survey.findings, *findings]
        return [*survey.findings, *findings, *_content_findings(content, survey, manifest)]
    finally:
        content.close()


def _manifest(content: Content, survey: Survey) -> tuple[Manifest | None, list[Finding]]:
    there = set(survey.sizes) - survey.faulty()
    findings = [
        Finding(FindingCode.MISSING, name, "every bundle has it")
        for name in RESERVED
        if name not in there | survey.faulty()
    ]
    if MANIFEST_NAME not in there:
        return None, findings
    try:
        data = read_content(content, MANIFEST_NAME, LARGEST_MANIFEST_BYTES)
        manifest, faults = read_document(data)
        findings += faults
        if DIGEST_NAME in there:
            identity = identity_finding(data, read_content(content, DIGEST_NAME, LONGEST_DIGEST_FILE))
            findings += [identity] if identity else []
    except (BundleError, StorageError) as error:
        return None, [*findings, _unreadable(MANIFEST_NAME, error)]
    return manifest, findings


def _content_findings(content: Content, survey: Survey, manifest: Manifest) -> list[Finding]:
    findings = manifest_findings(manifest)
    findings += _name_findings(survey, manifest)
    intact: set[str] = set()
    known = survey.faulty()
    for name, entry in manifest.files.items():
        if name in known or path_fault(name):
            continue
        fault = _file_fault(content, survey, name, entry)
        if fault is None:
            intact.add(name)
        else:
            findings.append(fault)

    def read(name: str) -> bytes | None:
        return read_content(content, name, manifest.files[name].size_bytes) if name in intact else None

    return [*findings, *payload_findings(manifest, read)]


def _name_findings(survey: Survey, manifest: Manifest) -> list[Finding]:
    findings: list[Finding] = []
    for name in sorted(set(survey.sizes) - set(manifest.files) - set(RESERVED)):
        fault = path_fault(name)
        findings.append(Finding(FindingCode.EXTRA, printable(name), "is not listed in the manifest"))
        findings += [Finding(FindingCode.PATH, printable(name), fault)] if fault else []
    listed = set(collisions([*RESERVED, *manifest.files]))
    everything = collisions([*RESERVED, *manifest.files, *survey.sizes])
    return findings + [collision_finding(*pair) for pair in everything if pair not in listed]


def _file_fault(content: Content, survey: Survey, name: str, entry: FileEntry) -> Finding | None:
    size = survey.sizes.get(name)
    if size is None:
        return Finding(FindingCode.MISSING, printable(name), "the manifest lists it; there is no such file")
    if size != entry.size_bytes:
        return Finding(
            FindingCode.SIZE, printable(name), f"{size} bytes; the manifest says {entry.size_bytes}"
        )
    try:
        digest = hash_content(content, name)
    except (BundleError, StorageError) as error:
        return _unreadable(name, error)
    if digest != entry.sha256:
        return Finding(
            FindingCode.DIGEST, printable(name), "its bytes do not have the SHA-256 of the manifest"
        )
    return None


def _unreadable(name: str, error: BundleError | StorageError) -> Finding:
    return Finding(
        FindingCode.UNREADABLE, printable(name), f"{error.what} ({error.came or error.allowed or 'no more'})"
    )

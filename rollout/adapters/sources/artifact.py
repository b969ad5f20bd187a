"""A tarball that was built elsewhere; every host verifies its checksum before it is unpacked."""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from rollout.adapters.releases.layout import release_environ
from rollout.adapters.sources import scripts
from rollout.adapters.sources.download import curl_config
from rollout.adapters.sources.export_directory import as_memory, disk_trouble
from rollout.adapters.sources.limits import MAX_SIZE, RAISE_MAX_SIZE, too_large
from rollout.adapters.sources.local_files import check_artifact
from rollout.adapters.sources.required_tools import LOOK, LOOK_WITHIN, findings, lacking
from rollout.adapters.sources.tool_messages import telling_line
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import ReleaseError, SourceError
from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits
from rollout.model.releases import BASTION, Release
from rollout.ports.commands import CommandResult, InThread
from rollout.text.durations import spell_duration
from rollout.text.redact import redact

SHA256 = re.compile(r"[0-9a-f]{64}")
UNPACKERS = {".gz": "gzip", ".tgz": "gzip", ".xz": "xz", ".txz": "xz", ".zst": "zstd"}
"""What tar calls for a name that ends so."""

KINDS = {"b": "a block device", "c": "a character device", "p": "a named pipe"}
"""By the letter that ``tar -tv`` has for them: entries that no release may hold."""

UNPACKING = 60.0
"""Seconds beyond ``timeout`` after which the whole script is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactOptions:
    """What is put where.

    Attributes:
        to: ``deploy.to`` on the hosts.
        artifact: A file on this machine, sent once to each host, or an http(s) address, from which
            each host fetches it: .tar, .tar.gz, .tar.xz or .tar.zst.
        sha256: In hexadecimal digits; when empty, what ``<artifact>.sha256`` beside it says.
        strip: So many leading parts of each name are left out, as with tar.
        revision: What it is called; when empty, ``sha256-`` and 16 digits.
        timeout: Seconds for its way to one host.
        max_size: Bytes that it may have, and that it may take unpacked.
    """

    to: str
    artifact: str = field(repr=False)
    sha256: str = ""
    strip: int = 0
    revision: str = ""
    timeout: float = 300.0
    max_size: int = MAX_SIZE


class ArtifactSource:
    """Satisfies :class:`rollout.ports.releases.Source` by a tarball and its checksum."""

    prepares = False
    warnings = ()

    def __init__(self, remote: Remote, in_thread: InThread, options: ArtifactOptions) -> None:
        self._remote = remote
        self._in_thread = in_thread
        self._options = options
        self._address = options.artifact if "://" in options.artifact else ""
        self._file = Path(options.artifact).expanduser()
        self._name = redact(options.artifact)
        self._sum = ""

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say which programs ``host`` lacks; with them, whether the artifact can be had there."""
        path = urlsplit(self._address).path if self._address else self._options.artifact
        unpacker = UNPACKERS.get(Path(path).suffix)
        tools = ["tar", "sha256sum", "timeout", *(["curl"] if self._address else [])]
        tools += [unpacker] if unpacker else []
        said = await self._remote.do(host, LOOK.text, *tools, timeout=LOOK_WITHIN)
        if found := findings(host, lacking(said), tools):
            return found
        try:
            await (self._reach(host) if self._address else self._read_here())
            if not self._options.sha256:
                self._sum_of(await self._beside(host))
        except (ReleaseError, SourceError) as error:
            where = host if self._address else BASTION
            return (Finding(where, error.what, error.fix),)
        return ()

    async def _read_here(self) -> None:
        options = self._options
        await self._in_thread(lambda: check_artifact(self._file, self._name, options.max_size))

    async def _reach(self, host: str) -> None:
        """Ask for the address on ``host`` as it will be fetched there, but for what it has."""
        self._check_address()
        timeout = min(LOOK_WITHIN, self._options.timeout)
        said = await self._remote.ask(
            host,
            scripts.ARTIFACT_HEAD.text,
            *(str(math.ceil(timeout)), str(self._options.max_size)),
            timeout=2 * timeout + LOOK_WITHIN,
            stdin=curl_config(self._address),
        )
        if said.status == scripts.TOO_LARGE:
            what = too_large(self._name, self._options.max_size)
            raise ReleaseError(host, what, RAISE_MAX_SIZE)
        if said.status != 0:
            why = telling_line(said.err, "no byte came")
            what = f"the artifact cannot be fetched: {self._name}: {why}"
            raise ReleaseError(host, what, "correct deploy.artifact, or let the host reach it")

    async def resolve(self, hosts: Sequence[str]) -> str:
        """Find out the checksum that is to be, and check the file here by it."""
        if self._address:
            self._check_address()
        self._sum = self._sum_of(self._options.sha256 or await self._beside(hosts[0]))
        if not self._address:
            with disk_trouble("the artifact cannot be read"):
                found = await self._in_thread(self._digest)
                size = self._file.stat().st_size
            if size > self._options.max_size:
                raise SourceError(too_large(self._name, self._options.max_size), RAISE_MAX_SIZE)
            if found != self._sum:
                raise SourceError(_other_sum(self._name, found, self._sum))
        return self._options.revision or f"sha256-{self._sum[:16]}"

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        """Resolve as ever: no host is changed by that."""
        revision = await self.resolve(hosts)
        return revision, await self.commits(hosts[0], live, revision)

    async def commits(self, host: str, live: str, revision: str) -> Commits:  # noqa: ARG002 - it has none
        return Commits(unknown="an artifact has no history")

    def _sum_of(self, said: str) -> str:
        found = said.strip().lower().partition(" ")[0]
        if not SHA256.fullmatch(found):
            fix = f"sha256sum {self._name}, and set deploy.sha256"
            raise SourceError(f"{said.strip()[:80]!r} is no sha256 of {self._name}", fix)
        return found

    async def prepare(self, release: Release) -> None:
        """Nothing: it was built elsewhere."""

    async def deliver(self, host: str, release: Release, before: str) -> None:  # noqa: ARG002 - all of it is sent
        """Bring it there, verify it there, unpack it."""
        options = self._options
        content: bytes | memoryview = curl_config(self._address)
        if not self._address:
            with disk_trouble("the artifact cannot be read"):
                content = await self._in_thread(lambda: as_memory(self._file))
        words = (options.to, release.name, release.revision, self._sum)
        limits = (str(options.strip), str(options.max_size))
        said = await self._remote.ask(
            host,
            scripts.ARTIFACT.text,
            *(*words, *limits, str(math.ceil(options.timeout)) if self._address else ""),
            timeout=options.timeout + UNPACKING,
            stdin=content,
            environ=release_environ(options.to, release.name),
        )
        if said.status != 0:
            raise self._trouble(host, said)

    def _trouble(self, host: str, said: CommandResult) -> ReleaseError:
        last = telling_line(said.err, f"exit {said.status}")
        match said.status:
            case scripts.OTHER_SUM:
                return ReleaseError(host, _other_sum(self._name, said.out.strip(), self._sum))
            case scripts.NOT_RECEIVED:
                return ReleaseError(host, f"{self._name} did not arrive: {last}")
            case scripts.LATE:
                late = spell_duration(self._options.timeout)
                return ReleaseError(host, f"{self._name} had not arrived after {late}")
            case scripts.NOT_ALLOWED:
                kind, _, entry = said.out.strip().partition(" ")
                what = f"{self._name} holds {KINDS.get(kind, 'an entry of an unknown kind')}"
                return ReleaseError(host, f"{what}: {entry!r}", "leave it out of the artifact")
            case scripts.TOO_LARGE:
                what = too_large(self._name, self._options.max_size)
                return ReleaseError(host, what, RAISE_MAX_SIZE)
            case scripts.NOT_UNPACKED:
                return ReleaseError(host, f"{self._name} cannot be unpacked: {last}")
            case _:
                return ReleaseError(host, last)

    def _check_address(self) -> None:
        odd = any(char.isspace() or not char.isprintable() for char in self._address)
        if odd or urlsplit(self._address).scheme not in {"http", "https"}:
            what = f"{self._name!r} is neither a file nor an http(s) address"
            raise SourceError(what, "correct deploy.artifact")

    async def _beside(self, host: str) -> str:
        """Read ``<artifact>.sha256``, where the artifact itself comes from."""
        fix = "set deploy.sha256"
        if not self._address:
            beside = self._file.with_name(f"{self._file.name}.sha256")
            try:
                return await self._in_thread(lambda: beside.read_text(errors="replace"))
            except OSError as error:
                what = f"no checksum of {self._name}: {beside}: {error.strerror}"
                raise SourceError(what, fix) from error
        parts = urlsplit(self._address)
        address = urlunsplit(parts._replace(path=f"{parts.path}.sha256"))
        timeout = min(LOOK_WITHIN, self._options.timeout)
        said = await self._remote.ask(
            host,
            scripts.CHECKSUM_FILE,
            str(math.ceil(timeout)),
            timeout=timeout + LOOK_WITHIN,
            stdin=curl_config(address),
        )
        if said.status != 0:
            why = telling_line(said.err, f"exit {said.status}")
            raise ReleaseError(host, f"no checksum: {redact(address)}: {why}", fix)
        return said.out

    def _digest(self) -> str:
        with self._file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _other_sum(name: str, found: str, wanted: str) -> str:
    return f"the sha256 of {name} is {found}, not {wanted}"

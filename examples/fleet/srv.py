"""Where the releases of one host stand, as Capistrano lays them out, seen from outside."""

import shutil
from pathlib import Path

FIRST = "20260101000000"
"""The release that a fleet is born with."""

NO_COMMIT = "0" * 40
SHARED = ("log", "public/system")


class Srv:
    """What the settings call ``deploy.to``, of one host."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.releases_directory = directory / "releases"
        self.shared = directory / "shared"
        self._current = directory / "current"

    def lay_out(self, files: Path | None = None, revision: str = NO_COMMIT) -> None:
        """Make the first release live, of ``files`` or of nothing, as Capistrano would."""
        for name in SHARED:
            (self.shared / name).mkdir(parents=True)
        self.add(FIRST, files, revision)
        self.point_to(FIRST)

    def add(self, name: str, files: Path | None, revision: str) -> None:
        """Put one more release beside the others, as Capistrano would; ``current`` stays."""
        where = self.releases_directory / name
        where.parent.mkdir(exist_ok=True)
        if files is None:
            where.mkdir()
        else:
            shutil.copytree(files, where, symlinks=True)
        (where / "REVISION").write_text(revision + "\n")
        for shared in SHARED:
            (where / shared).parent.mkdir(exist_ok=True)
            (where / shared).symlink_to(self.shared / shared)
        with (self.directory / "revisions.log").open("a") as log:
            log.write(f"Branch main (at {revision}) deployed as release {name} by deploy\n")

    def point_to(self, name: str) -> None:
        """Let ``current`` lead to the release ``name``, whatever it was."""
        fresh = self._current.with_suffix(".new")
        fresh.symlink_to(self.releases_directory / name)
        fresh.replace(self._current)

    @property
    def link(self) -> str:
        """The text of ``current``; empty where there is no such symlink."""
        return str(self._current.readlink()) if self._current.is_symlink() else ""

    @property
    def current(self) -> str:
        """The name of the release that ``current`` leads to; empty if it leads to none."""
        where = self._current.resolve()
        return where.name if where.is_dir() and where.parent == self._releases_resolved else ""

    @property
    def releases(self) -> list[str]:
        """The names of all releases, oldest first."""
        return sorted(path.name for path in self.releases_directory.iterdir())

    def revision(self, name: str) -> str:
        """What the release says it was made from; empty where it says nothing."""
        file = self.releases_directory / name / "REVISION"
        return file.read_text().strip() if file.exists() else ""

    def release_of(self, pid: int) -> str:
        """Name the release that a process works in; its directory if that is none of ours.

        Raises:
            OSError: it has ended.
        """
        where = Path(f"/proc/{pid}/cwd").readlink()
        return where.name if where.parent == self._releases_resolved else str(where)

    @property
    def _releases_resolved(self) -> Path:
        return self.releases_directory.resolve()

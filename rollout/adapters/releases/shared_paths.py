"""What a release that another tool deployed shares, held against the settings.

A site that is taken over would lose its uploads without a word if a directory that the live release
shares were forgotten in the settings, or stood elsewhere below ``shared/``: Capistrano 2 keeps
``public/system`` as ``shared/system``.
"""

import json
import posixpath
import shlex
from collections.abc import Iterator, Sequence

from rollout.adapters.releases.options import ReleaseOptions

Fact = tuple[str, str, str]


def unshared(facts: Sequence[Fact], options: ReleaseOptions) -> Iterator[tuple[str, str]]:
    """Say what the new release would not share as the live one does, each with its fix.

    Of releases that a rollout has marked nothing is said: there the settings have decided.
    """
    bases = [(base, live) for code, base, live in facts if code == "base"]
    if not bases:
        return
    base, live = bases[0]
    filled = {place for code, place, _ in facts if code == "shared-filled"}
    wanted = {*options.shared, *options.shared_files}
    for code, path, link in facts:
        if code not in {"links-directory", "links-file"}:
            continue
        place = _below(link, posixpath.join(live, posixpath.dirname(path)), base, options.to)
        if not place or any(f"{path}/".startswith(f"{one}/") for one in wanted - {path}):
            continue
        if path not in wanted:
            key = "shared" if code == "links-directory" else "shared_files"
            what = f"the live release shares {path}, and the next one would not: gone from the site"
            yield what, f"add {json.dumps(path, ensure_ascii=False)} to deploy.{key}"
        elif place != path and code == "links-directory" and path not in filled:
            yield _moved(path, place, options.to)


def _below(link: str, directory: str, base: str, to: str) -> str:
    """Return where below ``shared/`` a link leads; empty if it leads elsewhere."""
    target = posixpath.normpath(posixpath.join(directory, link))
    for shared in (base, f"{to}/shared"):
        if shared and target.startswith(f"{shared}/"):
            return target[len(shared) + 1 :]
    return ""


def _moved(path: str, place: str, to: str) -> tuple[str, str]:
    new, old = (shlex.quote(f"{to}/shared/{each}") for each in (path, place))
    above = shlex.quote(posixpath.dirname(f"{to}/shared/{path}"))
    what = (
        f"{path} of the live release leads to shared/{place}, that of the next one would lead to "
        f"shared/{path}, which is empty (Capistrano 2 left out the first part)"
    )
    return what, f"mkdir -p {above} && {{ rmdir {new} 2>/dev/null; ln -s {old} {new}; }}"

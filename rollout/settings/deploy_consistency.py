"""What each setting of ``[deploy]`` alone allows and two together do not."""

from collections.abc import Iterator

from rollout.settings.deploy_model import DeploySettings
from rollout.settings.toml_lines import KeyPath


def deploy_contradictions(said: DeploySettings) -> Iterator[tuple[KeyPath, str]]:
    """List what cannot hold together: the key to change, and why."""
    yield from _no_source(said)
    yield from _unverified(said)
    yield from _twice(said)
    yield from _nowhere(said)


def _unverified(said: DeploySettings) -> Iterator[tuple[KeyPath, str]]:
    """Find an artifact that could be another one on its way, with no checksum to tell."""
    by_http = said.artifact.text[:7].lower() == "http://"
    if said.strategy == "artifact" and by_http and not said.sha256:
        yield (
            ("deploy", "artifact"),
            "comes by http and can be replaced on the way: set deploy.sha256, or fetch by https",
        )


def _nowhere(said: DeploySettings) -> Iterator[tuple[KeyPath, str]]:
    why = f'"bastion" is for strategy = "push" alone: with "{said.strategy}" no code comes by here'
    for name, step in said.build.items():
        if step.where == "bastion" and said.strategy != "push":
            yield ("deploy", "build", name, "where"), why


def _no_source(said: DeploySettings) -> Iterator[tuple[KeyPath, str]]:
    repo, artifact = ("deploy", "repo"), ("deploy", "artifact")
    match said.strategy:
        case "git" if not said.repo:
            yield repo, 'is missing: with strategy = "git" the hosts fetch the code from it'
        case "push" if not said.repo and not said.tree:
            yield repo, 'is missing: strategy = "push" needs a repo or a tree on this machine'
        case "push" if said.repo and said.tree:
            yield ("deploy", "tree"), "a repo is set as well: which of the two is to be pushed?"
        case "artifact" if not said.artifact:
            yield artifact, 'is missing: strategy = "artifact" needs it, here or as --artifact'
        case _:
            return


def _twice(said: DeploySettings) -> Iterator[tuple[KeyPath, str]]:
    """Find what is shared twice, or inside something else that is."""
    keys: list[tuple[KeyPath, str]] = [
        (("deploy", key, index), path)
        for key, paths in (("shared", said.shared), ("shared_files", said.shared_files))
        for index, path in enumerate(paths)
    ]
    for number, (key, path) in enumerate(keys):
        for other_key, other in keys:
            if path.startswith(f"{other}/"):
                yield key, f"{path!r} is inside {other!r} of {other_key[1]}, which is shared whole"
        for other_key, other in keys[:number]:
            if path == other:
                yield key, f"{path!r} stands in {other_key[1]} already"

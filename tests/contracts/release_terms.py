"""What a fake and real disks must both keep about releases: the same assertions."""

from collections.abc import Callable

import pytest

from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import BuildStep, Release, ReleaseOnHost, ReleaseStatus
from rollout.ports.releases import Releases

GOOD, BAD = BuildStep("good", "true", timeout=20), BuildStep("bad", "false", timeout=20)


async def releases_keep_their_word(  # noqa: PLR0915 - one walk, in order
    releases: Releases, host: str, live: str, fill: Callable[[str, str], None]
) -> None:
    """Walk a release forward and back, twice each, beside one that is live.

    ``fill`` does what a source would: it puts code of a revision into a release.
    """

    async def found(name: str) -> ReleaseOnHost | None:
        return (await releases.look(host)).find(name)

    async def current() -> str:
        return (await releases.look(host)).current

    new = Release(str(int(live) + 1), "c0ffee")
    with pytest.raises(ReleaseError):
        await releases.build(host, new, GOOD)  # it was never begun
    await releases.discard(host, new)
    await releases.restore(host, new)
    assert await current() == live, "undoing what was never begun is no error"

    for _ in range(2):
        await releases.begin(host, new, fresh=True)
    fill(new.name, new.revision)
    begun = await found(new.name)
    assert begun is not None
    assert begun.unfinished
    assert await current() == live
    assert await releases.revision(host, new) == new.revision

    await releases.link_shared(host, new)
    await releases.build(host, new, GOOD)
    with pytest.raises(BuildFailed) as failed:
        await releases.build(host, new, BAD)
    assert failed.value.log

    for _ in range(2):
        await releases.switch(host, new)
        assert await current() == new.name
    for _ in range(2):
        await releases.restore(host, new)
        assert await current() == live
    with pytest.raises(ReleaseError):
        await releases.switch(host, new)  # it comes late, after its undo
    assert await current() == live
    await releases.begin(host, new, fresh=True)  # somebody goes on with it, on purpose
    await releases.switch(host, new)
    assert await current() == new.name
    await releases.restore(host, new)
    assert await current() == live
    for _ in range(2):
        await releases.discard(host, new)
        assert await found(new.name) is None

    newer = Release(str(int(live) + 2), "0ff1ce")
    await releases.begin(host, newer, fresh=True)
    assert await releases.tidy(host), "what a dead deploy left is taken back, and said"
    assert await found(newer.name) is None
    assert await releases.tidy(host) == ()

    await releases.begin(host, newer, fresh=True)
    fill(newer.name, newer.revision)
    await releases.switch(host, newer)
    await releases.settle(host, newer.name, ReleaseStatus.GOOD)
    settled = await found(newer.name)
    assert settled is not None
    assert (settled.mark, settled.unfinished) == (ReleaseStatus.GOOD, False)
    assert await releases.prune(host, [newer.name]) == (), "never the live one"

    await releases.begin(host, Release(live, ""), fresh=False)
    await releases.switch(host, Release(live, ""))
    await releases.discard(host, Release(live, ""))
    assert await found(live), "what was not made by the deploy is not removed by its undo"

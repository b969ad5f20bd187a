"""What ends with a container, by what the kernel says of the mounts in it."""

from pathlib import Path

import pytest

from rollout.adapters.local import container
from rollout.adapters.local.container import in_container, is_private, volume

STATE = Path("/srv/state/rollout")
SOCKET = Path("/srv/haproxy/admin.sock")
OVERLAY = "600 500 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c"
ON_A_DISK = "26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw"
DIRECTORY = "600 500 254:0 /var/lib/containers/storage/vfs/dir/ab12 / rw - ext4 /dev/vda rw"
PROC = "601 600 0:61 / /proc rw,nosuid - proc proc rw"
BOUND = "610 600 254:0 /srv/state /srv/state rw - ext4 /dev/vda rw"
HAPROXY = "611 600 0:24 /haproxy /srv/haproxy rw - tmpfs tmpfs rw"
NAMED = "612 600 254:0 /var/lib/docker/volumes/state/_data /srv/state rw - ext4 /dev/vda rw"
UNNAMED = NAMED.replace("/state/_data", f"/{'0a' * 32}/_data")
FRESH = "613 600 0:62 / /srv/state rw - tmpfs tmpfs rw,size=65536k"
BLANK = r"614 600 254:0 /srv/a\040b /srv/a\040b rw - ext4 /dev/vda rw"


class Kernel:
    """What this process finds out about itself."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._mounts = directory / "mountinfo"
        self._marker = directory / "marker"
        self._namespace = directory / "pid"
        monkeypatch.setattr(container, "MOUNTS", self._mounts)
        monkeypatch.setattr(container, "MARKERS", (self._marker,))
        monkeypatch.setattr(container, "PID_NAMESPACE", self._namespace)

    def says(self, *mounts: str, marker: bool = False, namespace: str = "") -> None:
        self._mounts.write_text("\n".join(mounts) + "\n")
        if marker:
            self._marker.touch()
        self._namespace.symlink_to(namespace or container.OF_THE_MACHINE)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("root", "marker", "namespace", "contained"),
    [
        (OVERLAY, True, "pid:[4026532301]", True),  # docker, podman
        (OVERLAY, True, "", True),  # with --pid=host
        (OVERLAY, False, "pid:[4026532301]", True),  # containerd makes no marker
        (OVERLAY.replace("- overlay", "- fuse.fuse-overlayfs"), True, "", True),
        (DIRECTORY, True, "pid:[4026532301]", True),  # podman with its driver vfs
        (OVERLAY, False, "", False),  # a live system
        (ON_A_DISK, True, "", False),  # a virtual machine made of an image
        (ON_A_DISK, True, "pid:[4026532301]", False),  # the same, in `unshare --pid`
        (ON_A_DISK, False, "pid:[4026532301]", False),  # a system container on a disk
        (DIRECTORY, False, "pid:[4026532301]", False),  # the same in a directory, or a subvolume
        (ON_A_DISK, False, "", False),
    ],
)  # fmt: skip
def test_a_container_is_known_by_its_root_and_one_more_sign(
    kernel: Kernel, root: str, namespace: str, *, marker: bool, contained: bool
) -> None:
    kernel.says(PROC, root, marker=marker, namespace=namespace)
    assert in_container() is contained
    assert is_private(STATE) is contained


@pytest.mark.parametrize(
    ("mounts", "private"),
    [
        ([], True),
        ([BOUND], False),
        ([NAMED], False),
        ([UNNAMED], True),
        ([FRESH], True),
        ([FRESH, BOUND], False),  # the later one covers the earlier one
        ([BOUND, FRESH], True),
        ([HAPROXY], True),
    ],
)
def test_a_volume_is_kept_and_all_else_ends_with_the_container(
    kernel: Kernel, mounts: list[str], *, private: bool
) -> None:
    kernel.says(OVERLAY, PROC, *mounts, marker=True)
    assert is_private(STATE) is private


def test_beside_a_haproxy_of_the_same_container_nothing_is_lost(kernel: Kernel) -> None:
    kernel.says(OVERLAY, marker=True)
    assert not is_private(STATE, [SOCKET])
    assert is_private(STATE, [SOCKET, Path("127.0.0.1:9999")]), "no path: nobody knows where it is"


def test_a_haproxy_outside_does_not_keep_what_is_inside(kernel: Kernel) -> None:
    kernel.says(OVERLAY, HAPROXY, marker=True)
    assert is_private(STATE, [SOCKET])
    assert is_private(STATE, [SOCKET, Path("/srv/own.sock")])


def test_a_mount_point_with_a_blank_is_found(kernel: Kernel) -> None:
    kernel.says(OVERLAY, BLANK, marker=True)
    assert not is_private(Path("/srv/a b/c"))
    assert is_private(Path("/srv/a"))


def test_where_the_kernel_tells_nothing_nothing_is_private(kernel: Kernel) -> None:
    assert not in_container()
    kernel.says("", "not a mount", marker=True)
    assert not is_private(STATE)


def test_the_volume_to_type_is_quoted_and_leads_into_the_home_of_who_types_it() -> None:
    assert volume(Path("/var/lib/rollout")) == "-v /var/lib/rollout:/var/lib/rollout"
    assert volume(Path("/srv/a b")) == "-v '/srv/a b:/srv/a b'"
    home = Path("/var/home/alice/.local/state/rollout")
    assert volume(home) == f'-v "$HOME/.local/state/rollout":{home}'

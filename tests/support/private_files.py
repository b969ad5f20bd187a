"""Mounts that only one program sees, for as long as it runs; only root can make them."""

from pathlib import Path


def in_private(mounts: str, *namespaces: str) -> list[str]:
    """Return words before a command: it runs where ``mounts``, a shell command, was done.

    No other process sees the mounts, and the kernel undoes them when the command has ended.
    ``namespaces`` are further options of ``unshare``, such as ``--pid --fork``.
    """
    script = f'{mounts} || exit 99; exec "$@"'
    return ["unshare", "--mount", *namespaces, "sh", "-c", script, "sh"]


def machine_id_is(content: str | None) -> str:
    """Return the shell command that puts ``content`` into ``/etc/machine-id``; None removes it.

    A file that is mounted cannot be absent, so ``/etc`` is copied.
    """
    write = "true" if content is None else f"printf %s '{content}' >/mnt/machine-id"
    steps = ("mount -t tmpfs -o mode=755 tmpfs /mnt", "cp -a /etc/. /mnt", "rm -f /mnt/machine-id")
    return " && ".join((*steps, write, "mount --move /mnt /etc"))


def as_in_container(*volumes: Path, image: Path = Path("/")) -> list[str]:
    """Return words before a command: it runs as a container engine would start it.

    Its root is an overlay over ``image``; what it writes ends with it.  It has pids and a host name
    of its own, and of the machine ``/dev`` and ``volumes``.
    """
    root = "/mnt/root"
    layers = f"lowerdir={image},upperdir=/mnt/upper,workdir=/mnt/work"
    steps = [
        "mount -t tmpfs -o mode=755 tmpfs /mnt",
        f"mkdir /mnt/upper /mnt/work {root}",
        f"mount -t overlay -o {layers} overlay {root}",
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        "hostname $(head -c 6 /proc/sys/kernel/random/uuid)",
        f"mkdir -p {root}/run",
        f"touch {root}/run/.containerenv",
        *(f"mkdir -p {root}{place} && mount --bind {place} {root}{place}" for place in volumes),
    ]
    own = ("--pid", "--fork", "--kill-child", "--uts")
    return [*in_private(" && ".join(steps), *own), "chroot", root]

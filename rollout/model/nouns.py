"""What targets are called when they are counted: hosts, or instances that go out by themselves."""

from collections.abc import Collection


def counted(count: int, targets: Collection[str]) -> str:
    """Spell ``count`` with the noun for ``targets``: ``1 host``, ``3 hosts``, ``4 instances``.

    An instance that is a target of its own is named ``host/instance``.
    """
    noun = "instance" if any("/" in name for name in targets) else "host"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

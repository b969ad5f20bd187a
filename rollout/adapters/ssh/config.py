"""How to reach a host, as ``ssh -G`` says it: OpenSSH's own reading of the operator's files.

Paramiko's reader knows no ``Include`` and gets users and ports wrong; asking ssh costs 5 ms a
host.  ``ssh -G`` never connects, but it does run ``Match exec``.
"""

import re
import shlex

from rollout.adapters.local.program import TooSlow, run_program
from rollout.adapters.ssh.config_parser import read_answer
from rollout.adapters.ssh.errors import NotConfigured
from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions, config_file

ANSWER_WITHIN = 10.0
"""Seconds for ``ssh -G``; only a ``Match exec`` can make it slow."""


def resolve(name: str, options: SshOptions) -> ResolvedHost:
    """Ask ssh how it would reach ``name``.

    Raises:
        NotConfigured: ``name`` is not a host name, ssh is missing, or it rejects its files.
    """
    return read_answer(name, _ask(name, options), options)


def _ask(name: str, options: SshOptions) -> str:
    if not name or name.startswith("-") or any(c.isspace() or not c.isprintable() for c in name):
        raise NotConfigured(name or "ssh", f"{name!r} is not a host name")
    command = ["ssh", "-G", *options.words]
    try:
        answer = run_program([*command, "--", name], timeout=ANSWER_WITHIN)
    except FileNotFoundError:
        raise NotConfigured(
            name, "the ssh client is not installed here", "apt install openssh-client"
        ) from None
    except OSError as error:
        raise NotConfigured(name, f"ssh -G cannot be run: {error.strerror}", "ulimit -a") from error
    except TooSlow:
        raise NotConfigured(
            name,
            f"ssh -G gave no answer within {ANSWER_WITHIN:g}s",
            f"look for Match exec in {config_file(options)}",
        ) from None
    if answer.status != 0:
        said = [line for line in answer.err.splitlines() if "Pseudo-terminal" not in line]
        raise NotConfigured(
            name,
            f"ssh does not accept its configuration: {'; '.join(said) or answer.status}",
            _fix(answer.err) or shlex.join([*command, "--", name]),
        )
    return answer.out


def _fix(errors: str) -> str:
    """Say how to make a file of ssh's one's own, where ssh on this machine refuses another's."""
    found = re.search(r"^Bad owner or permissions on (/.+?)\s*$", errors, re.MULTILINE)
    if found is None:
        return ""
    file = shlex.quote(found[1])
    return f'sudo chown "$(id -un)" {file} && chmod go-w {file}'

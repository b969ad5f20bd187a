"""The same question asked by the host itself, for where sshd forbids forwarding."""

import math
import shlex

from rollout.adapters.probe.request import Question, bracketed

CURL_FAILED = {
    6: "the name does not resolve",
    7: "nothing listens",
    35: "no TLS there",
    18: "cut short",
    28: "no whole answer in time",
    52: "it closed without an answer",
    56: "it broke off",
}
NO_TOOL = 127
CANNOT_ASK = "cannot ask: sshd forbids forwarding"


def http_script(question: Question, name: str, timeout: float) -> str:
    """Ask with curl, free of the account's own settings and of proxies; prints the status.

    ``name`` is the ``Host`` header, if any; over TLS it is the server's name as well, for which
    curl must be told the address apart from it.
    """
    words = ["-q", "-g", "-k", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"]
    words += ["-m", f"{timeout:g}"]
    url = question.url
    if question.socket:
        url = f"http://localhost{question.path}"
        words += ["--unix-socket", question.socket]
    if name:
        words += ["-H", f"Host: {name}"]
    if name and question.tls:
        plain = name.rpartition(":")[0] if name.count(":") == 1 else name
        url = f"https://{plain}:{question.port}{question.path}"
        words += ["--connect-to", f"::{bracketed(question.address)}:{question.port}"]
    return f"command -v curl >/dev/null || exit {NO_TOOL}; curl {shlex.join([*words, url])}"


def http_answer(status: int | None, out: str, err: str) -> tuple[bool, str]:
    """Read what ``http_script`` gave back."""
    if status == NO_TOOL:
        return False, f"{CANNOT_ASK}, and the host has no curl"
    if status:
        return False, CURL_FAILED.get(status, err.strip() or f"curl failed with {status}")
    code = out.strip()
    return code.isdecimal() and 200 <= int(code) < 400, code or "curl said nothing"  # noqa: PLR2004 - as ask_http


def connect_script(question: Question, timeout: float) -> str:
    """Connect with bash, else with nc; to a UNIX socket with socat, else with nc."""
    seconds = math.ceil(timeout)
    if question.socket:
        there = shlex.quote(f"UNIX-CONNECT:{question.socket}")
        return (
            f"if command -v socat >/dev/null; then timeout {timeout:g} socat -u /dev/null {there}; "
            f"elif command -v nc >/dev/null; then nc -z -U {shlex.quote(question.socket)}; "
            f"else exit {NO_TOOL}; fi"
        )
    address, port = question.address, question.port
    connect = shlex.quote(f"exec 3<>/dev/tcp/{address}/{port}")
    return (
        f"if command -v bash >/dev/null; then timeout {timeout:g} bash -c {connect}; "
        f"elif command -v nc >/dev/null; then nc -z -w {seconds} {shlex.quote(address)} {port}; "
        f"else exit {NO_TOOL}; fi"
    )


def connect_answer(status: int | None, err: str) -> tuple[bool, str]:
    """Read what ``connect_script`` gave back."""
    if status == NO_TOOL:
        return False, f"{CANNOT_ASK}, and the host has no bash, socat or nc"
    if status == 0:
        return True, "connected"
    if status == 124:  # noqa: PLR2004 - what timeout(1) says
        return False, "no connection in time"
    return False, "nothing listens" if "refused" in err or not err else err.strip().splitlines()[-1]

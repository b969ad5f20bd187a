"""The same question asked by the host itself, for where sshd forbids forwarding."""

import math
import shlex

CURL_FAILED = {
    6: "the name does not resolve",
    7: "nothing listens",
    18: "cut short",
    28: "no whole answer in time",
    52: "it closed without an answer",
    56: "it broke off",
}
NO_TOOL = 127


def http_script(url: str, within: float) -> str:
    """Ask with curl, free of the account's own settings and of proxies; prints the status."""
    return (
        f"command -v curl >/dev/null || exit {NO_TOOL}; "
        f"curl -q -g -sS --noproxy '*' -o /dev/null -w '%{{http_code}}' "
        f"-m {within:g} {shlex.quote(url)}"
    )


def http_answer(status: int | None, out: str, err: str) -> tuple[bool, str]:
    """Read what ``http_script`` gave back."""
    if status == NO_TOOL:
        return False, "cannot ask: sshd forbids forwarding, and the host has no curl"
    if status:
        return False, CURL_FAILED.get(status, err.strip() or f"curl failed with {status}")
    code = out.strip()
    return code.isdecimal() and 200 <= int(code) < 400, code or "curl said nothing"  # noqa: PLR2004 - as ask_http


def tcp_script(address: str, port: int, within: float) -> str:
    """Connect with bash, else with nc."""
    seconds = math.ceil(within)
    connect = shlex.quote(f"exec 3<>/dev/tcp/{address}/{port}")
    return (
        f"if command -v bash >/dev/null; then timeout {within:g} bash -c {connect}; "
        f"elif command -v nc >/dev/null; then nc -z -w {seconds} {shlex.quote(address)} {port}; "
        f"else exit {NO_TOOL}; fi"
    )


def tcp_answer(status: int | None, err: str) -> tuple[bool, str]:
    """Read what ``tcp_script`` gave back."""
    if status == NO_TOOL:
        return False, "cannot ask: sshd forbids forwarding, and the host has neither bash nor nc"
    if status == 0:
        return True, "connected"
    if status == 124:  # noqa: PLR2004 - what timeout(1) says
        return False, "no connection in time"
    return False, "nothing listens" if "refused" in err or not err else err.strip().splitlines()[-1]

"""How a host downloads: what curl is told by its input, and by arguments only what is no secret.

Every user of a host may read the arguments of every process there.
"""

from urllib.parse import urlsplit


def curl_config(address: str) -> bytes:
    """Write the lines that ``curl --config -`` reads.

    From an https address no redirect leads to http.  Source: curl(1), ``-K, --config``.
    """
    quoted = address.replace("\\", "\\\\").replace('"', '\\"')
    allowed = "=https" if urlsplit(address).scheme == "https" else "=http,https"
    lines = (f'url = "{quoted}"', f'proto = "{allowed}"', f'proto-redir = "{allowed}"')
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")

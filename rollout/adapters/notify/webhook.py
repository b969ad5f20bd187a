"""Posts a notice to an address, once; the address is a secret and stands in no message."""

import http.client
import urllib.error
import urllib.request
from http import HTTPStatus
from urllib.parse import urlsplit

from rollout import __version__

HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
)
"""Those of urllib's own, without files, ftp and redirects."""

MOST = 1 << 16
"""Bytes of an answer that are read."""


def post(address: str, body: str, timeout: float) -> str:
    """Post ``body``, a JSON object, and return what went wrong; empty if it was taken.

    The certificate of an https address is verified, the proxies of the environment are used, and a
    redirect is not followed: a POST would be another request there.  A call to the name service and
    each read have ``timeout`` seconds; a caller that waits for the whole has
    a clock of its own.
    """
    request = urllib.request.Request(  # noqa: S310 - the settings let http and https through
        address,
        data=body.encode(),
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"rollout/{__version__}",
        },
        method="POST",
    )
    opener = urllib.request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    host = urlsplit(address).hostname or ""
    try:
        with opener.open(request, timeout=timeout) as answer:
            answer.read(MOST)
    except urllib.error.HTTPError as error:
        with error:
            return f"{host} answered {error.code} {_phrase(error.code)}".rstrip()
    except urllib.error.URLError as error:
        return f"{host}: {_why(error.reason)}"
    except OSError as error:
        return f"{host}: {_why(error)}"
    except (http.client.HTTPException, ValueError) as error:  # their words may repeat the address
        return f"{host} did not answer by HTTP ({type(error).__name__})"
    return ""


def _why(reason: str | BaseException) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError):
        return reason.strerror or type(reason).__name__
    return str(reason) if isinstance(reason, str) else type(reason).__name__


def _phrase(code: int) -> str:
    return HTTPStatus(code).phrase if code in {*HTTPStatus} else ""

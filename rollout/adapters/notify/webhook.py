"""Posts a notice to an address, once; the address is a secret and stands in no message."""

import http.client
import urllib.error
import urllib.request
from email.message import Message
from http import HTTPStatus
from typing import IO
from urllib.parse import urlsplit

from rollout import __version__

MOST = 1 << 16
"""Bytes of an answer that are read."""


def post(address: str, body: str, timeout: float) -> str:
    """Post ``body``, a JSON object, and return what went wrong; empty if it was taken.

    The certificate of an https address is verified, the proxies of the environment are used, and a
    redirect is not followed: a POST would be another request there.  A call to the name service and
    each read have ``timeout`` seconds; who waits for the whole must have a clock of its own.
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
    opener = urllib.request.build_opener(_NoRedirect())
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


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        del req, fp, code, msg, headers, newurl

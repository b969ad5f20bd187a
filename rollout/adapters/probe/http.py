"""One HTTP question over a stream that is already open, with one deadline for the whole of it."""

import io
import time
from http.client import HTTPException, HTTPResponse
from typing import Protocol

FINE = range(200, 400)
READ_AT_MOST = 64 * 1024


class Stream(Protocol):
    """The part of a socket that one question needs."""

    def sendall(self, data: bytes, /) -> object: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float, /) -> object: ...
    def close(self) -> object: ...


class _Incoming(io.RawIOBase):
    """A stream as a file whose every read ends at the one deadline.

    A timeout per read would let a server that drips a byte a second keep us for ever.
    """

    def __init__(self, stream: Stream, deadline: float) -> None:
        super().__init__()
        self._stream = stream
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what BufferedReader gives
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)
        data = self._stream.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Answering:
    """What HTTPResponse wants of a socket."""

    def __init__(self, incoming: _Incoming) -> None:
        self._incoming = incoming

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._incoming)


def ask_http(stream: Stream, authority: str, path: str, *, timeout: float) -> tuple[bool, str]:
    """Ask ``GET path`` once: whether the answer was fine (200 to 399, and whole), and what it was.

    Redirects are an answer, not followed.  At most 64 KiB of the body are read; the rest is
    not worth a probe.  The stream is left open.
    """
    deadline = time.monotonic() + timeout
    question = (
        f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: rollout\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    try:
        stream.settimeout(timeout)
        stream.sendall(question.encode("ascii"))
        response = HTTPResponse(_Answering(_Incoming(stream, deadline)), method="GET")  # type: ignore[arg-type] # makefile is all it uses
        response.begin()
        body = response.read(READ_AT_MOST)
    except TimeoutError:
        return False, f"no whole answer within {timeout:g}s"
    except (HTTPException, OSError, UnicodeError) as error:
        return False, f"no HTTP answer: {error or type(error).__name__}"
    said = f"{response.status} {response.reason}".strip()
    if response.length and len(body) < READ_AT_MOST:
        return False, f"{said}, cut short"
    return response.status in FINE, said

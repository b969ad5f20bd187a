"""A web server on loopback that wants a login, and another user who reads every process list."""

import base64
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STRANGER = 4001
WITHIN = 10.0
ROUNDS = 2
"""So many complete looks at all processes fall into one request."""

LOOK = "while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; echo @round; done"


class Stranger:
    """A process of another user that reads ``/proc/PID/cmdline`` and ``environ`` of all others."""

    def __init__(self, seen: Path) -> None:
        self._seen = seen

    @property
    def rounds(self) -> int:
        return self._seen.read_bytes().count(b"@round")

    def looks(self) -> None:
        """Return when it has looked ``ROUNDS`` times from beginning to end."""
        wanted, deadline = self.rounds + ROUNDS + 1, time.monotonic() + WITHIN
        while self.rounds < wanted:
            assert time.monotonic() < deadline, "the other user does not look"
            time.sleep(0.01)

    def saw(self, word: str) -> bool:
        return word.encode() in self._seen.read_bytes()


@contextmanager
def stranger() -> Iterator[Stranger]:
    with tempfile.NamedTemporaryFile() as seen:
        words = ["sh", "-c", LOOK]
        process = subprocess.Popen(
            words, stdout=seen, user=STRANGER, group=STRANGER, extra_groups=[], env={}, cwd="/"
        )
        try:
            yield Stranger(Path(seen.name))
        finally:
            process.kill()
            process.wait(WITHIN)


class Web:
    """Files of ``directory``; each answer waits until ``before`` returns."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.login = ""
        self.asked: list[str] = []
        self.logins: list[str] = []
        self.redirects: dict[str, str] = {}
        self.address = ""
        self.observer: Stranger | None = None
        self.endless: set[str] = set()
        self.only_get = False

    def at(self, login: str = "") -> str:
        scheme, _, place = self.address.partition("://")
        return f"{scheme}://{login}@{place}" if login else self.address


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, web: Web, *words: object) -> None:
        self.web = web
        super().__init__(*words, directory=str(web.directory))  # type: ignore[arg-type]  # what the server gives

    def do_HEAD(self) -> None:
        if self.web.only_get:
            self.send_error(403)
        else:
            super().do_HEAD()

    def do_GET(self) -> None:
        web = self.web
        web.asked.append(self.path)
        if web.observer is not None:
            web.observer.looks()
        if said := self.headers["Authorization"]:
            web.logins.append(base64.b64decode(said.removeprefix("Basic ")).decode())
        wanted = base64.b64encode(web.login.encode()).decode()
        if web.login and self.headers["Authorization"] != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="shop"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif to := web.redirects.get(self.path):
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()
        elif self.path in web.endless:
            self._never_end()
        else:
            super().do_GET()

    def _never_end(self) -> None:
        """Send without saying how much it will be, until the other side has enough."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(4096):
                self.wfile.write(bytes(1 << 16))
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(directory: Path, certificate: Path | None = None) -> Iterator[Web]:
    """Serve ``directory`` by http, or by https with the key and certificate of a file."""
    web = Web(directory)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, web)) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        web.address = f"{scheme}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield web
        server.shutdown()
        thread.join()


def make_certificate(file: Path) -> Path:
    """Make a key and a certificate for 127.0.0.1 that vouches for itself."""
    openssl = shutil.which("openssl") or "openssl"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    parts = [file.with_suffix(".key"), file.with_suffix(".crt")]
    subprocess.run(
        [openssl, *words, "-keyout", str(parts[0]), "-out", str(parts[1])],
        check=True,
        capture_output=True,
    )
    file.write_text("".join(part.read_text() for part in parts))
    return file

"""A host's own word to HAProxy (``agent-check``): whatever stands in a file, to whoever asks."""

import socketserver
import sys
from pathlib import Path


class Words(socketserver.BaseRequestHandler):
    """Says the words once and hangs up, as the agent protocol wants it."""

    file: Path

    def handle(self) -> None:
        self.request.sendall(self.file.read_bytes())


class Server(socketserver.ThreadingTCPServer):
    """Listens again at once after a restart."""

    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    address, port, Words.file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    Server((address, port), Words).serve_forever()


if __name__ == "__main__":
    main()

"""Output that cannot fill the memory: its beginning and its end are kept."""


class Bounded:
    """Bytes of one stream, at most ``limit`` of them; what is left out is the middle."""

    def __init__(self, limit: int) -> None:
        self._room = max(1, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    def add(self, data: bytes) -> None:
        self._seen += len(data)
        fits = self._room - len(self._head)
        if fits > 0:
            self._head += data[:fits]
            data = data[fits:]
        self._tail += data
        if len(self._tail) > 2 * self._room:  # cut seldom: each cut copies the whole tail
            del self._tail[: -self._room]

    @property
    def left_out(self) -> int:
        return max(0, self._seen - 2 * self._room)

    def text(self) -> str:
        """Decode as UTF-8, with a line in place of what was left out."""
        gap = f"\n[... {self.left_out} bytes left out ...]\n".encode() if self.left_out else b""
        return (self._head + gap + self._tail[-self._room :]).decode(errors="replace")

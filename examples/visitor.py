"""A visitor who notices everything: steady traffic, and an account of every failure.

Run as ``python examples/visitor.py [--prefix NAME]... URL...``.  For each URL nine clients make
requests, quick and slow, GET and POST, on new and on kept connections, sticky (they return the
``SRV`` cookie) and not.  A line ``ready`` says that all of them have been served.  On SIGTERM,
or when standard input closes, what is in flight is finished and the account is printed as JSON.

A request failed if it could not connect, if its answer was anything but a whole 200, if a POST
came back changed, or if it took longer than ten seconds.

One thing is no failure, because it happens on every healthy site and browsers hide it: the
server may close a kept connection that is idle.  Found closed before the request was sent, it
is opened anew and nothing is counted.  If the two cross on the way (the connection had been
used before, and is closed without one byte of an answer within 0.1 s of a GET), the request is
repeated once on a new connection and counted in ``reconnects``.  HAProxy answers so too when it
loses a server in mid-request; hence the 0.1 s, and hence whoever expects neither idle timeouts
nor reloads should expect ``reconnects`` to be 0.  A POST is never repeated (RFC 9110, 9.2.2).
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 10.0
CROSSED = 0.1


class Failed(Exception):
    """This request was not served; the message says why."""


class Silent(Failed):
    """The connection was closed without one byte of an answer."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How one client behaves; ``unhurried`` clients pause for so long that connections idle."""

    what: str
    kept: bool
    sticky: bool
    unhurried: bool = False

    def __str__(self) -> str:
        words = [self.what, "kept" if self.kept else "new", "sticky" if self.sticky else "free"]
        return " ".join(words + ["unhurried"] * self.unhurried)


HABITS = (
    Habit("quick", kept=False, sticky=False),
    Habit("quick", kept=False, sticky=True),
    Habit("quick", kept=True, sticky=False),
    Habit("quick", kept=True, sticky=True),
    Habit("quick", kept=True, sticky=True, unhurried=True),
    Habit("slow", kept=True, sticky=True),
    Habit("slow", kept=False, sticky=False),
    Habit("post", kept=True, sticky=True),
    Habit("post", kept=False, sticky=False),
)


@dataclass
class Account:
    """What happened; times are Unix seconds, durations seconds."""

    requests: int = 0
    reconnects: int = 0
    slowest: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    served_by: Counter[str] = field(default_factory=Counter)
    releases: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: list[dict[str, object]] = field(default_factory=list)

    def served(self, instance: str, release: str) -> None:
        """Count a whole answer; ``first`` and ``last`` tell when a release was seen."""
        now = time.time()
        self.served_by[instance] += 1
        seen = self.releases.setdefault(release, {"answers": 0, "first": now})
        seen["answers"] += 1
        seen["last"] = now


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection, and whether it has carried an answer before."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool


class Client:
    """One client with one habit; it asks again and again until ``over`` is set."""

    def __init__(self, habit: Habit, url: str, prefix: str, account: Account) -> None:
        self.habit = habit
        self.url = urlsplit(url)
        self.prefix = prefix
        self.account = account
        self.kind = f"{habit}{' ' + prefix if prefix else ''} {self.url.netloc}"
        self.served = asyncio.Event()
        self._cookie = ""
        self._wire: Wire | None = None

    async def live(self, pace: float, over: asyncio.Event) -> None:
        pause = pace * (15 if self.habit.unhurried else 1)
        await asyncio.sleep(random.uniform(0, pace))
        while not over.is_set():
            await self._once()
            try:
                await asyncio.wait_for(over.wait(), random.uniform(0.5, 1.5) * pause)
            except TimeoutError:
                continue
        self._hang_up()

    async def _once(self) -> None:
        start, at = time.monotonic(), time.time()
        self.account.requests += 1
        self.account.kinds[self.kind] += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._request()
            self.served.set()
        except (OSError, TimeoutError, Failed) as error:
            self._hang_up()
            reason = str(error) or type(error).__name__
            self.account.failures.append({"at": at, "kind": self.kind, "reason": reason})
        self.account.slowest = max(self.account.slowest, time.monotonic() - start)

    async def _request(self) -> None:
        head, body = self._words()
        wire = await self._connected()
        sent = time.monotonic()
        try:
            await self._ask(wire, head, body)
        except Silent:
            self._hang_up()
            crossed = wire.used and time.monotonic() - sent < CROSSED
            if not crossed or self.habit.what == "post":
                raise
            self.account.reconnects += 1
            await self._ask(await self._connected(), head, body)

    def _words(self) -> tuple[bytes, bytes]:
        body = b""
        match self.habit.what:
            case "slow":
                method, path = "GET", f"slow?ms={random.randint(200, 2000)}"
            case "post":
                method, path, body = "POST", "echo", random.randbytes(random.randint(1, 4000))
            case _:
                method, path = "GET", "quick"
        lines = [f"{method} {self.prefix}/{path} HTTP/1.1", f"Host: {self.url.netloc}"]
        lines.append(f"Connection: {'keep-alive' if self.habit.kept else 'close'}")
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if self._cookie:
            lines.append(f"Cookie: {self._cookie}")
        return "\r\n".join([*lines, "", ""]).encode(), body

    async def _connected(self) -> Wire:
        if (wire := self._wire) and not wire.reader.at_eof():
            return wire
        self._hang_up()
        reader, writer = await asyncio.open_connection(self.url.hostname, self.url.port)
        self._wire = Wire(reader, writer, used=False)
        return self._wire

    async def _ask(self, wire: Wire, head: bytes, body: bytes) -> None:
        try:
            wire.writer.write(head + body)
            await wire.writer.drain()
            first = await wire.reader.readline()
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Silent(f"cut before an answer ({error})") from error
        if not first:
            raise Silent("closed before an answer")
        status, headers, answer = await self._answer(wire.reader, first)
        if status != "200":
            raise Failed(f"answered {status}")
        if body and answer != body:
            raise Failed("the answer is not what was sent")
        self.account.served(headers.get("x-instance", "?"), headers.get("x-release", "?"))
        if self.habit.sticky and "set-cookie" in headers:
            self._cookie = headers["set-cookie"].partition(";")[0]
        if self.habit.kept and headers.get("connection", "").lower() != "close":
            self._wire = Wire(wire.reader, wire.writer, used=True)
        else:
            self._hang_up()

    async def _answer(
        self, reader: asyncio.StreamReader, first: bytes
    ) -> tuple[str, dict[str, str], bytes]:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = [line.partition(":") for line in head.split("\r\n") if line]
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await self._body(reader, headers)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Failed(f"cut in the middle of {first!r}") from error
        return first.decode("latin-1").split()[1], headers, body

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await reader.readexactly(int(headers["content-length"]))
        return await reader.read()  # HAProxy's own error pages end with the connection

    def _hang_up(self) -> None:
        if self._wire:
            self._wire.writer.close()
            self._wire = None


def clients(urls: list[str], prefixes: list[str], account: Account) -> Iterator[Client]:
    """Yield nine clients for each URL; with further backends they take turns among them."""
    turns = ["", *(f"/{prefix}" for prefix in prefixes)]
    for url in urls:
        for turn in turns:
            for habit in HABITS:
                yield Client(habit, url, turn, account)


async def say_ready(everybody: list[Client]) -> None:
    for client in everybody:
        await client.served.wait()
    print("ready", flush=True)


async def visit(urls: list[str], prefixes: list[str], pace: float) -> Account:
    """Visit until told to stop; return the account."""
    account, over = Account(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C is for whoever started us
    loop.add_reader(sys.stdin.fileno(), over.set)
    everybody = list(clients(urls, prefixes, account))
    async with asyncio.TaskGroup() as group:
        for client in everybody:
            group.create_task(client.live(pace, over))
        greeting = group.create_task(say_ready(everybody))
        await over.wait()
        greeting.cancel()
        loop.remove_reader(sys.stdin.fileno())
    return account


def main() -> None:
    parser = argparse.ArgumentParser(description="Steady traffic, and an account of failures.")
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--prefix", action="append", default=[], help="another backend")
    parser.add_argument("--pace", type=float, default=0.15, help="mean pause of a client, seconds")
    said = parser.parse_args()
    account = asyncio.run(visit(said.urls, said.prefix, said.pace))
    print(json.dumps(vars(account)))


if __name__ == "__main__":
    main()

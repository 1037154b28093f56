"""The product served as in production, its clients, and a proxy between them that loses answers."""

import http.client
import json
import os
import random
import signal
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import Popen
from threading import Lock, Thread
from typing import Any

from tests import factories
from tests.faults.killing import kill
from tests.faults.places import Place
from tests.faults.servers import children

REGISTER = """mutation ($input: RegisterBatteriesInput!) { registerBatteries(input: $input) {
  batteries { id code stage massKg holder { code } } replayed errors { code path } } }"""
RECEIVE = """mutation ($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
  items { battery { id code stage holder { code } } outcome warnings { code } } errors { code path } } }"""
Answer = dict[str, Any]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Service:
    """The product served by granian, as docs/operations.md says, with two workers."""

    place: Place
    port: int = field(default_factory=free_port)
    process: "Popen[str]" = field(init=False)

    def start(self) -> None:
        served = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        workers = ["--workers", "2", "--blocking-threads", "2", "--respawn-failed-workers", "--log-level", "error"]
        log = self.place.folder / "served"
        with log.open("a") as said:
            self.process = self.place.start(
                *served, *workers, "traceability.wsgi:application", stdout=said, stderr=said
            )
        until = time.monotonic() + 60
        while not self.is_healthy():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)

    def is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def workers(self) -> list[int]:
        return children(self.process.pid)

    def kill_worker(self, chance: random.Random) -> bool:
        """`kill -9` of one worker, if any runs."""
        found = self.workers
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)
        return True

    def start_again(self) -> int:
        """What watches over it does: start it if it has ended, as it does when workers die in quick succession."""
        if self.process.poll() is None:
            return 0
        self.start()
        return 1

    def kill(self) -> None:
        """`kill -9` of the whole."""
        if self.process.poll() is None:
            kill(self.process)
        self.process.wait(30)


@contextmanager
def served(place: Place) -> Iterator[Service]:
    service = Service(place)
    service.start()
    try:
        yield service
    finally:
        service.kill()


@dataclass(frozen=True)
class Call:
    """What a client says, once and for all; `mass` is what a second thought would change."""

    number: int
    mass: str = "440"

    @property
    def code(self) -> str:
        return factories.pack_code(self.number)

    @property
    def keys(self) -> list[str]:
        return [f"call-{self.number}#{self.code}"]

    def said(self, place: Place) -> tuple[str, dict[str, Any]]:
        """Who says it, by token, and the body: makers register, recyclers receive."""
        own: dict[str, Any] = {"idempotencyKey": f"call-{self.number}"}
        item = {"code": self.code, "massKg": self.mass}
        if self.number % 2:
            query, party, own["batteries"] = REGISTER, "maker", [item]
        else:
            query, party, own["items"] = RECEIVE, "recycler", [item]
            own["occurredAt"] = "2024-05-01T08:00:00+08:00"
        return place.parties[party]["token"], {"query": query, "variables": {"input": own}}


def ask(place: Place, port: int, call: Call) -> Answer:
    """Make a call once; raises OSError or HTTPException when there is no answer."""
    token, body = call.said(place)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/graphql/", json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    assert response.status == 200, (response.status, text)
    told: dict[str, Any] = json.loads(text)
    assert not told.get("errors"), told
    [answer] = told["data"].values()
    # Whether it was recorded now or before is all that may differ between two answers.
    answer.pop("replayed", None)
    return dict(answer)


def insist(place: Place, port: int, call: Call, tries: int = 400) -> tuple[Answer, int]:
    """Make a call under its key until it is answered; gives the answer and how often there was none."""
    for attempt in range(tries):
        try:
            return ask(place, port, call), attempt
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    raise AssertionError(f"no answer to {call}")


def insist_on_all(place: Place, port: int, calls: list[Call], clients: int = 4) -> list[tuple[Answer, int]]:
    """Several clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda call: insist(place, port, call), calls))


class Cutting(ThreadingHTTPServer):
    """A proxy that passes every question on, and loses some of the answers: the connection is reset instead."""

    daemon_threads = True

    def __init__(self, upstream: int, chance: random.Random, share: float) -> None:
        super().__init__(("127.0.0.1", 0), _CuttingHandler)
        self.upstream, self.chance, self.share = upstream, chance, share
        self.lock = Lock()
        self.cut = self.passed = 0

    def loses(self) -> bool:
        with self.lock:
            lost = self.chance.random() < self.share
            self.cut += lost
            self.passed += not lost
        return lost


class _CuttingHandler(BaseHTTPRequestHandler):
    server: Cutting

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        try:
            upstream.request("POST", self.path, body, dict(self.headers))
            response = upstream.getresponse()
            answer = response.read()  # here the product has committed and said so
        finally:
            upstream.close()
        self.close_connection = True
        if self.server.loses():
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def cutting(upstream: int, chance: random.Random, share: float) -> Iterator[Cutting]:
    with Cutting(upstream, chance, share) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()

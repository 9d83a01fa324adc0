"""Where alerts arrive in tests: a sink in this process, and servers on this machine."""

import json
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from ordersync_dagster.core.alerts import TAKEN, SinkAnswer

SECRET = "CanaryOfTheWebhook0005"


@dataclass
class FakeSink:
    """Keeps what it is sent; `meanwhile` happens while it is being sent."""

    id: str = "1"
    is_up: bool = True
    got: list[tuple[str, str]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    @property
    def name(self) -> str:
        return f"sink {self.id} (fake)"

    def send(self, title: str, body: str) -> SinkAnswer:
        self.meanwhile()
        if self.is_up:
            self.got.append((title, body))
        return TAKEN if self.is_up else SinkAnswer("it is down")

    def take(self) -> list[str]:
        """The subject lines since the last time."""
        titles, self.got = [title for title, _ in self.got], []
        return titles


@dataclass
class Webhook:
    """A server that takes the webhook of apprise's `json://`; `status` is what it answers."""

    server: HTTPServer
    bodies: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    scheme: str = "json"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}/{SECRET}"

    def titles(self) -> list[str]:
        return [body["title"] for body in self.bodies]


@contextmanager
def webhook(context: ssl.SSLContext | None = None) -> Iterator[Webhook]:
    """A webhook that lives as long as the context, by HTTPS with a `context` of its certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Webhook(server, scheme="jsons" if context else "json")
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        yield from _serving(server, kept)


@dataclass
class Mailbox:
    """A mail server; `mails` are the texts that it took."""

    server: socketserver.TCPServer
    mails: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.server.server_address[1]}/?mode=insecure&from=a@example.com&to=b@example.com"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server that lives as long as the context."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    kept.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                is_last = line.upper().startswith(b"QUIT")
                self.wfile.write(b"221 bye\r\n" if is_last else b"250 ok\r\n")
                if is_last:
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        kept = Mailbox(server)
        yield from _serving(server, kept)


def _serving(server: socketserver.BaseServer, kept: Any) -> Iterator[Any]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()

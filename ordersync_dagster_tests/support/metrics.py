"""Prometheus' text format, read strictly; and a push gateway that keeps what it gets."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples_of(text: str) -> Mapping[Sample, float]:
    """Value by name and labels. Each name needs HELP and TYPE before its first sample, and stands in one block."""
    lines = [line for line in text.split("\n") if line]
    assert text.endswith("\n")
    names: list[str] = []
    for line in lines:
        if line.startswith("# HELP "):
            names.append(line.split(" ")[2])
            assert names.count(names[-1]) == 1, f"{names[-1]} is described twice"
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2:] == [names[-1], "gauge"]
        else:
            assert line.partition("{")[0].split(" ")[0] == names[-1], f"{line} stands in another block"
    found = [one for family in text_string_to_metric_families(text) for one in family.samples]
    values = {(one.name, frozenset(one.labels.items())): one.value for one in found}
    assert len(values) == len(found), "a sample is there twice"
    return values


def value(text: str, name: str, **labels: str) -> float:
    """The value of one sample."""
    return samples_of(text)[name, frozenset(labels.items())]


@dataclass
class Pushed:
    """What the gateway got: method, path, the header Authorization, and the body."""

    url: str
    status: int = 200
    requests: list[tuple[str, str, str, str]] = field(default_factory=list)


@contextmanager
def push_gateway(context: ssl.SSLContext | None = None) -> Iterator[Pushed]:
    """A gateway on this machine, over TLS with a `context`, until the `with` block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.requests.append((self.command, self.path, self.headers.get("Authorization", ""), body))
            self.send_response(got.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    got = Pushed(f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

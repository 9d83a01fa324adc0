"""Servers that do wrong what no web server would: raw sockets, and a PostgreSQL line that breaks at a COMMIT."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def raw_server(converse: Callable[[socket.socket], object]) -> Iterator[str]:
    """Hands each connection to `converse` in a thread of its own; yields the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=(listener, converse), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, converse: Callable[[socket.socket], object]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            Thread(target=_hold, args=(connection, converse), daemon=True).start()


def _hold(connection: socket.socket, converse: Callable[[socket.socket], object]) -> None:
    with connection, suppress(OSError):
        converse(connection)


def answering(body: bytes, head: bytes = HEAD) -> Callable[[socket.socket], None]:
    """Answers one request with exactly this, right or wrong, and hangs up."""

    def converse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head + b"\r\n" + body)

    return converse


def dripping(text: bytes, seconds: float) -> Callable[[socket.socket], None]:
    """Sends `text` byte by byte for ever, so many seconds apart."""

    def converse(connection: socket.socket) -> None:
        connection.recv(65536)
        pause = Event()
        while True:
            for place in range(len(text)):
                connection.sendall(text[place : place + 1])
                pause.wait(seconds)

    return converse


class BrokenLine:
    """Between us and PostgreSQL: the `turn`-th COMMIT of orders loses its answer, or never arrives."""

    def __init__(self, server: str, turn: int, *, arrives: bool) -> None:
        self.commits = 0
        self._server, self._turn, self._arrives = server, turn, arrives

    def __call__(self, client: socket.socket) -> None:
        """One connection, from its first byte to its end."""
        is_cut, is_done = Event(), Event()
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            back = Thread(target=_pass_back, args=(server, client, is_cut, is_done), daemon=True)
            back.start()
            is_writing = False
            while data := client.recv(65536):
                is_writing = is_writing or b"INTO orders (" in data or b"UPDATE orders SET" in data
                if is_writing and b"COMMIT\0" in data:
                    is_writing = False
                    self.commits += 1
                    if self.commits == self._turn:
                        is_cut.set()
                        if self._arrives:
                            server.sendall(data)
                            is_done.wait()  # committed; nobody will hear of it
                        break
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
            client.shutdown(socket.SHUT_RDWR)
            back.join()


def _pass_back(server: socket.socket, client: socket.socket, is_cut: Event, is_done: Event) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            if is_cut.is_set():
                break
            client.sendall(data)
    is_done.set()
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)

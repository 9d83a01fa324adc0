"""Broken answers, written directly to the connection and not through the web server."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus
from typing import Protocol

from starlette.types import Receive, Scope, Send

from ordersync_dagster.sandbox.vendors.wire import Answer

RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST
SEND_SECONDS = 0.02  # the event loop needs a moment to send written bytes


class Connection(Protocol):
    """The part of uvicorn's connection object that is used here."""

    client: tuple[str, int] | None
    transport: asyncio.Transport


Connections = Iterable[Connection]


def html_page() -> Answer:
    """The page of a proxy that cannot reach the vendor."""
    page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Answer(502, page, (("content-type", "text/html"),))


def cut_short(answer: Answer) -> Answer:
    """A complete HTTP answer with only half of its JSON."""
    return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)


async def break_off(
    scope: Scope, receive: Receive, connections: Connections, answer: Answer, *, is_reset: bool
) -> None:
    """Writes the header and half of the body, then resets or closes the connection."""
    transport = _transport(scope, connections)
    if transport is None:
        return
    transport.write(_head(answer) + answer.body[: len(answer.body) // 2])
    await asyncio.sleep(SEND_SECONDS)
    if is_reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        transport.abort()
    else:
        transport.close()
    await _gone(receive)  # else uvicorn thinks the connection is open and answers 500


async def drop(scope: Scope, receive: Receive, connections: Connections) -> None:
    """Closes the connection without an answer."""
    transport = _transport(scope, connections)
    if transport is not None:
        transport.abort()
        await _gone(receive)


async def drip(receive: Receive, send: Send, body: bytes, seconds: float) -> None:
    """Sends one byte of the body every `seconds` until it is complete or the client leaves."""
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        for place in range(len(body)):
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
            if (await asyncio.wait({leaving}, timeout=seconds))[0]:
                return
    finally:
        leaving.cancel()
    await send({"type": "http.response.body", "body": b""})


def _transport(scope: Scope, connections: Connections) -> asyncio.Transport | None:
    client = tuple(scope["client"])
    return next((known.transport for known in connections if known.client == client), None)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    lines += [f"content-length: {len(answer.body)}", "", ""]
    return "\r\n".join(lines).encode()

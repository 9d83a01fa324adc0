"""One deadline for a whole answer, head and body: a read timeout starts anew with every byte that drips in."""

import io
import time
from http.client import HTTPResponse  # noqa: TID251  # only to give its subclass a deadline
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

ANSWER_DEADLINE = 60.0  # seconds


class _PunctualReader(io.RawIOBase):
    """Reads a socket until the deadline of the answer."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._deadline = raw, time.monotonic() + ANSWER_DEADLINE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer did not end in time")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PunctualResponse(HTTPResponse):
    """Its head has the same deadline as its body: a head may drip too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_PunctualReader(self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _PunctualResponse


class _SafeConnection(HTTPSConnection):
    response_class = _PunctualResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class PunctualAdapter(HTTPAdapter):
    """An answer that is not whole by its deadline is a timeout, however often a byte of it arrives."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}

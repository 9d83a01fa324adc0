"""One deadline for a whole answer, head and body, because a read timeout starts again with every byte."""

import io
import time
from http.client import HTTPResponse  # noqa: TID251  # its subclass gets a deadline
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

ANSWER_DEADLINE_SECONDS = 60.0


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until the deadline of the answer."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._deadline = raw, time.monotonic() + ANSWER_DEADLINE_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer did not end in time")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    """Reads its head by the same deadline as its body, because a head may arrive slowly too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _SafeConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class DeadlineAdapter(HTTPAdapter):
    """An answer that is not complete by its deadline is a timeout, even if bytes still arrive."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}

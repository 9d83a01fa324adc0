"""Faults on request: errors of the pretend vendors, and how often they happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, get_args

from ordersync_dagster.sandbox.vendors.wire import Request

Kind = Literal["status", "html", "reset", "short_body", "truncated_json", "slow", "drip"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Fault:
    """One fault, for requests whose path starts with `path_prefix` and whose path or query contains `match`.

    It hits the first `times` of them (None: all) or, with `every`, each `every`-th one.
    status answers `status` with `headers` and `body` (None: the vendor's own); html answers a 502 page;
    reset breaks the connection during the answer; short_body ends before Content-Length is reached;
    truncated_json cuts the JSON of a complete answer; slow waits `delay` seconds and then answers;
    drip sends one byte of the body every `delay` seconds.
    """

    path_prefix: str
    kind: Kind
    status: int = 500
    times: int | None = 1
    every: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str | None = None
    delay: float = 1.0
    match: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; there are {', '.join(KINDS)}")

    def concerns(self, request: Request) -> bool:
        """Whether the fault can hit this request."""
        is_below = request.path.startswith(self.path_prefix)
        return is_below and (self.match is None or self.match in request.target)

    def hits(self, turn: int) -> bool:
        """Whether the `turn`-th such request, counted from 1, is hit."""
        if self.every is not None:
            return turn % self.every == 0
        return self.times is None or turn <= self.times


class Faults:
    """The active faults, in order; a request gets at most one. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._active: list[Fault] = []
        self._turns: list[int] = []
        self._fired = 0

    def add(self, fault: Fault) -> None:
        """Activates a fault."""
        with self._lock:
            self._active.append(fault)
            self._turns.append(0)

    def clear(self) -> None:
        """Removes all faults; `fired` keeps its count."""
        with self._lock:
            self._active.clear()
            self._turns.clear()

    def reset(self) -> None:
        """Removes all faults and sets `fired` to 0."""
        self.clear()
        with self._lock:
            self._fired = 0

    @property
    def fired(self) -> int:
        """Number of requests that got a fault."""
        return self._fired

    def take(self, request: Request) -> Fault | None:
        """The fault for this request, if any; counts it."""
        with self._lock:
            for place, fault in enumerate(self._active):
                if fault.concerns(request):
                    self._turns[place] += 1
                    if fault.hits(self._turns[place]):
                        self._fired += 1
                        return fault
        return None

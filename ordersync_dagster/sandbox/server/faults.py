"""Faults on request: what the pretend vendors do wrong, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, get_args

from ordersync_dagster.sandbox.vendors.wire import Request

Kind = Literal["status", "html", "reset", "short_body", "truncated_json", "slow", "drip"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Fault:
    """One thing to do wrong where the path starts with `path_prefix` and path and query hold `match`.

    The first `times` of them are hit (None: all), or, with `every`, each so many-th for ever.
    status answers `status` with `headers` and `body` (None: the vendor's own); html a 502 page;
    reset breaks the connection in mid-answer; short_body ends before Content-Length is reached;
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
        """Whether the request is of the kind meant."""
        is_below = request.path.startswith(self.path_prefix)
        return is_below and (self.match is None or self.match in request.target)

    def hits(self, turn: int) -> bool:
        """Whether the `turn`-th such request, counted from 1, is hit."""
        if self.every is not None:
            return turn % self.every == 0
        return self.times is None or turn <= self.times


class Faults:
    """The faults in force, in order; one request meets at most one. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._armed: list[Fault] = []
        self._turns: list[int] = []
        self._fired = 0

    def add(self, fault: Fault) -> None:
        """From now on."""
        with self._lock:
            self._armed.append(fault)
            self._turns.append(0)

    def clear(self) -> None:
        """Back to good behaviour; `fired` keeps counting."""
        with self._lock:
            self._armed.clear()
            self._turns.clear()

    def reset(self) -> None:
        """As new."""
        self.clear()
        with self._lock:
            self._fired = 0

    @property
    def fired(self) -> int:
        """How many requests were hit so far."""
        return self._fired

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets, which thereby is one time nearer to its end."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if fault.concerns(request):
                    self._turns[place] += 1
                    if fault.hits(self._turns[place]):
                        self._fired += 1
                        return fault
        return None

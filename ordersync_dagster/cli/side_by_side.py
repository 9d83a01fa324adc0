"""One command for several shops: each in a process of its own, so that none stops or slows another.

A process is a fork of this one, which has everything loaded and no thread and connection open (decision 24).
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from ordersync_dagster.cli import console
from ordersync_dagster.cli.endings import ended
from ordersync_dagster.cli.room import PROCESS, WITH_TABLES, processes_that_fit
from ordersync_dagster.cli.shop_option import with_shops_files
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.exit_codes import FAILED
from ordersync_dagster.report.shops import EndedShop, combined_exit_code, shop_block, shops_json, shops_table

if TYPE_CHECKING:
    from ordersync_dagster.app.shops import Shop

AT_ONCE = 64  # shops at most; the next one starts when one ends
NOT_ENDED = "ordersync: interrupted before it ended; the next run takes up the rest"
T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOP_SECONDS = 20.0  # after SIGTERM: a transaction under way ends first


def run_side_by_side(command: Callable[..., None], given: Mapping[str, Any], shops: "Sequence[Shop]") -> NoReturn:
    """Run `command` for each shop, print what each printed, and exit with a code for all."""
    from ordersync_dagster.app.shop_groups import prepared

    is_json = _is_json(given)
    console.keep_watched(console.is_terminal())
    found: dict[str, EndedShop] = {}

    def tell(shop: EndedShop) -> None:
        found[shop.name] = shop
        if not is_json:
            print(shop_block(shop), flush=True)

    with prepared(shops):
        processes = _Processes(command, given, tell)
        is_whole = processes.work([*shops])
    if processes.is_unheard:
        raise BrokenPipeError
    results = [found.get(shop.name) or EndedShop(shop.name, FAILED, 0.0, "", [NOT_ENDED]) for shop in shops]
    print(shops_json(results) if is_json else shops_table(results))
    if not is_whole:
        raise KeyboardInterrupt
    raise typer.Exit(combined_exit_code([each.code for each in results]))


def _is_json(given: Mapping[str, Any]) -> bool:
    """Whether each shop prints one JSON document; raises SettingsError where several results make no whole."""
    form = str(given.get("form") or "")
    if form in ("html", "csv") and given.get("output") is None:
        raise SettingsError(f"a page or table of all shops is no {form}: give -o FILE, and each shop gets its own")
    return bool(given.get("as_json")) or (form == "json" and given.get("output") is None)


@dataclass(slots=True)
class _Running:
    shop: "Shop"
    pid: int
    out: int
    err: int
    started: float
    printed: bytearray = field(default_factory=bytearray)
    said: list[str] = field(default_factory=list)
    rest: bytes = b""  # of a line on stderr
    open_pipes: int = 2


class _Processes:
    """The processes of all shops, and what they print."""

    def __init__(
        self, command: Callable[..., None], given: Mapping[str, Any], tell: Callable[[EndedShop], None]
    ) -> None:
        self._command, self._given, self._tell = command, given, tell
        has_tables = command.__name__ == "report" or bool(given.get("report"))
        self._at_once = processes_that_fit(WITH_TABLES if has_tables else PROCESS, AT_ONCE)
        self._selector = DefaultSelector()
        self._running: list[_Running] = []
        self._signals = 0
        self.is_unheard = False  # nobody reads what is printed any more, as behind `head`
        self._handlers: dict[signal.Signals, Any] = {}  # those of a command that runs alone

    def work(self, queue: "list[Shop]") -> bool:
        """Until every shop of the queue has ended; False when a signal has ended all."""
        gc.collect()
        gc.freeze()  # pages that nobody touches stay shared
        with self._noting_signals():
            while (queue or self._running) and not self._signals:
                while queue and len(self._running) < self._at_once and not self._signals:
                    self._start(queue.pop(0))
                self._read(None)
            if self._signals:
                self._stop()
        return not self._signals

    @contextmanager
    def _noting_signals(self) -> Iterator[None]:
        """Count signals instead of raising somewhere, so that no process is started and then not known."""

        def note(_number: int, _frame: object) -> None:
            self._signals += 1

        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        self._selector.register(woken, EVENT_READ)
        heeded = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        self._handlers = {number: signal.signal(number, note) for number in heeded}
        before = signal.set_wakeup_fd(wakes)  # a signal ends the waiting for output
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            for pipe in (woken, wakes):
                os.close(pipe)

    def _start(self, shop: "Shop") -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        out, its_out = os.pipe()
        err, its_err = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, self._handlers.get(signal.SIGTERM, signal.SIG_DFL))
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process passes Ctrl-C on, as SIGTERM
            for pipe in (out, err, *(key.fd for key in self._selector.get_map().values())):
                os.close(pipe)
            _become(shop, self._command, self._given, its_out, its_err)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.close(its_out)
        os.close(its_err)
        running = _Running(shop, pid, out, err, time.monotonic())
        self._running.append(running)
        for pipe in (out, err):
            self._selector.register(pipe, EVENT_READ, running)

    def _read(self, timeout: float | None) -> None:
        for key, _ in self._selector.select(timeout):
            if key.data is None:  # a signal came
                os.read(key.fd, 65536)
                continue
            running: _Running = key.data
            if piece := os.read(key.fd, 65536):
                if key.fd == running.out:
                    running.printed += piece
                else:
                    self._say(running, running.rest + piece)
                continue
            self._selector.unregister(key.fd)
            os.close(key.fd)
            running.open_pipes -= 1
            if not running.open_pipes:
                self._end(running)

    def _say(self, running: _Running, text: bytes) -> None:
        *lines, running.rest = text.split(b"\n")
        for line in lines:
            shown = line.decode(errors="replace")
            running.said.append(shown)
            self._print(console.say, f"{running.shop.name}: {shown}")

    def _end(self, running: _Running) -> None:
        _, status = os.waitpid(running.pid, 0)
        if running.rest:
            self._say(running, running.rest + b"\n")
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            self._say(running, f"ordersync: the process was ended by {signal.Signals(-code).name}\n".encode())
        seconds = time.monotonic() - running.started
        printed = running.printed.decode(errors="replace")
        shop = EndedShop(running.shop.name, code if code >= 0 else FAILED, seconds, printed, running.said)
        self._running.remove(running)
        self._print(self._tell, shop)

    def _print(self, how: Callable[[T], None], what: T) -> None:
        """Where nobody reads any more, all shops end their work all the same."""
        try:
            how(what)
        except BrokenPipeError:
            self.is_unheard = True

    def _stop(self) -> None:
        """End all: each shop's process ends its transaction, or is ended."""
        for running in self._running:
            os.kill(running.pid, signal.SIGTERM)
        latest = time.monotonic() + STOP_SECONDS
        first = self._signals
        while self._running and self._signals == first and (left := latest - time.monotonic()) > 0:
            self._read(left)  # a second Ctrl-C waits no longer
        for running in self._running:
            os.kill(running.pid, signal.SIGKILL)
            os.waitpid(running.pid, 0)


def _become(shop: "Shop", command: Callable[..., None], given: Mapping[str, Any], out: int, err: int) -> NoReturn:
    """In the new process: run the command for one shop, as if it was the only one."""
    code = FAILED
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for new, old in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(new, old)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # as long as the process
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        console.use_shop(shop)

        def run() -> None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # now they end the command, and not before
            command(**with_shops_files(given, shop.name))

        code = ended(run)
        sys.stdout.flush()
    finally:
        os._exit(code)

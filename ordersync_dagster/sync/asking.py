"""Asks one vendor until it gives no answer, and keeps why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ordersync_dagster.core.errors import (
    KeyRefusedError,
    OrderSyncError,
    SettingsError,
    VendorError,
    VendorUnavailableError,
)
from ordersync_dagster.core.printful_order import NotAsked

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Asking:
    """`error` is the first one; from then on nothing is asked."""

    error: OrderSyncError | None = None

    def one(self, ask: Callable[[], Answer], default: Answer) -> Answer:
        """The answer, or `default` where there is none."""
        if self.error is not None:
            return default
        try:
            return ask()
        except (VendorError, KeyRefusedError, SettingsError) as error:
            self.error = error
            return default

    def many(self, ask: Callable[[], Iterable[Answer]]) -> list[Answer]:
        """All rows of the answer, or none."""
        return self.one(lambda: list(ask()), [])

    def note(self, answer: object) -> None:
        """Keep why there was no answer about one order."""
        if isinstance(answer, NotAsked) and self.error is None:
            self.error = VendorUnavailableError(f"{answer.reason}.")

    @property
    def reason(self) -> str:
        """Why there was no answer, without its full stop; empty where there was one."""
        return str(self.error).rstrip(".") if self.error else ""

"""The messages of the sinks of alerts as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

from ordersync_dagster.core.text import counted
from ordersync_dagster.report.alert_text import Message

DELIVERIES_VERSION = 1  # changes only when a field's meaning does


@dataclass(frozen=True, slots=True)
class Delivery:
    """The message of one sink; None where there is nothing new for it."""

    sink: str  # number and kind, never the URL
    message: Message | None = None
    is_sent: bool = False
    unconfirmed: int = 0  # things that it was perhaps never told
    being_sent: int = 0  # things that another process tells it now, if that has not died
    why: str = ""  # it did not take the message
    is_test: bool = False

    @property
    def is_refused(self) -> bool:
        return self.message is not None and not self.is_sent

    @property
    def warning(self) -> str | None:
        """The sentence where something went wrong."""
        if self.is_refused:
            refused = f"{self.sink} did not take the {'test' if self.is_test else 'alert'}: {self.why}."
            return (
                refused if self.is_test else f"{refused} The next try sends it. `ordersync alerts test` tries the sink."
            )
        if self.unconfirmed:
            return (
                f"{self.sink} was perhaps not told {self.unconfirmed} things, because two processes ended while they "
                "sent them. Look at `ordersync status`."
            )
        return None


def deliveries_text(deliveries: Sequence[Delivery], *, dry_run: bool) -> str:
    """A line for each sink; in a dry run also the whole message."""
    lines: list[str] = []
    names: dict[Message, list[str]] = {}  # sinks that get the same
    for each in deliveries:
        if each.message is None and each.being_sent:
            claimed = f"another process is sending {counted(each.being_sent, 'thing')}"
            lines.append(f"{each.sink}: {claimed}; if it died, they are sent again after ten minutes.")
        elif each.message is None:
            lines.append(f"{each.sink}: nothing new to tell.")
        elif dry_run:
            names.setdefault(each.message, []).append(each.sink)
        else:
            lines.append(f"{each.sink}: {'sent' if each.is_sent else 'not sent'}: {each.message.title}")
    for message, sinks in names.items():
        lines += [f"{', '.join(sinks)} would get:", f"  {message.title}", "", indent(message.body, "  "), ""]
    lines += ["Dry run: nothing was sent."] if dry_run else []
    return "\n".join(lines)


def deliveries_json(deliveries: Sequence[Delivery], *, dry_run: bool) -> str:
    """The same for scripts."""
    found = [
        {
            "sink": each.sink,
            "sent": each.is_sent,
            "title": each.message.title if each.message else None,
            "body": each.message.body if each.message else None,
            "unconfirmed": each.unconfirmed,
            "being_sent": each.being_sent,
            "why": each.why or None,
        }
        for each in deliveries
    ]
    document = {"schema_version": DELIVERIES_VERSION, "dry_run": dry_run, "deliveries": found}
    return json.dumps(document, ensure_ascii=True, indent=2)

"""What a command came to in each of several shops, as blocks with a table, or as one JSON document."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ordersync_dagster.core.exit_codes import BUSY, FAILED, OK, USAGE
from ordersync_dagster.core.text import counted

SHOPS_VERSION = 1
_WORDS = {
    OK: "fine",
    FAILED: "errors, or something needs a person",
    USAGE: "a person has to change something first",
    BUSY: "busy or away: try again later",
}
_ENDED = "ordersync: "  # begins the sentence that ends a command
_LONGEST = 120  # characters of a reason in the table
RULE = "━" * 50


@dataclass(frozen=True, slots=True)
class EndedShop:
    """`printed` is the command's stdout, `said` the lines of its stderr."""

    name: str
    code: int
    seconds: float
    printed: str
    said: Sequence[str]

    @property
    def reason(self) -> str:
        """The sentence that ended the command with the lines that belong to it, or a word for its exit code."""
        first = [place for place, line in enumerate(self.said) if line.startswith(_ENDED)]
        if not first:
            return _WORDS.get(self.code, "failed")
        sentence, *rest = self.said[first[-1] :]
        return "\n".join([sentence.removeprefix(_ENDED), *takewhile(lambda line: line.startswith("  "), rest)])


def combined_exit_code(codes: Sequence[int]) -> int:
    """0 if all are; else 1 where one is, 75 where one is, 2 where all others are 2: as long as a retry may help."""
    others = {code for code in codes if code != OK}
    if not others:
        return OK
    if others <= {USAGE, BUSY}:
        return BUSY if BUSY in others else USAGE
    return FAILED


def shop_block(shop: EndedShop) -> str:
    """What one shop's command printed, below the shop's name."""
    return f"{RULE}\n{shop.name}\n{RULE}\n{shop.printed.rstrip() or shop.reason}\n"


def shops_table(shops: Sequence[EndedShop]) -> str:
    """One line a shop."""
    width = max(len("shop"), *(len(shop.name) for shop in shops))
    rows = [f"{'shop':<{width}}  exit  seconds  result"]
    for shop in shops:
        reason = " ".join(shop.reason.split())
        reason = reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 1]}…"
        rows.append(f"{shop.name:<{width}}  {shop.code:>4}  {shop.seconds:>7.1f}  {reason}")
    fine = sum(shop.code == OK for shop in shops)
    return "\n".join(
        [RULE, *rows, f"{fine} of {counted(len(shops), 'shop')} {'is' if len(shops) == 1 else 'are'} fine."]
    )


def shops_json(shops: Sequence[EndedShop]) -> str:
    """`result` is the document that the single command prints, or null where it printed none."""
    entries = {
        shop.name: {
            "exit_code": shop.code,
            "seconds": round(shop.seconds, 3),
            "result": _document(shop.printed),
            "messages": list(shop.said),
        }
        for shop in shops
    }
    code = combined_exit_code([shop.code for shop in shops])
    return json.dumps({"schema_version": SHOPS_VERSION, "exit_code": code, "shops": entries}, indent=2)


def _document(printed: str) -> Any:
    try:
        return json.loads(printed)
    except ValueError:
        return None

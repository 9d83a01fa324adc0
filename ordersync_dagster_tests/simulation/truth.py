"""What was really written, seen by triggers of the database, against what the audit says and the rules allow."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ordersync_dagster_tests.simulation.shop import Row, Shop, money
from ordersync_dagster_tests.simulation.vendors import Json, Vendors

MOVES: Mapping[str, str] = {  # the design's table, written out anew; a status that is not here is final
    "pending": "processing shipped delivered completed failed refunded returned cancelled",
    "processing": "failed shipped delivered cancelled",
    "failed": "processing shipped delivered cancelled",
    "shipped": "delivered",
}
SAYS: Mapping[str, str] = {
    **dict.fromkeys(("draft", "pending", "onhold", "inprocess"), "processing"),
    "partial": "shipped",
    "fulfilled": "delivered",
    "failed": "failed",
    "canceled": "cancelled",
}
NEVER_CHANGED = ("id", "stripe_session_id", "customer_email", "total_amount", "currency", "created_at")
ONLY_FILLED = (
    "stripe_payment_intent_id",
    "printful_order_id",
    "customer_name",
    "shipping_address",
    "tracking_number",
    "tracking_url",
)
_RESOURCES = {"orders": "order", "order_items": "order_item"}
_ACTIONS = {"insert": "order_create", "update": "order_update", "delete": "order_delete"}


class BrokenError(AssertionError):
    """A rule does not hold; `rule` names it, so that shrinking keeps to it."""

    def __init__(self, rule: str, facts: object) -> None:
        super().__init__(f"{rule}: {str(facts)[:2000]}")
        self.rule = rule


def require(is_held: bool, rule: str, facts: object) -> None:
    """Raise BrokenError unless `is_held`."""
    if not is_held:
        raise BrokenError(rule, facts)


def install_triggers(path: Path) -> None:
    """Let the database itself write down each change of orders and items, and who made it."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE pretend_writer (who TEXT)")
    connection.execute("INSERT INTO pretend_writer VALUES ('ordersync')")
    connection.execute(
        "CREATE TABLE pretend_log (seq INTEGER PRIMARY KEY, who TEXT, name TEXT, op TEXT, was TEXT, now TEXT)"
    )
    for table in _RESOURCES:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for op, was, now in (("insert", "", "NEW"), ("update", "OLD", "NEW"), ("delete", "OLD", "")):
            images = _image(was, columns), _image(now, columns)
            connection.execute(
                f"CREATE TRIGGER pretend_{table}_{op} AFTER {op} ON {table} BEGIN INSERT INTO pretend_log "
                f"(who, name, op, was, now) SELECT who, '{table}', '{op}', {images[0]}, {images[1]} "
                "FROM pretend_writer; END"
            )
    connection.commit()
    connection.close()


def _image(row: str, columns: list[str]) -> str:
    pairs = ", ".join(f"'{column}', {row}.{column}" for column in columns)
    return f"json_object({pairs})" if row else "NULL"


@dataclass(frozen=True, slots=True)
class Write:
    """One row that was written."""

    seq: int
    who: str
    name: str
    op: str
    was: Row
    now: Row

    @property
    def key(self) -> tuple[str, str, str]:
        return _ACTIONS[self.op], _RESOURCES[self.name], str((self.now or self.was)["id"])


class Truth:
    """Reads what is committed, after each commit of ours. Every method raises BrokenError."""

    def __init__(self, shop: Shop, vendors: Vendors) -> None:
        self._shop, self._vendors = shop, vendors
        self._log = self._audit = self._audit_logs = 0
        self.counts: Counter[str] = Counter()  # what we wrote so far
        self.waits_for_parcels = False  # the run that writes

    def check(self) -> bool:
        """Everything that was committed since the last time; whether any of it was ours."""
        writes = self._writes()
        ours = [each for each in writes if each.who == "ordersync"]
        require(not any(each.op == "delete" for each in writes), "I1 no order row is deleted", writes)
        self._check_audit(ours)
        for each in ours:
            self.counts[f"{each.name} {each.op}"] += 1
            (self._check_order if each.name == "orders" else self._check_item)(each)
        twice = self._shop.rows("SELECT stripe_session_id FROM orders GROUP BY 1 HAVING count(*) > 1")
        require(not twice, "I2 one order per session", twice)
        return bool(ours)

    def _writes(self) -> list[Write]:
        rows = self._shop.rows("SELECT * FROM pretend_log WHERE seq > ? ORDER BY seq", self._log)
        self._log = rows[-1]["seq"] if rows else self._log
        return [Write(**{**row, "was": _json(row["was"]), "now": _json(row["now"])}) for row in rows]

    def _check_audit(self, ours: list[Write]) -> None:
        audit = self._shop.rows("SELECT * FROM ordersync_audit WHERE seq > ? ORDER BY seq", self._audit)
        self._audit += len(audit)
        shown = self._shop.rows("SELECT rowid, * FROM audit_logs WHERE rowid > ?", self._audit_logs)
        self._audit_logs += len(shown)
        written = Counter(each.key for each in ours)
        rule = "I5 each write has exactly one audit row in its transaction"
        for rows in (audit, shown):
            said = Counter((row["action"], row["resource"], row["resource_id"]) for row in rows)
            require(said == written, rule, said - written | written - said)
        kept = {(row["action"], row["resource"], row["resource_id"]): row for row in audit}
        told = {(row["action"], row["resource"], row["resource_id"]): row for row in shown}
        for each in ours:
            _check_images(each, kept[each.key])
            _check_told(each, told[each.key])

    def _check_order(self, write: Write) -> None:
        session = self._vendors.sessions[write.now["stripe_session_id"]]
        if write.op == "insert":
            has = write.now["total_amount"], write.now["currency"]
            require(
                has == (money(session), session["currency"]), "I3 an order's money is Stripe's", (has, session["id"])
            )
            require(session["payment_status"] == "paid", "only what was paid becomes an order", session["id"])
            return
        for column in NEVER_CHANGED:
            require(write.now[column] == write.was[column], f"{column} is never changed", write)
        for column in ONLY_FILLED:
            is_kept = _is_empty(write.was[column]) or write.now[column] == write.was[column]
            require(is_kept, f"I3 what the shop knew is never overwritten: {column}", write)
        self._check_move(write)

    def _check_move(self, write: Write) -> None:
        before, after = write.was["status"], write.now["status"]
        if before != after:
            rule = "I4 status moves follow the table"
            session = self._vendors.sessions[write.now["stripe_session_id"]]
            is_back = before not in ("returned", "cancelled") and self._vendors.is_given_back(session)
            allowed = [*MOVES.get(before, "").split(), *(["refunded"] if is_back else [])]
            require(after in allowed, rule, (before, after, write.now["id"]))
            said = self._said(write.now["printful_order_id"] or "")
            is_paid = session["payment_status"] == "paid"
            said |= {"refunded"} if is_back else set()
            said |= {"processing"} if before == "pending" and is_paid else set()
            require(after in said, "I4 a status moves because a vendor says so", (before, after, said))

    def _said(self, printful_id: str) -> set[str | None]:
        words = self._vendors.said[printful_id]
        if not self.waits_for_parcels:
            return {SAYS.get(word) for word in words}
        is_there = "fulfilled" in words and printful_id in self._vendors.arrived
        return {"shipped" if word == "fulfilled" else SAYS.get(word) for word in words} | (
            {"delivered"} if is_there else set()
        )

    def _check_item(self, write: Write) -> None:
        require(write.op == "insert", "items are only added", write)
        (order,) = self._shop.rows("SELECT * FROM orders WHERE id = ?", write.now["order_id"])
        made = self._vendors.printful.get(order["printful_order_id"])
        rows = self._shop.rows("SELECT * FROM order_items WHERE order_id = ?", order["id"])
        is_part = made is None or fits(rows, made) is not None
        require(is_part, "an item is never doubled", [dict(row) for row in rows])


def fits(rows: list[Row], made: Json) -> list[Json] | None:
    """Printful's items without those that `rows` are; None where a row is none of them."""
    left = list(made["items"])
    for row in sorted(rows, key=lambda row: len(row["printful_variant_id"])):  # catalog ids first, they are shorter
        names = "variant_id", "sync_variant_id"
        same = [each for each in left if row["quantity"] == each["quantity"]]
        same = [each for each in same if row["printful_variant_id"] in [str(each[name]) for name in names]]
        if not same:
            return None
        left.remove(same[0])
    return left


def _check_images(write: Write, audit: Row) -> None:
    was, now = _json(audit["before"]), _json(audit["after"])
    rule = "I5 the audit tells what was and what is"
    if write.op == "insert":
        require(audit["before"] is None, rule, audit)
        clear = {name: value for name, value in now["columns"].items() if name != "customer_email"}
        require(bool(clear) and all(write.now[name] == value for name, value in clear.items()), rule, (clear, write))
        return
    changed = {name for name, value in write.now.items() if value != write.was[name]}
    require(set(was["columns"]) == set(now["columns"]) == changed, rule, (audit, changed))
    for image, row in ((was, write.was), (now, write.now)):
        for name, value in image["columns"].items():
            require(isinstance(value, dict) or value == row[name], rule, (name, value, row[name]))


def _check_told(write: Write, row: Row) -> None:
    before, after = _json(row["changes_before"]), _json(row["changes_after"])
    for image, real in ((before, write.was), (after, write.now)):
        for name in ("status", "tracking_number", "printful_order_id", "quantity"):
            if name in image:
                rule = "I5 the shop's audit tells what was and what is"
                require(image[name] == real.get(name), rule, (name, image[name], real.get(name)))


def _json(text: str | None) -> Row:
    return json.loads(text) if text else {}


def _is_empty(value: Any) -> bool:
    if isinstance(value, str) and value.startswith("{"):
        return not any(json.loads(value).values())
    return not value

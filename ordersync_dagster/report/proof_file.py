"""Proofs of days as a JSON document, and as a file that can be checked later. Ids and amounts, no names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ordersync_dagster.core.errors import SavedFileError
from ordersync_dagster.core.ledger import LedgerEntry, OrderOfSession
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.proof import DayProof, DayState, Side
from ordersync_dagster.core.proof_changes import ProofChange
from ordersync_dagster.report.saved_file import sealed, unsealed

PROOF_KIND = "ordersync proof"
PROOF_VERSION = 1  # changes only when a field's meaning does


@dataclass(frozen=True, slots=True)
class ProvedShop:
    """Whose proof it is: the database, Stripe's mode, and the settings that say which sessions are the shop's."""

    database: str
    stripe_mode: str
    sessions: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedProof:
    """A proof as it was saved, its days newest first."""

    shop: ProvedShop
    made_at: datetime
    days: tuple[DayProof, ...]


def proof_file_text(proof: SavedProof) -> str:
    """The file."""
    return sealed(PROOF_KIND, PROOF_VERSION, _facts(proof))


def proof_document(
    proof: SavedProof, warnings: Sequence[str], changes: Sequence[ProofChange] | None = None
) -> dict[str, Any]:
    """The document of `--json`: the same, with the warnings and the changes since an earlier proof."""
    found = None if changes is None else [_change(each) for each in changes]
    facts = {"schema_version": PROOF_VERSION, "holds": all(each.is_proved for each in proof.days), **_facts(proof)}
    return {**facts, "changes": found, "warnings": list(warnings)}


def read_proof(path: Path) -> SavedProof:
    """Raises SavedFileError where the file is no proof, or was edited."""
    document = unsealed(path, PROOF_KIND, PROOF_VERSION)
    try:
        shop = ProvedShop(str(document["database"]), str(document["stripe_mode"]), dict(document["sessions"]))
        days = tuple(_read_day(row) for row in document["days"])
        return SavedProof(shop, datetime.fromisoformat(document["made_at"]), days)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise SavedFileError(f"{path} is damaged: something of it is missing. Make a new proof.") from None


def _facts(proof: SavedProof) -> dict[str, Any]:
    return {
        "made_at": proof.made_at.isoformat(),
        "database": proof.shop.database,
        "stripe_mode": proof.shop.stripe_mode,
        "sessions": dict(proof.shop.sessions),
        "days": [_day(each) for each in proof.days],
    }


def _day(proof: DayProof) -> dict[str, Any]:
    return {
        "day": str(proof.day),
        "state": str(proof.state),
        "stripe": _side(proof.stripe),
        "shop": _side(proof.shop),
        "refunded_minor": None if proof.refunded is None else dict(proof.refunded),
        "faults": list(proof.faults),
        "erased": sorted(proof.erased),
        "paid": [_entry(each) for each in proof.entries],
    }


def _side(side: Side) -> dict[str, Any]:
    return {"count": side.count, "sums_minor": dict(side.sums), "ids_sha256": side.ids_sha256}


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    orders = [{"id": each.order_id, **_price(each.price), "is_same": each.is_same} for each in entry.orders]
    return {"id": entry.session_id, **_price(entry.price), "payment": entry.payment_intent_id, "orders": orders}


def _price(price: Price | None) -> dict[str, str | None]:
    return {"amount": f"{price.amount:f}" if price else None, "currency": price.currency if price else None}


def _change(change: ProofChange) -> dict[str, Any]:
    return {
        "day": str(change.day),
        "side": change.side,
        "what": change.what,
        "id": change.id,
        "before": _price(change.before) if change.before else None,
        "after": _price(change.after) if change.after else None,
    }


def _read_day(row: Mapping[str, Any]) -> DayProof:
    stripe, shop = (
        Side(side["count"], dict(side["sums_minor"]), side["ids_sha256"]) for side in (row["stripe"], row["shop"])
    )
    entries = tuple(_read_entry(each) for each in row["paid"])
    day, state, refunded = date.fromisoformat(row["day"]), DayState(row["state"]), row["refunded_minor"]
    faults, erased = tuple(row["faults"]), frozenset(row["erased"])
    return DayProof(day, state, stripe, shop, faults, erased, entries, None if refunded is None else dict(refunded))


def _read_entry(row: Mapping[str, Any]) -> LedgerEntry:
    price = _read_price(row)
    if price is None:
        raise ValueError("a paid session without an amount")
    orders = tuple(
        OrderOfSession(each["id"], _read_price(each), is_same=bool(each["is_same"])) for each in row["orders"]
    )
    return LedgerEntry(row["id"], price, row["payment"], orders)


def _read_price(row: Mapping[str, Any]) -> Price | None:
    return None if row["amount"] is None else Price(Decimal(row["amount"]), row["currency"])

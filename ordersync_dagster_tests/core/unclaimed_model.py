"""What docs/logs.md and decision 20 promise of a Printful order that no order names, without the product's code."""

from dataclasses import dataclass

OF_AN_ORDER = ("an order's payment", "an order's id")
NAMES = (*OF_AN_ORDER, "a payment of nobody", "a payment without an order", "a UUID of nobody", "a number", None)
MAKES = ("pending", "inreview", "onhold", "inprocess", "partial", "fulfilled")


@dataclass(frozen=True)
class Nobodys:
    """A Printful order; the order behind its name has a Printful order of its own (`has_own`) or is refunded."""

    name: str | None
    word: str
    minutes: int  # since it was made
    has_own: bool
    is_refunded: bool
    is_twin: bool  # another order has a Printful order with the same goods for the same recipient, made within a day


@dataclass(frozen=True)
class Channels:
    """The shop names its Printful orders by its orders' ids; and what ORDERSYNC_OTHER_CHANNELS says."""

    names_by_id: bool
    setting: bool | None


def promised_of_nobodys(each: Nobodys, channels: Channels) -> set[str]:
    """The classes that a run has to tell of it."""
    is_twin = each.is_twin and each.name not in (*OF_AN_ORDER, "a payment without an order")
    if is_twin or (each.name in OF_AN_ORDER and each.has_own):
        return {"duplicate_fulfilment"}
    if each.name in OF_AN_ORDER:
        return {"refunded_but_shipping"} if each.is_refunded else set()
    return {"orphan_printful"} if is_orphan(each, channels) else set()


def is_orphan(each: Nobodys, channels: Channels) -> bool:
    if each.word not in MAKES or each.minutes <= 60 or channels.setting is True:
        return False
    if each.name == "a payment without an order":
        return False
    is_ours = each.name == "a payment of nobody" or (each.name == "a UUID of nobody" and channels.names_by_id)
    return is_ours or channels.setting is False

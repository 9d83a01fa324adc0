"""What speaks for and against a link of an order with a Printful order that no order names."""

from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.unlinked import DAY, Unlinked

# A Printful order is made after its session, but the clocks of Stripe and Printful may differ.
LINK_SLACK = DAY
# A payment may settle so much later, and the goods are ordered then.
LIKELY_FOR = 14 * DAY


def contradictions(each: Unlinked, theirs: PrintfulOrder) -> list[str]:
    """Why `theirs`, which carries a name of `each`, may still be another's; empty where nothing speaks against it."""
    facts = {
        "it was made before the payment": theirs.created is not None and _age(each, theirs.created) < -LINK_SLACK,
        "its recipient is another": each.recipient.is_same(theirs.recipient) is False,
        "it has more pieces than were paid": _has_too_much(each, theirs),
    }
    return [sentence for sentence, is_so in facts.items() if is_so]


def is_likely(each: Unlinked, theirs: PrintfulOrder) -> bool:
    """Whether `theirs` may be made for `each`, whatever name it carries: recipient and time are the same."""
    is_in_time = theirs.created is None or -LINK_SLACK <= _age(each, theirs.created) <= LIKELY_FOR
    return is_in_time and each.recipient.is_same(theirs.recipient) is True


def _age(each: Unlinked, created: int) -> float:
    """Seconds from the session to the time `created`."""
    return created - each.session.created.timestamp()


def _has_too_much(each: Unlinked, theirs: PrintfulOrder) -> bool:
    """Whether there are more pieces than were paid; Stripe does not always list the lines."""
    paid = sum(line.quantity for line in each.session.line_items)
    return 0 < paid < sum(item.quantity for item in theirs.items)

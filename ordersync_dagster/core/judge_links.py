"""Which Printful order is an order's: the one that is certain, or what has to be told of those that may be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ordersync_dagster.core.link_evidence import contradictions, is_likely
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.not_made import Payment, not_made
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session_fields import unread_printful_key
from ordersync_dagster.core.unlinked import Unlinked

_CANCELED = "canceled"  # Printful's word
Pair = tuple[Unlinked, PrintfulOrder]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`told` is by order id; `left` has every order that gets no link, also those that `told` speaks of."""

    certain: Sequence[Pair]
    told: Mapping[str, Problem]
    left: Sequence[Unlinked]


def judge_links(links: Links) -> Judgement:
    """By `external_id` first; an order that this tells nothing of may be a likely one's."""
    waiting = sorted(links.unlinked, key=lambda each: each.order.id)
    by_name: dict[str, list[PrintfulOrder]] = defaultdict(list)
    for theirs in links.free:
        if theirs.external_id:
            by_name[theirs.external_id].append(theirs)
    claims: dict[str, list[Pair]] = defaultdict(list)  # by Printful id
    told: dict[str, Problem] = {}
    canceled: dict[str, Problem] = {}  # by order id; a live one for the same recipient says more
    names = by_name.keys() | links.taken_names.keys()
    for each in waiting if names else ():  # else skip computing the names of thousands of orders
        verdict = _of_names(each, links, by_name)
        if isinstance(verdict, PrintfulOrder):
            claims[verdict.printful_order_id].append((each, verdict))
        elif verdict:
            is_given_up = verdict.problem_class is ProblemClass.CANCELLED_AT_PRINTFUL
            (canceled if is_given_up else told)[each.order.id] = verdict
    certain = [pairs[0] for pairs in claims.values() if len(pairs) == 1]
    shared = [(name, pairs) for name, pairs in claims.items() if len(pairs) > 1]
    told |= {each.order.id: _shared(each, name, pairs) for name, pairs in shared for each, _ in pairs}
    linked = {each.order.id for each, _ in certain}
    left = [each for each in waiting if each.order.id not in linked]
    unclaimed = [theirs for theirs in links.free if theirs.printful_order_id not in claims]
    likely = _likely([each for each in left if each.order.id not in told], unclaimed)
    noted = {each.order.id: _noted(each, key) for each in left if (key := unread_printful_key(each.session.metadata))}
    return Judgement(certain, noted | canceled | likely | told, left)


def _of_names(
    each: Unlinked, links: Links, by_name: Mapping[str, Sequence[PrintfulOrder]]
) -> PrintfulOrder | Problem | None:
    """The one Printful order that carries a name of this order, what has to be told of it, or None."""
    names = sorted(each.names(links.link_by))
    named = [theirs for name in names for theirs in by_name.get(name, ())]
    against = {theirs.printful_order_id: contradictions(each, theirs) for theirs in named}
    fitting = [theirs for theirs in named if not against[theirs.printful_order_id]]
    live = [theirs for theirs in fitting if theirs.word != _CANCELED]
    if len(live) > 1:
        return _ambiguous(each, sorted(theirs.printful_order_id for theirs in live))
    if live:
        is_back = live[0].printful_order_id in links.taken_back.get(each.order.id, ())
        return _taken_back(each, live[0]) if is_back else live[0]
    if odd := [theirs for theirs in named if theirs not in fitting and theirs.word != _CANCELED]:
        return _contradicted(each, odd[0], against[odd[0].printful_order_id])
    if taken := [links.taken_names[name] for name in names if name in links.taken_names]:
        return _named_by_another(each, taken[0])
    payment = Payment.of(each.session, each.payment)
    canceled = (not_made(each.order, theirs, payment, links.rules, links.now) for theirs in fitting)
    return next((problem for problems in canceled for problem in problems), None)


def _likely(left: Sequence[Unlinked], unclaimed: Sequence[PrintfulOrder]) -> dict[str, Problem]:
    """By order id: the live Printful orders for the same recipient at that time."""
    by_hash: dict[object, list[PrintfulOrder]] = defaultdict(list)
    for theirs in unclaimed:
        for key in {theirs.recipient.email, theirs.recipient.addressee} - {None}:
            if theirs.word != _CANCELED:
                by_hash[key].append(theirs)
    if not by_hash:  # nothing to match against: skip computing the hashes of thousands of orders
        return {}
    told: dict[str, Problem] = {}
    for each in left:
        recipient = each.recipient
        met = [*by_hash.get(recipient.email, ()), *by_hash.get(recipient.addressee, ())]
        if found := sorted({theirs.printful_order_id for theirs in met if is_likely(each, theirs)}):
            told[each.order.id] = _possible(each, found)
    return told


def _possible(each: Unlinked, printful_ids: Sequence[str]) -> Problem:
    names = ", ".join(printful_ids)
    sentence = (
        f"Order {each.order.id} may be Printful order {names}: the same recipient, at that time. If it is, set its "
        "printful_order_id. Do not send the order before you have looked."
    )
    return Problem(ProblemClass.POSSIBLE_LINK, sentence, _ids(each, names))


def _noted(each: Unlinked, key: str) -> Problem:
    sentence = (
        f"Order {each.order.id} was not linked: the metadata of its session has a value under {key} that is not the "
        "number of one Printful order. If it is made already, set the order's printful_order_id. Do not send the order "
        "before you have looked."
    )
    return Problem(ProblemClass.POSSIBLE_LINK, sentence, each.ids)


def _contradicted(each: Unlinked, theirs: PrintfulOrder, reasons: Sequence[str]) -> Problem:
    sentence = (
        f"Printful order {theirs.printful_order_id} has a name of order {each.order.id} as external_id, but "
        f"{' and '.join(reasons)}: it was not linked. If it is the order's, set the order's printful_order_id."
    )
    return Problem(ProblemClass.POSSIBLE_LINK, sentence, _ids(each, theirs.printful_order_id))


def _taken_back(each: Unlinked, theirs: PrintfulOrder) -> Problem:
    sentence = (
        f"Order {each.order.id} was linked to Printful order {theirs.printful_order_id} by an earlier run, and "
        "somebody took that back: it was not linked again. If the link is right, set the order's printful_order_id."
    )
    return Problem(ProblemClass.POSSIBLE_LINK, sentence, _ids(each, theirs.printful_order_id))


def _ambiguous(each: Unlinked, printful_ids: Sequence[str]) -> Problem:
    names = ", ".join(printful_ids)
    sentence = (
        f"{len(printful_ids)} Printful orders have a name of order {each.order.id} as external_id, and none was "
        f"linked: {names}. If one is too many, cancel it at Printful. Then set the order's printful_order_id."
    )
    return Problem(ProblemClass.AMBIGUOUS_MATCH, sentence, _ids(each, names))


def _shared(each: Unlinked, printful_id: str, pairs: Sequence[Pair]) -> Problem:
    others = ", ".join(other.order.id for other, _ in pairs if other is not each)
    sentence = (
        f"Printful order {printful_id} may be made for order {each.order.id} or for order {others}, and was linked to "
        "none. Set the printful_order_id of the right one."
    )
    return Problem(ProblemClass.AMBIGUOUS_MATCH, sentence, _ids(each, printful_id))


def _named_by_another(each: Unlinked, printful_id: str) -> Problem:
    sentence = (
        f"Printful order {printful_id} has a name of order {each.order.id} as external_id, and another order names it "
        "as its own. Compare both orders before you send any goods."
    )
    return Problem(ProblemClass.AMBIGUOUS_MATCH, sentence, _ids(each, printful_id))


def _ids(each: Unlinked, printful_ids: str) -> dict[str, str]:
    return each.ids | {"printful_order_ids": printful_ids}

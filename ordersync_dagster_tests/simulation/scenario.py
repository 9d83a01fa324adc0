"""What happens in one simulated shop, as data: a seed makes it, a failing one prints, replays and shrinks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

VENDORS: Mapping[str, int] = {  # what happens at Stripe and Printful, and how often
    "sale": 10,
    "payment": 2,
    "refund": 2,
    "dispute": 1,
    "dispute_decided": 1,
    "printful_order": 3,
    "printful_word": 5,
    "printful_item": 1,
    "parcel": 2,
    "printful_loss": 1,
    "time": 3,
    "clock_back": 1,
}
SHOP: Mapping[str, int] = {  # what the shop's other programs write
    "order": 7,
    "status": 3,
    "items": 3,
    "link": 2,
    "details": 1,
}
OURS: Mapping[str, int] = {"second_run": 1, "preview": 1}  # somebody starts us while we are at work
FAULTS = (
    "stripe_away",
    "refunds_away",
    "refunds_forbidden",
    "printful_hiccup",
    "printful_away",
    "statement_breaks",
    "statement_refused",
    "orders_refused",
    "disk_full",
    "killed_at_statement",
    "killed_before_commit",
    "killed_after_commit",
    "answer_lost",
    "commit_breaks",
    "stopped",
)
COUNTED_IN_FEW = ("commit", "answer", "stripe", "refunds", "stopped")  # so few of them that a high number never comes


@dataclass(frozen=True, slots=True)
class Happening:
    """`luck` picks whom it happens to, and the details."""

    what: str
    luck: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes at the call with the number `at`, counting from 1 the calls of its kind."""

    what: str
    at: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ours. What is in `during` happens at a moment, counted in calls to vendors and database.

    Moment 0 lies between the whole plan and its first write, where it `is_planned_whole`.
    """

    days: int = 30
    is_partition: bool = False  # only the day that lies `days` back
    scope: str = "all"
    is_dry: bool = False
    is_planned_whole: bool = False
    reads_stripe: bool = True
    during: tuple[tuple[int, Happening], ...] = ()
    faults: tuple[Fault, ...] = ()
    waits_for_parcels: bool = False  # the shop's setting at that time


Step = Happening | Run
Scenario = tuple[Step, ...]


def scenario(seed: int) -> Scenario:
    """The same for the same seed, on any machine and Python."""
    rng = Random(seed)
    steps: list[Step] = [_happening(rng, {"sale": 5, "time": 1, "order": 2}) for _ in range(rng.randint(3, 14))]
    for _ in range(rng.randint(2, 6)):
        steps += [_happening(rng, {**VENDORS, **SHOP}) for _ in range(rng.randint(0, 5))]
        steps.append(_run(rng))
    return tuple(_with_setting(steps, Random(f"parcels {seed}")))


def _with_setting(steps: list[Step], rng: Random) -> list[Step]:
    """In every third shop the runs from a step on wait for the parcels. Numbers of its own: no other step changes."""
    first = rng.randrange(len(steps)) if rng.random() < 0.33 else len(steps)
    waiting = [replace(each, waits_for_parcels=True) if isinstance(each, Run) else each for each in steps[first:]]
    return [*steps[:first], *waiting]


def _happening(rng: Random, weights: Mapping[str, int]) -> Happening:
    (what,) = rng.choices(list(weights), list(weights.values()))
    return Happening(what, rng.randrange(10_000))


def _run(rng: Random) -> Run:
    is_planned_whole = rng.random() < 0.4
    moments = [
        0 if is_planned_whole and rng.random() < 0.6 else _moment(rng) for _ in range(rng.choice((0, 0, 1, 3, 6)))
    ]
    during = [(moment, _happening(rng, {**VENDORS, **SHOP, **OURS})) for moment in moments]
    faults = [_fault(rng) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    is_partition = rng.random() < 0.2
    return Run(
        days=rng.randint(0, 3) if is_partition else rng.choice((1, 2, 30, 30)),
        is_partition=is_partition,
        scope=rng.choice(("all", "all", "all", "all", "open", "none")),
        is_dry=rng.random() < 0.15,
        is_planned_whole=is_planned_whole,
        reads_stripe=rng.random() < 0.9,
        during=tuple(sorted(during, key=lambda each: each[0])),
        faults=tuple(faults),
    )


def _moment(rng: Random) -> int:
    return rng.choice((rng.randint(1, 20), rng.randint(1, 60), rng.randint(1, 150)))


def _fault(rng: Random) -> Fault:
    what = rng.choice(FAULTS)
    is_rare = any(word in what for word in COUNTED_IN_FEW)
    return Fault(what, rng.randint(1, 4) if is_rare else _moment(rng))

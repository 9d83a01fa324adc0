"""Our status words and the shop's, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ordersync_dagster.core.orders import MOVES, REFUNDABLE, Status, can_move

_OURS = frozenset(map(str, Status))


class AmbiguousWordError(ValueError):
    """Two of our words are one word of the shop, and a row could not be read back."""


@dataclass(frozen=True)
class StatusWords:
    """`said` holds pairs of our word and the shop's; a word without a pair is the same on both sides.

    Raises AmbiguousWordError if a run could not see that it has already written a word.
    """

    said: tuple[tuple[Status, str], ...] = ()
    _read: Mapping[str, Status] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shared: dict[str, list[Status]] = {}
        explicit = [ours for ours, _ in self.said]
        for ours in (*explicit, *(word for word in Status if word not in explicit)):
            shared.setdefault(self.to_shop(ours), []).append(ours)
        object.__setattr__(self, "_read", {word: _our_word(word, ours) for word, ours in shared.items()})

    def to_shop(self, word: str) -> str:
        """The shop's word for ours."""
        return str(self._written.get(word, word))

    def from_shop(self, word: str) -> str:
        """Our word for the shop's. An unmapped word is returned as it is, but marked if we have the same word."""
        ours = self._read.get(word)
        if ours is None and word in _OURS:
            return f"{word} (the shop's own word)"
        return str(ours or word)

    @cached_property
    def _written(self) -> Mapping[str, str]:
        return dict(self.said)


def _our_word(word: str, ours: list[Status]) -> Status:
    """The one of `ours` from which no other of them can be reached, or each run would move the order again."""
    for each in sorted(ours, key=lambda status: len(MOVES[status])):
        if not any(can_move(each, other) or _is_refund(each, other) for other in ours):
            return each
    names = " and ".join(ours)
    raise AmbiguousWordError(f'{names} are both "{word}", and a run could not tell them apart: give one another word')


def _is_refund(before: Status, after: Status) -> bool:
    return after is Status.REFUNDED and before in REFUNDABLE

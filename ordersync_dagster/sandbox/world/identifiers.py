"""Ids in the vendors' formats, computed from the seed."""

import string
from random import Random
from uuid import UUID, uuid5

ALPHABET = string.ascii_letters + string.digits
NAMESPACE = UUID("6a0f3a0e-5a3b-5d0c-9c55-0d6f1f3f7a11")


class Ids:
    """Ids in a fixed order: the same random state gives the same ids."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def token(self, prefix: str, length: int = 24) -> str:
        """`prefix` and `length` letters and digits."""
        return prefix + "".join(self._rng.choices(ALPHABET, k=length))

    def session(self) -> str:
        """A test-mode Checkout Session id, 66 characters."""
        return self.token("cs_test_a1", 56)

    def payment_intent(self) -> str:
        """A PaymentIntent id, 27 characters."""
        return self.token("pi_3", 23)

    def digits(self, length: int) -> str:
        """A tracking number."""
        return "".join(self._rng.choices(string.digits, k=length))


def row_id(*parts: object) -> str:
    """The uuid of a row of the shop's tables, the same for the same parts."""
    return str(uuid5(NAMESPACE, "/".join(map(str, parts))))

"""Whether two records are of one recipient; and hashes that say nothing else."""

from hashlib import sha256

import pytest

from ordersync_dagster.core.privacy import hashed_email, hashed_words, normalised_email
from ordersync_dagster.core.recipient import Recipient, recipient_of


def of(email: object = None, name: object = None, code: object = None) -> Recipient:
    return Recipient.of(email, name, code)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (of("a@example.com"), of(" A@Example.com "), True),
        (of("a@example.com"), of("b@example.com"), False),
        (of(None, "Asta Example", "LV-1001"), of(None, " asta  EXAMPLE", "lv 1001"), True),
        (of("a@example.com", "Asta", "LV-1001"), of("shop@example.com", "Asta", "LV1001"), True),
        (of("a@example.com", "Asta", "1001"), of("b@example.com", "Asta", "1002"), False),
        (of("a@example.com", "Asta", "1001"), of("a@example.com", "Bo", "1002"), True),
        (of(None, "Asta", "1001"), of(None, "Bo", "1002"), False),
        (of(None, "Asta", "1001"), of(None, "Bo", "1001"), None),
        (of(None, "Asta", "1001"), of(None, "Asta", "1002"), None),
        (of(None, "Asta", None), of(None, "Asta", None), None),
        (of(None, "Asta", "1001"), of(None, "Asta", None), None),
        (of("a@example.com", None, None), of(None, "Asta", "1001"), None),
        (of(), of(), None),
    ],
)
def test_a_recipient_is_known_by_address_or_by_name_and_postal_code(
    one: Recipient, other: Recipient, is_same: bool | None
) -> None:
    assert one.is_same(other) is is_same
    assert other.is_same(one) is is_same


@pytest.mark.parametrize("odd", [5, " ", None, []])
def test_what_is_no_text_is_not_known(odd: object) -> None:
    assert of(odd, odd, odd) == Recipient()


def test_a_printful_order_names_its_recipient() -> None:
    fields = {"email": "a@example.com", "name": "Asta Example", "zip": "LV-1001"}
    assert recipient_of({"recipient": fields}) == of("a@example.com", "Asta Example", "LV-1001")
    assert recipient_of({"recipient": None}) == recipient_of({"recipient": "Asta"}) == recipient_of({}) == Recipient()


def test_a_hash_is_of_the_text_as_it_is_compared() -> None:
    def expected(text: str) -> str:
        return sha256(text.encode()).hexdigest()[:16]

    assert normalised_email(" Asta@Example.com\n") == "asta@example.com"
    assert hashed_email(" Asta@Example.com ") == expected("asta@example.com")
    assert hashed_words(" Asta \t Straße ") == expected("asta strasse")
    assert len({hashed_words(text) for text in ("ab c", "a bc", "abc", "\ud800")}) == 4

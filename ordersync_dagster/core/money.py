"""Stripe's minor units ↔ exact decimals. Never a float.

Exponents are Stripe's own (https://docs.stripe.com/currencies), which differ from ISO 4217:
ISK and UGX are sent with two decimals that are always 00, HUF and TWD are ordinary for charges.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
WHOLE_UNITS_TIMES_100 = frozenset(["isk", "ugx"])
_TWO_DECIMAL_CODES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc
cve czk dkk dop dzd egp etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl hrk htg huf idr ils inr jmd kes kgs
khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mro mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd
pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sll sos srd std stn szl thb tjs top try ttd
twd tzs uah usd usdc uyu uzs wst xcd xcg yer zar zmw
"""
TWO_DECIMAL = frozenset(_TWO_DECIMAL_CODES.split())
_EXPONENTS = {
    **dict.fromkeys(ZERO_DECIMAL, 0),
    **dict.fromkeys(THREE_DECIMAL, 3),
    **dict.fromkeys(TWO_DECIMAL | WHOLE_UNITS_TIMES_100, 2),
}
_DECIMAL_TEXT = re.compile(r"-?\d{1,18}(\.\d{1,9})?\Z")
# Beyond any charge. Python refuses to turn integers of more than 4,300 digits into text.
_TOO_MUCH = 10**18


class MoneyError(ValueError):
    """The currency has no such amount."""


class UnknownCurrencyError(MoneyError):
    """Stripe does not list the currency, so nobody knows its decimals."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The amounts that a numeric(precision, scale) column holds exactly."""

    precision: int
    scale: int

    def holds(self, amount: Decimal) -> bool:
        """Whether `amount` goes in without rounding or overflow."""
        exponent = amount.normalize().as_tuple().exponent
        is_exact = isinstance(exponent, int) and -exponent <= self.scale
        return is_exact and abs(amount) < Decimal(10) ** (self.precision - self.scale)


def exponent(currency: str) -> int:
    """Decimals of `currency` (lower case) in Stripe's API; raises UnknownCurrencyError."""
    if currency not in _EXPONENTS:
        raise UnknownCurrencyError(f"currency {currency[:8]!r} is not one that Stripe lists")
    return _EXPONENTS[currency]


def is_known(currency: str | None) -> bool:
    """Whether Stripe lists `currency`."""
    return currency in _EXPONENTS


def minor_units(amount: Decimal, currency: str) -> int | None:
    """`amount` in whole minor units; None for an unknown currency, or for a fraction of a minor unit."""
    decimals = _EXPONENTS.get(currency)
    if decimals is None or not amount.is_finite() or abs(amount) >= _TOO_MUCH:
        return None
    minor = amount.scaleb(decimals)
    whole = int(minor)
    return whole if whole == minor else None


def from_minor(amount: int, currency: str) -> Decimal:
    """Minor units to the amount as people write it: (1999, usd) → 19.99, (800, jpy) → 800."""
    decimals = exponent(currency)
    if abs(amount) >= _TOO_MUCH:
        raise MoneyError("an amount of more than 18 digits is beyond what Stripe charges")
    if currency in WHOLE_UNITS_TIMES_100 and amount % 100:
        raise MoneyError(f"{amount} is no amount in {currency}: its two decimals are always 00")
    return Decimal(amount).scaleb(-decimals)


def whole_minor(amount: Decimal, currency: str) -> int:
    """The opposite of `from_minor`, for an amount that came from it."""
    return int(amount.scaleb(exponent(currency)))


def with_decimals(amount: Decimal, currency: str) -> Decimal:
    """`amount` with the decimals of its currency; as it is where that would round it, or nobody knows them.

    A column of type numeric(15, 3) says 222.000, which many people read as more than two hundred thousand.
    """
    minor = minor_units(amount, currency)
    return amount if minor is None else Decimal(minor).scaleb(-exponent(currency))


def amount_text(amount: int, currency: str) -> str:
    """Minor units as people read them: EUR 1,204.00; raises UnknownCurrencyError."""
    return f"{currency.upper()} {Decimal(amount).scaleb(-exponent(currency)):,f}"


def from_text(value: object) -> Decimal | None:
    """Printful's amounts, text or number ("13.00", 65.5), as an exact decimal; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, int) and abs(value) >= _TOO_MUCH:
        return None
    text = str(value).strip()
    return Decimal(text) if _DECIMAL_TEXT.match(text) else None

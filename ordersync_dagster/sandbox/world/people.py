"""Invented customers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """A customer with a postal address; `line2` and `state` are unknown for some."""

    name: str
    email: str
    line1: str
    line2: str | None
    city: str
    state: str | None
    postal_code: str
    country: str

    def address(self) -> dict[str, Any]:
        """The address with Stripe's keys."""
        return {
            "city": self.city,
            "country": self.country,
            "line1": self.line1,
            "line2": self.line2,
            "postal_code": self.postal_code,
            "state": self.state,
        }


COUNTRIES = {
    "US": "United States", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "LV": "Latvia",
    "JP": "Japan", "NL": "Netherlands", "CA": "Canada", "IE": "Ireland", "ES": "Spain",
}  # fmt: skip

PEOPLE = (
    Person("Mira Hollowell", "mira@example.com", "14 Kestrel Lane", None, "Portland", "OR", "97205", "US"),
    Person("Tobias Lindqvern", "tobi@example.org", "Amselweg 3", "Hof 2", "Leipzig", None, "04109", "DE"),
    Person("Odette Marchepied", "odette@example.com", "8 rue du Tilleul", None, "Lyon", None, "69002", "FR"),
    Person("Graham Oakstead", "graham@example.org", "2 Plover Row", "Flat 5", "Leeds", None, "LS1 4AP", "GB"),
    Person("Ilze Vanagkalne", "ilze@example.com", "Ozolu iela 21", None, "Riga", None, "LV-1010", "LV"),
    Person("Haruka Minamori", "haru@example.org", "3-7 Sakurano", "402", "Osaka", "Osaka", "530-0001", "JP"),
    Person("Bram Koolwijk", "bram@example.com", "Lindegracht 90", None, "Utrecht", None, "3511 AB", "NL"),
    Person("Priya Ashgrove", "priya@example.org", "501 Birch St", "Unit 12", "Toronto", "ON", "M5J 0A7", "CA"),
    Person("Niamh Corrigall", "niamh@example.com", "6 Harbour Row", None, "Galway", None, "H91 X2A0", "IE"),
    Person("Ximena Olmedal", "xime@example.org", "Calle del Olivo 17", None, "Sevilla", None, "41001", "ES"),
    Person("Dashiell Wren", "dash@example.com", "77 Juniper Road", "Apt 9", "Austin", "TX", "78701", "US"),
    Person("Zoë Fairmeadow", "zoe@example.org", "19 Quarry Hill", None, "Burlington", "VT", "05401", "US"),
)

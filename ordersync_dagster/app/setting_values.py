"""Readers of the settings' values. Each raises SettingsError with the cause and the fix, and never shows a secret."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping, read_mapping
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.problem_classes import CLASSES, ProblemClass
from ordersync_dagster.core.stripe_session import SessionMatch
from ordersync_dagster.core.value_words import in_brackets

STRIPE_HOST, PRINTFUL_HOST = "api.stripe.com", "api.printful.com"
WHERE_TO_GET: Mapping[str, str] = {
    "STRIPE_SECRET_KEY": "make a restricted key at https://dashboard.stripe.com/apikeys (docs/stripe.md)",
    "PRINTFUL_API_KEY": "make a private token at https://developers.printful.com, or use --printful none",
    "DATABASE_URL": "the shop's database, postgresql://…; for a trial sqlite:////absolute/path/trial.db",
}
KEY = re.compile(r"(sk|rk|pk)_(live|test)_|whsec_")
_STRIPE_KEY = re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9_]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class CheckoutMode(StrEnum):
    """A session's `mode` that can become an order."""

    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"


def has_control_character(value: object) -> bool:
    """Whether a text has a line break, a tab, a NUL or the like in it; no setting has a use for one."""
    return isinstance(value, str) and _CONTROL.search(value) is not None


def stripe_key(key: str, info: ValidationInfo) -> str:
    """A secret or restricted key, or a restricted one only, if the shop says so."""
    if key.startswith("pk_"):
        raise SettingsError("STRIPE_SECRET_KEY is a publishable key (pk_…), which can read nothing: use rk_… or sk_…")
    if key.startswith("whsec_"):
        raise SettingsError("STRIPE_SECRET_KEY is the secret of a webhook endpoint (whsec_…): use rk_… or sk_…")
    if not _STRIPE_KEY.fullmatch(key) and _STRIPE_KEY.search(key):
        raise SettingsError("STRIPE_SECRET_KEY has blanks, quotes or odd characters in it: copy the key alone again")
    if not _STRIPE_KEY.fullmatch(key):
        raise SettingsError(
            "STRIPE_SECRET_KEY is not a Stripe secret key: those begin rk_live_, rk_test_, sk_live_ or sk_test_"
        )
    if info.data.get("ordersync_require_restricted_key") and not key.startswith("rk_"):
        raise SettingsError(
            "STRIPE_SECRET_KEY could write (sk_…), and ORDERSYNC_REQUIRE_RESTRICTED_KEY refuses that: "
            + WHERE_TO_GET["STRIPE_SECRET_KEY"]
        )
    return key


def printful_key(key: str) -> str:
    """A token of Printful's; it has no documented form."""
    if re.match(r"(sk|rk|pk)_(live|test)_", key):
        raise SettingsError("PRINTFUL_API_KEY holds a Stripe key: were the two swapped?")
    if not re.fullmatch(r"[\x21-\x7e]+", key) or key[0] in "'\"":
        raise SettingsError("PRINTFUL_API_KEY has blanks, quotes or odd characters in it: copy the token alone again")
    return key


def store_id(text: str) -> str:
    """The number of a store of Printful's, which goes into a header of every request."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise SettingsError(
            f"PRINTFUL_STORE_ID{in_brackets(text)} is a number such as 1234567, and nothing else: copy it again"
        )
    return text


def delivery(word: str) -> str:
    """What proves that an order is delivered."""
    if word not in ("fulfilled", "shipments"):
        raise SettingsError(f"PRINTFUL_DELIVERY{in_brackets(word)} is `fulfilled` or `shipments` (docs/printful.md)")
    return word


def checked_database_url(text: str) -> str:
    """A URL of PostgreSQL or SQLite."""
    connection.parse_url(text)
    return text


def rates_url(text: str) -> str:
    """A URL of the database that keeps the rate limits of several shops."""
    try:
        connection.parse_url(text)
    except SettingsError as error:
        raise SettingsError(str(error).replace("DATABASE_URL", "ORDERSYNC_RATES_URL")) from None
    return text


def account(name: str, info: ValidationInfo) -> str:
    """A name for an account of a vendor's, such as acct_…; never a key."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) or KEY.match(name):
        raise SettingsError(
            f"{str(info.field_name).upper()} is a name of your choice for the account, such as acct_1AbC: letters, "
            "digits, dots, - and _; never a key"
        )
    return name


def schema(name: str) -> str:
    """A name that PostgreSQL needs no quotes for."""
    if not re.fullmatch(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", name):
        raise SettingsError(
            f"ORDERSYNC_SCHEMA{in_brackets(name)} is a name of small letters, digits and _, such as ordersync"
        )
    return name


def mapping_file(path: str | Path | ShopMapping) -> ShopMapping:
    """The content of the mapping file."""
    return path if isinstance(path, ShopMapping) else read_mapping(Path(path))


def certificates(path: str) -> str:
    """A file of certificates that exists."""
    if not Path(path).is_file():
        raise SettingsError(f"ORDERSYNC_CA_BUNDLE names no file: {path}")
    return path


def secrets_dir(path: str) -> str:
    """A folder that exists."""
    if not Path(path).is_dir():
        raise SettingsError(f"ORDERSYNC_SECRETS_DIR is not a folder: {path}")
    return path


def checkout_modes(text: str) -> frozenset[CheckoutMode]:
    """The session modes that become orders, with commas between them."""
    modes = _listed(text)
    if not modes or modes - set(CheckoutMode):
        raise SettingsError(f"ORDERSYNC_CHECKOUT_MODES{in_brackets(text)} is a list of `payment` and `subscription`")
    return frozenset(map(CheckoutMode, modes))


def session_match(text: str) -> SessionMatch:
    """Which sessions are this shop's."""
    if link := re.fullmatch(r"payment_link=(\S+)", text):
        return SessionMatch(value=link[1])
    if pair := re.fullmatch(r"metadata\.([^=]+)(?:=(.*))?", text):
        return SessionMatch(pair[1], pair[2])
    raise SettingsError(
        f"ORDERSYNC_SESSION_MATCH{in_brackets(text)} is metadata.KEY, metadata.KEY=VALUE or payment_link=ID"
    )


def host_names(text: str) -> frozenset[str]:
    """Hosts beside the vendors' own that a key may be sent to, with commas between them."""
    hosts = _listed(text.lower())
    if not all(map(_HOST.fullmatch, hosts)):
        raise SettingsError("ORDERSYNC_ALLOWED_HOSTS is a list of host names, such as stripe.gateway.example.com")
    return hosts


def api_base(base: str, info: ValidationInfo) -> str:
    """An API base that a key may be sent to."""
    name = str(info.field_name).upper()
    if not re.fullmatch(r"[\x21-\x7e]+", base):
        raise SettingsError(f"{name} has blanks or odd characters in it: write it again")
    if not _is_safe_base(base):
        raise SettingsError(f"{name} must be https://…, or http:// on this machine (127.0.0.1, localhost)")
    host = urlsplit(base).hostname or ""
    own = STRIPE_HOST if name.startswith("STRIPE") else PRINTFUL_HOST
    if host != own and host not in info.data.get("ordersync_allowed_hosts", ()) and not _is_loopback(host):
        raise SettingsError(
            f"{name} leads to {host}, and the key would go there: it may go to {own} and to this machine only. "
            "If it is a gateway of your own, name it in ORDERSYNC_ALLOWED_HOSTS"
        )
    return base


def alert_urls(text: str) -> str:
    """URLs of apprise, with blanks or line breaks between them. No message shows one, because they hold secrets."""
    for place, url in enumerate(listed_urls(text), start=1):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[\x21-\x7e]+", url):
            raise SettingsError(
                f"ORDERSYNC_ALERT_URLS: number {place} is not a URL of apprise, such as mailto://… (docs/alerts.md)"
            )
    return text


def listed_urls(text: str) -> tuple[str, ...]:
    """The URLs of ORDERSYNC_ALERT_URLS, each once."""
    return tuple(dict.fromkeys(word.strip(",") for word in text.split() if word.strip(",")))


def alert_classes(text: str) -> frozenset[ProblemClass]:
    """Classes of problems, with commas between them."""
    named = _listed(text)
    if unknown := sorted(named - CLASSES.keys()):
        raise SettingsError(
            f"ORDERSYNC_ALERT_CLASSES: there is no class {unknown[0][:40]!r}; docs/runbook.md lists them"
        )
    return frozenset(CLASSES[name] for name in named)


def limits(metadata: Iterable[object]) -> tuple[int | None, int | None]:
    """The least and the largest value that a field's declaration allows."""
    kept = list(metadata)
    least, most = (next((getattr(each, name) for each in kept if hasattr(each, name)), None) for name in ("ge", "le"))
    return least, most


def web_address(url: str) -> str:
    """The address of Dagster's web UI, as a browser opens it; it stands in messages, so it holds no password."""
    if not re.fullmatch(r"[\x21-\x7e]+", url) or not _is_page(url):
        raise SettingsError(
            "ORDERSYNC_DAGSTER_URL is the address of Dagster's web UI without user, password, ? and #, such as "
            "https://dagster.example.com"
        )
    return url.rstrip("/")


def _listed(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _is_safe_base(base: str) -> bool:
    return _is_page(base) and (base.lower().startswith("https:") or _is_loopback(urlsplit(base).hostname or ""))


def _is_page(url: str) -> bool:
    """Whether it is http or https with a host, and nothing that could be a secret."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or "?" in url or "#" in url)
    return is_plain and bool(parts.hostname) and parts.scheme in ("http", "https")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Settings: environment, then `.env`, then a folder of secrets; checked before anything is asked, all at once."""

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ordersync_dagster.adapters.database.schema.shop_mapping import MAPPING_FILE, Layout, ShopMapping, read_mapping
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.stripe_session import SessionMatch

STRIPE_HOST, PRINTFUL_HOST = "api.stripe.com", "api.printful.com"
STRIPE_BASE, PRINTFUL_BASE = f"https://{STRIPE_HOST}", f"https://{PRINTFUL_HOST}"
WHERE_TO_GET: Mapping[str, str] = {
    "STRIPE_SECRET_KEY": "make a restricted key at https://dashboard.stripe.com/apikeys (docs/stripe.md)",
    "PRINTFUL_API_KEY": "make a private token at https://developers.printful.com, or use --printful none",
    "DATABASE_URL": "the shop's database, postgresql://…; for a trial sqlite:////absolute/path/trial.db",
}
_LIVE_KEY, _TEST_KEY = re.compile(r"(sk|rk)_live_\w+\Z"), re.compile(r"(sk|rk)_test_\w+\Z")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class CheckoutMode(StrEnum):
    """A session's `mode` that can become an order."""

    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"


class Settings(BaseSettings):
    """What the environment says. Secrets print as stars; `docs/` and `.env.example` describe each name."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    stripe_secret_key: SecretStr | None = None
    printful_api_key: SecretStr | None = None
    printful_store_id: str | None = None
    database_url: SecretStr | None = None
    stripe_api_base: str = STRIPE_BASE
    printful_api_base: str = PRINTFUL_BASE
    ordersync_allowed_hosts: str = ""
    stripe_requests_per_second: int = Field(20, ge=1, le=100)
    printful_requests_per_minute: int = Field(110, ge=1, le=10_000)
    ordersync_session_match: str | None = None
    ordersync_checkout_modes: str = "payment,subscription"
    ordersync_include_free_orders: bool = False
    ordersync_grace_minutes: int = Field(15, ge=0, le=1440)
    ordersync_start_date: date | None = None
    ordersync_state_dir: Path | None = None
    ordersync_config: Path | None = None
    ordersync_schema: str | None = None
    ordersync_hash_key: SecretStr | None = None
    ordersync_require_restricted_key: bool = False
    ordersync_ca_bundle: Path | None = None
    ordersync_secrets_dir: Path | None = None

    @property
    def stripe_key(self) -> str:
        """The key; raises SettingsError for one that cannot be right."""
        key = _secret(self.stripe_secret_key)
        if key.startswith("pk_"):
            raise SettingsError(
                "STRIPE_SECRET_KEY is a publishable key (pk_…), which can read nothing: use rk_… or sk_…"
            )
        if not _LIVE_KEY.match(key) and not _TEST_KEY.match(key):
            raise SettingsError(
                "STRIPE_SECRET_KEY is no Stripe secret key: those begin rk_live_, rk_test_, sk_live_ or sk_test_"
            )
        if self.ordersync_require_restricted_key and not key.startswith("rk_"):
            raise SettingsError(
                "STRIPE_SECRET_KEY could write (sk_…), and ORDERSYNC_REQUIRE_RESTRICTED_KEY refuses that: "
                + WHERE_TO_GET["STRIPE_SECRET_KEY"]
            )
        return key

    @property
    def key_advice(self) -> tuple[str, ...]:
        """What to say of a live key that could do more than read."""
        if not self.is_live or self.stripe_key.startswith("rk_"):
            return ()
        return (
            "STRIPE_SECRET_KEY could move live money (sk_live_…), and reading is all that is needed: "
            f"{WHERE_TO_GET['STRIPE_SECRET_KEY']}.",
        )

    @property
    def is_live(self) -> bool:
        """Whether the Stripe key belongs to live mode."""
        return bool(_LIVE_KEY.match(self.stripe_key))

    @property
    def printful_key(self) -> str:
        """The token; raises SettingsError for one that cannot be right."""
        key = _secret(self.printful_api_key)
        if re.match(r"(sk|rk|pk)_(live|test)_", key):
            raise SettingsError("PRINTFUL_API_KEY holds a Stripe key: were the two swapped?")
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            raise SettingsError("PRINTFUL_API_KEY has blanks or odd characters in it: copy it again")
        return key

    @property
    def printful_account(self) -> str:
        """Whose rate limit a Printful request counts for; "" where there is no token."""
        return _secret(self.printful_api_key)

    @property
    def database(self) -> str:
        return _secret(self.database_url)

    @property
    def hash_key(self) -> str:
        """The key of the hashes in `ordersync_audit`; "" for the database's own."""
        return _secret(self.ordersync_hash_key)

    @property
    def ca_bundle(self) -> str | None:
        """Certificates to trust instead of the usual ones; raises SettingsError where there is no such file."""
        if self.ordersync_ca_bundle and not self.ordersync_ca_bundle.is_file():
            raise SettingsError(f"ORDERSYNC_CA_BUNDLE names no file: {self.ordersync_ca_bundle}")
        return str(self.ordersync_ca_bundle) if self.ordersync_ca_bundle else None

    @property
    def layout(self) -> Layout:
        """Where the shop's tables are and ours go; raises SettingsError for a file or a name that cannot be."""
        schema = (self.ordersync_schema or "").strip() or None
        if schema and not re.fullmatch(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", schema):
            raise SettingsError("ORDERSYNC_SCHEMA is a name of small letters, digits and _, such as ordersync")
        mapping = read_mapping(self.ordersync_config) if self.ordersync_config else ShopMapping()
        return Layout(mapping, schema)

    @property
    def modes(self) -> frozenset[str]:
        """The session modes that become orders."""
        modes = {mode.strip() for mode in self.ordersync_checkout_modes.split(",") if mode.strip()}
        if not modes or modes - set(CheckoutMode):
            raise SettingsError("ORDERSYNC_CHECKOUT_MODES is a list of `payment` and `subscription`")
        return frozenset(modes)

    @property
    def match(self) -> SessionMatch | None:
        """Which sessions are this shop's; None for all."""
        text = (self.ordersync_session_match or "").strip()
        if not text:
            return None
        link = re.fullmatch(r"payment_link=(\S+)", text)
        if link:
            return SessionMatch(value=link[1])
        pair = re.fullmatch(r"metadata\.([^=]+)(?:=(.*))?", text)
        if not pair:
            raise SettingsError("ORDERSYNC_SESSION_MATCH is metadata.KEY, metadata.KEY=VALUE or payment_link=ID")
        return SessionMatch(pair[1], pair[2])

    def require(self, *names: str) -> None:
        """Raise SettingsError that names every one of `names` that is not set, with where to get it."""
        missing = [name for name in names if not _is_set(getattr(self, name.lower()))]
        if missing:
            advice = "; ".join(f"{name} ({WHERE_TO_GET[name]})" for name in missing)
            raise SettingsError(f"not set: {advice}. Put it into the environment or into .env")

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Hosts beside the vendors' own that a key may be sent to."""
        hosts = {host.strip().lower() for host in self.ordersync_allowed_hosts.split(",") if host.strip()}
        if not all(_HOST.fullmatch(host) for host in hosts):
            raise SettingsError("ORDERSYNC_ALLOWED_HOSTS is a list of host names, such as stripe.gateway.example.com")
        return frozenset(hosts)

    def check_bases(self) -> None:
        """Raise SettingsError for an API base that a key must not be sent to."""
        allowed = self.allowed_hosts
        for name, own in (("STRIPE_API_BASE", STRIPE_HOST), ("PRINTFUL_API_BASE", PRINTFUL_HOST)):
            base = getattr(self, name.lower())
            if not _is_safe_base(base):
                raise SettingsError(f"{name} must be https://…, or http:// on this machine (127.0.0.1, localhost)")
            host = urlsplit(base).hostname or ""
            if host != own and host not in allowed and not _is_loopback(host):
                raise SettingsError(
                    f"{name} leads to {host}, and the key would go there: it may go to {own} and to this machine only. "
                    "If it is a gateway of your own, name it in ORDERSYNC_ALLOWED_HOSTS"
                )


def read_settings(env_file: Path | None = None) -> Settings:
    """Read environment, `env_file` and ORDERSYNC_SECRETS_DIR; raises SettingsError that says all that is wrong.

    An ordersync.toml beside it, or in the working directory, is used unless ORDERSYNC_CONFIG names another.
    """
    if os.environ.get("STRIPE_LOG", "").lower() == "debug":
        raise SettingsError("STRIPE_LOG=debug writes customers' data into the log: unset it")
    try:
        settings = Settings(_env_file=env_file)
        if folder := settings.ordersync_secrets_dir:
            if not folder.is_dir():
                raise SettingsError(f"ORDERSYNC_SECRETS_DIR is no folder: {folder}")
            settings = Settings(_env_file=env_file, _secrets_dir=folder)
    except OSError as error:
        raise SettingsError(f"settings cannot be read: {error.strerror} ({error.filename})") from None
    except ValidationError as error:
        wrong = "; ".join(f"{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors(include_input=False))
        raise SettingsError(f"settings that cannot be: {wrong}") from None
    settings.check_bases()
    beside = (env_file.parent if env_file else Path()) / MAPPING_FILE
    if settings.ordersync_config is None and beside.is_file():
        return settings.model_copy(update={"ordersync_config": beside})
    return settings


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value().strip() if value else ""


def _is_set(value: SecretStr | None) -> bool:
    return bool(_secret(value))


def _is_safe_base(base: str) -> bool:
    try:
        parts = urlsplit(base)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

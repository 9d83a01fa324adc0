"""Settings: environment, then `.env`, then a folder of secrets. All are read and checked once, before any request."""

import os
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from ordersync_dagster.adapters.database.schema.shop_mapping import MAPPING_FILE, Layout, ShopMapping
from ordersync_dagster.app import setting_values as values
from ordersync_dagster.app.metrics_settings import metrics_file, metrics_shop, pushgateway
from ordersync_dagster.app.misspelt import misspelt
from ordersync_dagster.app.shop_settings import ShopSettings
from ordersync_dagster.app.wrong_settings import MULTILINE, not_taken, with_control_character
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import SessionMatch


class Settings(ShopSettings):
    """Every setting by its name; `.env.example` describes each. Secrets print as stars.

    A setting with a wrong value has its default and a fault; `require` raises as long as there is a fault.
    """

    model_config = SettingsConfigDict(
        extra="ignore",
        env_ignore_empty=True,
        enable_decoding=False,
        validate_default=False,
        frozen=True,
        dotenv_filtering="only_existing",  # else 1,000 shops' variables in .env take seconds
    )

    ordersync_require_restricted_key: bool = False  # before the key: its validator reads it
    ordersync_allowed_hosts: Annotated[frozenset[str], BeforeValidator(values.host_names)] = (
        frozenset()
    )  # before the bases
    stripe_secret_key: Annotated[SecretStr | None, BeforeValidator(values.stripe_key)] = None
    printful_api_key: Annotated[SecretStr | None, BeforeValidator(values.printful_key)] = None
    printful_store_id: Annotated[str | None, BeforeValidator(values.store_id)] = None
    printful_delivery: Annotated[Literal["fulfilled", "shipments"] | None, BeforeValidator(values.delivery)] = None
    database_url: Annotated[SecretStr | None, BeforeValidator(values.checked_database_url)] = None
    stripe_api_base: Annotated[str, BeforeValidator(values.api_base)] = f"https://{values.STRIPE_HOST}"
    printful_api_base: Annotated[str, BeforeValidator(values.api_base)] = f"https://{values.PRINTFUL_HOST}"
    stripe_requests_per_second: int = Field(20, ge=1, le=100)
    printful_requests_per_minute: int = Field(110, ge=1, le=10_000)
    ordersync_session_match: Annotated[SessionMatch | None, BeforeValidator(values.session_match)] = None
    ordersync_checkout_modes: Annotated[frozenset[values.CheckoutMode], BeforeValidator(values.checkout_modes)] = (
        frozenset(values.CheckoutMode)
    )
    ordersync_include_free_orders: bool = False
    ordersync_grace_minutes: int = Field(15, ge=0, le=1440)
    ordersync_unpaid_days: int = Field(14, ge=1, le=3660)
    ordersync_stuck_hours: int = Field(24, ge=1, le=8760)
    ordersync_mixed_goods: bool = False
    ordersync_late_days: int = Field(7, ge=1, le=3660)
    ordersync_other_channels: bool | None = None
    ordersync_shadow: bool = False
    ordersync_set_refunded: bool = True
    ordersync_start_date: date | None = None
    ordersync_state_dir: Path | None = None
    ordersync_rates_url: Annotated[SecretStr | None, BeforeValidator(values.rates_url)] = None
    ordersync_shop: str = ""  # which of several; else the name that the command line or Dagster is to take
    stripe_account: Annotated[str | None, BeforeValidator(values.account)] = None
    printful_account: Annotated[str | None, BeforeValidator(values.account)] = None
    ordersync_config: Annotated[ShopMapping, BeforeValidator(values.mapping_file)] = ShopMapping()
    ordersync_schema: Annotated[str | None, BeforeValidator(values.schema)] = None
    ordersync_hash_key: SecretStr | None = None
    ordersync_metrics_file: Annotated[Path | None, BeforeValidator(metrics_file)] = None
    ordersync_metrics_pushgateway: Annotated[SecretStr | None, BeforeValidator(pushgateway)] = None
    ordersync_metrics_shop: Annotated[str | None, BeforeValidator(metrics_shop)] = None
    ordersync_alert_urls: Annotated[SecretStr | None, BeforeValidator(values.alert_urls)] = None
    ordersync_alert_classes: Annotated[frozenset[ProblemClass], BeforeValidator(values.alert_classes)] = frozenset(
        each for each in ProblemClass if each.needs_person
    )
    ordersync_silence_hours: int = Field(26, ge=1, le=8760)
    ordersync_dagster_url: Annotated[str | None, BeforeValidator(values.web_address)] = None
    ordersync_ca_bundle: Annotated[str | None, BeforeValidator(values.certificates)] = None
    ordersync_secrets_dir: Annotated[Path | None, BeforeValidator(values.secrets_dir)] = None

    @property
    def stripe_key(self) -> str:
        return _secret(self.stripe_secret_key)

    @property
    def is_live(self) -> bool:
        """Whether the Stripe key belongs to live mode."""
        return self.stripe_key[3:].startswith("live_")

    @property
    def key_advice(self) -> tuple[str, ...]:
        """A warning of a live key that could do more than read."""
        if not self.stripe_key.startswith("sk_live_"):
            return ()
        return (
            "STRIPE_SECRET_KEY could move live money (sk_live_…), and reading is all that is needed: "
            f"{values.WHERE_TO_GET['STRIPE_SECRET_KEY']}.",
        )

    @property
    def printful_key(self) -> str:
        return _secret(self.printful_api_key)

    @property
    def waits_for_parcels(self) -> bool:
        """Whether an order is delivered only when all of its parcels are."""
        return (self.printful_delivery or self.layout.mapping.printful.delivery) == "shipments"

    @property
    def database(self) -> str:
        return _secret(self.database_url)

    @property
    def hash_key(self) -> str:
        """The key of the hashes in `ordersync_audit`; "" for the database's own."""
        return _secret(self.ordersync_hash_key)

    @property
    def metrics_pushgateway(self) -> str:
        """The push gateway, perhaps with user and password."""
        return _secret(self.ordersync_metrics_pushgateway)

    @property
    def alert_urls(self) -> tuple[str, ...]:
        """Where alerts go; each is a secret."""
        return values.listed_urls(_secret(self.ordersync_alert_urls))

    @property
    def layout(self) -> Layout:
        """Where the shop's tables are and ours go."""
        return Layout(self.ordersync_config, self.ordersync_schema)

    def wrong_or_missing(self, names: Iterable[str]) -> list[str]:
        """A sentence for each of `names` that is wrong, or that is not set and has no default."""
        found = dict(self.faults)
        for name in values.WHERE_TO_GET.keys() - found.keys():
            if not getattr(self, name.lower()):
                found[name] = self._missing(name)
        return [self.in_words_of_shop(found[name]) for name in names if name in found]

    def _missing(self, name: str) -> str:
        sentence = f"{name} is not set in the environment or in .env: {values.WHERE_TO_GET[name]}"
        is_unnamed = self.shop and name not in self.names
        return f"{sentence}; name its variable in the entry of {self.shop} (docs/shops.md)" if is_unnamed else sentence

    def require(self, *names: str) -> None:
        """Raise one SettingsError for every setting that is wrong and for those of `names` that are missing."""
        if sentences := self.wrong_or_missing(dict.fromkeys((*self.faults, *names))):
            count = [f"{len(sentences)} settings are wrong or missing:"] if len(sentences) > 1 else []
            raise SettingsError("\n  ".join([*count, *sentences]))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # _SecretsFolder takes its place
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first one that names a setting gives its value. The last is ordersync.toml beside `.env`."""
        beside = Path(getattr(dotenv_settings, "env_file", None) or MAPPING_FILE).with_name(MAPPING_FILE)
        mapping = InitSettingsSource(settings_cls, {"ordersync_config": beside} if beside.exists() else {})
        return init_settings, env_settings, dotenv_settings, _SecretsFolder(settings_cls), mapping

    @model_validator(mode="wrap")
    @classmethod
    def _collect_faults(cls, given: Mapping[str, Any], parse: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        """Leave out wrong values and note why, so that one message can name all. A blank value counts as not set."""
        ours = {name: given[name] for name in given if name in cls.model_fields}  # .env has other programs' names too
        trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in ours.items()}
        odd = [name for name, value in trimmed.items() if values.has_control_character(value)]
        faults = {name: with_control_character(name) for name in odd if name not in MULTILINE}
        named = {name: value for name, value in trimmed.items() if value != "" and name not in faults}
        try:
            settings = parse(named)
        except ValidationError as error:
            faults |= {
                str(each["loc"][0]): not_taken(each, named, cls.model_fields)
                for each in error.errors(include_input=False)
            }
            settings = parse({name: value for name, value in named.items() if name not in faults})
        settings.faults.update({name.upper(): sentence for name, sentence in faults.items()})
        settings._given = trimmed
        return settings


class _SecretsFolder(SecretsSettingsSource):
    """A file for each secret, in the folder that the environment or `.env` names."""

    def __call__(self) -> dict[str, Any]:
        folder = self.current_state.get("ordersync_secrets_dir")
        self.secrets_dir = folder if folder and Path(folder).is_dir() else None  # else the field's validator says so
        return super().__call__()


def read_settings(env_file: Path | None = None) -> Settings:
    """Read all settings; a wrong one becomes a fault. Raises SettingsError where a file cannot be read.

    An ordersync.toml beside `env_file`, or in the working directory, is used unless ORDERSYNC_CONFIG names another.
    """
    try:
        settings = Settings(_env_file=env_file)
    except OSError as error:
        raise SettingsError(f"settings cannot be read: {error.strerror} ({error.filename})") from None
    except ValueError:  # UnicodeDecodeError, or pydantic's around it; its words show bytes of the file
        raise SettingsError("a file of settings (.env or a secret) is not UTF-8 text: save it again as UTF-8") from None
    settings.faults.update(misspelt(Settings, env_file, settings.ordersync_secrets_dir, settings.ordersync_config.shop))
    if os.environ.get("STRIPE_LOG", "").lower() == "debug":
        settings.faults["STRIPE_LOG"] = "STRIPE_LOG=debug writes customers' data into the log: unset it"
    return settings


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""

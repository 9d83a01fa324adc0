"""Where a key may be sent."""

import pytest

from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.core.errors import SettingsError


@pytest.mark.parametrize("name", ["STRIPE_API_BASE", "PRINTFUL_API_BASE"])
@pytest.mark.parametrize(
    "base",
    [
        "http://169.254.169.254",
        "http://stripe.example.com",
        "file:///etc/passwd",
        "ftp://127.0.0.1",
        "https://user:pass@example.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "https://example.com?next=",
        "https://example.com#x",
        "https://",
        "api.stripe.com",
        "http://0.0.0.0",
        "http://[::1",
        "https://example.com:port",
    ],
)
def test_a_key_is_never_sent_to_a_doubtful_base(name: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, base)
    with pytest.raises(SettingsError, match=rf"{name} must be https"):
        read_settings().require()


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("STRIPE_API_BASE", "https://api.example.com/v9"),
        ("STRIPE_API_BASE", "https://api.stripe.com.example.com"),
        ("STRIPE_API_BASE", "https://api.stripe.com."),
        ("STRIPE_API_BASE", "https://api.printful.com"),
        ("PRINTFUL_API_BASE", "https://api.stripe.com"),
        ("PRINTFUL_API_BASE", "https://169.254.169.254"),
    ],
)
def test_a_key_is_sent_to_its_own_vendor_alone(name: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, base)
    with pytest.raises(SettingsError, match=rf"{name} leads to .*, and the key would go there: .*ALLOWED_HOSTS"):
        read_settings().require()


@pytest.mark.parametrize(
    "base",
    [
        "https://api.stripe.com/v9",
        "https://API.stripe.com:443",
        "https://127.0.0.1:8443",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:5",
    ],
)
def test_the_vendors_own_host_and_this_machine_are_fine(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", base)
    assert read_settings().stripe_api_base == base


def test_a_gateway_of_the_shops_own_is_fine_where_it_is_named_and_asked_by_https(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORDERSYNC_ALLOWED_HOSTS", "other.example.com, Gateway.example.com")
    monkeypatch.setenv("STRIPE_API_BASE", "https://gateway.example.com/stripe")
    monkeypatch.setenv("PRINTFUL_API_BASE", "https://gateway.example.com:8443/printful")
    assert read_settings().stripe_api_base == "https://gateway.example.com/stripe"
    monkeypatch.setenv("STRIPE_API_BASE", "http://gateway.example.com/stripe")
    with pytest.raises(SettingsError, match="STRIPE_API_BASE must be https"):
        read_settings().require()


@pytest.mark.parametrize("hosts", ["*", "https://a.example.com", "a.example.com:8443", ".example.com", "a b"])
def test_what_is_no_list_of_hosts_is_refused(hosts: str) -> None:
    with pytest.raises(SettingsError, match="ORDERSYNC_ALLOWED_HOSTS is a list of host names"):
        Settings(ordersync_allowed_hosts=hosts).require()


@pytest.mark.parametrize(
    "address",
    [
        "dagster.example.com",
        "ftp://dagster.example.com",
        "https://",
        "https://ann:s3cret@dagster.example.com",
        "https://dagster.example.com/?token=x",
        "https://dagster.example.com/#runs",
        "https://dagster.example.com/a b",
        "https://dagster.example.com:port",
        "javascript:alert(1)",
    ],
)
def test_the_address_of_dagster_is_one_that_a_browser_opens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSYNC_DAGSTER_URL", address)
    with pytest.raises(SettingsError, match="ORDERSYNC_DAGSTER_URL is the address of Dagster's web UI") as refused:
        read_settings().require()
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("address", ["https://dagster.example.com/prod/", "http://dagster.internal:3000"])
def test_the_address_of_dagster_may_have_a_path_and_a_port(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSYNC_DAGSTER_URL", address)
    assert read_settings().ordersync_dagster_url == address.rstrip("/")

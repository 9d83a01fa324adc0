"""What both versions of Printful's API need to let us in."""

from ordersync_dagster.adapters.http.client import Answer
from ordersync_dagster.core.errors import KeyRefusedError, SettingsError


def printful_headers(token: str, store_id: str | None) -> dict[str, str]:
    """The headers of every request."""
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "ordersync", "Accept": "application/json"}
    return headers | ({"X-PF-Store-Id": store_id} if store_id else {})


def require_access(answer: Answer, api: str = "Printful") -> None:
    """Raise KeyRefusedError or SettingsError where `api` does not let the token in."""
    if answer.status in (401, 403):
        raise KeyRefusedError(
            f"{api} refused PRINTFUL_API_KEY (HTTP {answer.status}): it is wrong or expired, or lacks the scope "
            "“View orders of the authorized store”. Make a private token at https://developers.printful.com."
        )
    if answer.status == 400 and "store_id" in str(answer.body):
        raise SettingsError("the Printful token sees several stores: set PRINTFUL_STORE_ID to the one of this shop")

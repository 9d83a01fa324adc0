"""One Printful store as a token may read it, by both versions of the API."""

from functools import partial

from ordersync_dagster.adapters.http.client import Answer, GuardedSession, RetryPolicy, Traffic, get_with_retries
from ordersync_dagster.core.errors import KeyRefusedError, SettingsError

VENDOR = "Printful"


class PrintfulAccess:
    """Sends the requests of both readers; they share session, rate limit and counts."""

    def __init__(
        self,
        token: str,
        base: str,
        session: GuardedSession,
        retry_policy: RetryPolicy,
        traffic: Traffic,
        store_id: str | None,
    ) -> None:
        self._base, self._session = base.rstrip("/"), session
        self._retry_policy, self._traffic = retry_policy, traffic
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "ordersync"}
        self._headers |= {"X-PF-Store-Id": store_id} if store_id else {}

    def get(self, path: str, params: dict[str, int], accept: str = "application/json") -> Answer:
        """The answer to one request, after retries; raises VendorUnavailableError."""
        headers = self._headers | {"Accept": accept}
        fetch = partial(self._session.get, f"{self._base}{path}", params=params, headers=headers)
        return get_with_retries(fetch, VENDOR, self._retry_policy, self._traffic)


def require_access(answer: Answer, api: str = "Printful") -> None:
    """Raise KeyRefusedError or SettingsError where `api` does not let the token in."""
    if answer.status in (401, 403):
        raise KeyRefusedError(
            f"{api} refused PRINTFUL_API_KEY (HTTP {answer.status}): it is wrong or expired, or lacks the scope "
            "“View orders of the authorized store”. Make a private token at https://developers.printful.com."
        )
    if answer.status == 400 and "store_id" in str(answer.body):
        raise SettingsError("the Printful token sees several stores: set PRINTFUL_STORE_ID to the one of this shop")

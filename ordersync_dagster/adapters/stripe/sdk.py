"""The official SDK's HTTP client on our own session: it sends each request once and gives the answer as it came."""

from collections.abc import Mapping
from typing import NoReturn

import requests
import stripe

from ordersync_dagster.adapters.http.client import GuardedSession


class SdkClient(stripe.RequestsClient):
    """The SDK's client, but its exception texts hold no bodies of answers."""

    def __init__(self, session: GuardedSession) -> None:
        stripe.enable_telemetry = False
        super().__init__(session=session)

    def _handle_request_error(self, e: Exception) -> NoReturn:
        raise e

    def get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """One answer, whatever its status. Raises requests.RequestException where none came."""
        response = requests.Response()
        response._content, response.status_code, answered = self.request("get", url, headers)
        response.headers = requests.structures.CaseInsensitiveDict(answered)
        return response

"""Stripe's error bodies."""

from ordersync_dagster.sandbox.vendors.keys import ACCOUNT
from ordersync_dagster.sandbox.vendors.wire import Answer, Header
from ordersync_dagster.sandbox.world.world import dump

INVALID = "invalid_request_error"
DOCS = "https://docs.stripe.com/error-codes/"


class StripeError(Exception):
    """A refused request."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = INVALID,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._details = {"code": code, "param": param, "type": kind}
        self._doc_url = {} if code is None else {"doc_url": DOCS + code.replace("_", "-")}

    def answer(self, headers: tuple[Header, ...] = ()) -> Answer:
        """The refusal as JSON; details without a value are left out."""
        known = {name: value for name, value in self._details.items() if value is not None}
        body = dump({"error": {**known, **self._doc_url, "message": str(self)}})
        return Answer(self.status, body).with_headers(headers)


def no_key() -> StripeError:
    """No Authorization header."""
    return StripeError(401, "You did not provide an API key. It belongs in the Authorization header.")


def wrong_key(key: str) -> StripeError:
    """An unknown key; only its start and end are repeated."""
    return StripeError(401, f"Invalid API Key provided: {masked(key)}")


def not_permitted(key: str, slug: str) -> StripeError:
    """A restricted key without the permission."""
    return StripeError(
        403,
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint "
        f"on account '{ACCOUNT}'. Having the '{slug}' permission would allow this request to continue.",
    )


def masked(key: str) -> str:
    """A key with its middle hidden."""
    return f"{key[:8]}{'*' * max(len(key) - 12, 4)}{key[-4:]}"


def missing(what: str, entry_id: str, *, status: int = 404, param: str = "id") -> StripeError:
    """An unknown id; as a cursor it is a 400."""
    return StripeError(status, f"No such {what}: '{entry_id}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> StripeError:
    """A path without an endpoint."""
    return StripeError(404, f"Unrecognized request URL ({method}: {path}).")


def unknown_param(name: str) -> StripeError:
    """A parameter that the endpoint does not take."""
    return StripeError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def invalid(name: str, message: str, code: str | None = None) -> StripeError:
    """A parameter with an invalid value."""
    return StripeError(400, message, code=code, param=name)


def read_only(method: str) -> StripeError:
    """Any method but GET."""
    return StripeError(405, f"The sandbox only answers GET, not {method}.")


def by_status(status: int) -> StripeError:
    """Stripe's error for a status, for faults on request."""
    if status == 429:
        return StripeError(429, "Request rate limit exceeded.", code="rate_limit")
    if status >= 500:
        return StripeError(status, "An unknown error occurred on Stripe's side.", kind="api_error")
    return StripeError(status, f"The request was refused with status {status}.")

"""Why a vendor could not be asked at all, for a person; never with the key or the query in it."""

from urllib.parse import urlsplit

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

_CAUSES = (
    (NameResolutionError, "this machine does not know the name {host}"),
    (NewConnectionError, "{host} takes no connection"),
    (ConnectTimeoutError, "{host} says nothing"),  # the kind above is one of these
)


def why_unreached(error: OSError) -> str:
    """The cause of an error of requests; empty where a connection came about."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    host = urlsplit(getattr(getattr(error, "request", None), "url", None) or "").netloc or "its host"
    return next((words.format(host=host) for kind, words in _CAUSES if isinstance(reason, kind)), "")

"""A request and an answer, without a web framework."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

Header = tuple[str, str]
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]

    @property
    def target(self) -> str:
        """Path and query as one string."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None

    def params(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded, in order."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = (("content-type", JSON),)

    def with_headers(self, headers: Iterable[Header]) -> "Answer":
        """This answer with more headers; a repeated name replaces the earlier header."""
        added = tuple(headers)
        names = {name.lower() for name, _ in added}
        kept = tuple(header for header in self.headers if header[0].lower() not in names)
        return Answer(self.status, self.body, kept + added)

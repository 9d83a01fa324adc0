"""A client that speaks to the sandbox as a program would."""

from dataclasses import dataclass, field
from typing import Any

import requests


@dataclass
class Client:
    """GETs with a key over one kept-alive connection."""

    url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **params: Any) -> requests.Response:
        """`gte=…` and friends mean `created[gte]`; `expand` means `expand[]`."""
        renamed = {_wire_name(name): value for name, value in params.items()}
        return self.session.get(
            self.url + path, params=renamed, headers={"Authorization": f"Bearer {self.key}"}, timeout=10
        )

    def walk(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every record of a Stripe list, page after page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, **params).json()
            found += page["data"]
            if not page["has_more"]:
                return found
            params["starting_after"] = page["data"][-1]["id"]


def _wire_name(name: str) -> str:
    if name in {"gt", "gte", "lt", "lte"}:
        return f"created[{name}]"
    return {"expand": "expand[]", "types": "types[]"}.get(name, name)

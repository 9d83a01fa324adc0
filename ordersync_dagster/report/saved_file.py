"""Files that a later command reads again: JSON with a digest of itself, written whole or not at all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ordersync_dagster import __version__
from ordersync_dagster.core.errors import SavedFileError, SettingsError
from ordersync_dagster.report.files import check_place


def require_free(path: Path, option: str, kind: str) -> None:
    """As `check_place`, and where `path` is a file of another kind already: only a file of `kind` is replaced."""
    check_place(option, path)
    if path.exists() and _kind_of(path) != kind:
        raise SettingsError(f"{option} {path}: the file exists and is no {kind}; choose another name")


def sealed(kind: str, schema_version: int, facts: Mapping[str, Any]) -> str:
    """The text of a file of `kind`, with the release that made it and a digest of all that it says."""
    document = {"format": kind, "schema_version": schema_version, "version": __version__, **facts}
    return json.dumps({**document, "digest": _digest(document)}, ensure_ascii=True, indent=2) + "\n"


def unsealed(path: Path, kind: str, schema_version: int) -> dict[str, Any]:
    """The content of a file of `kind`; raises SavedFileError with the reason why it cannot be used."""
    try:
        document = _read(path)
    except OSError as error:
        raise SavedFileError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SavedFileError(f"{path} is damaged or no {kind}: it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != kind:
        raise SavedFileError(f"{path} is no {kind}")
    if document.get("schema_version") != schema_version:
        shown = str(document.get("schema_version"))[:20]
        raise SavedFileError(
            f"{path} has schema_version {shown}, and this release reads {schema_version}: make a new {kind}"
        )
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise SavedFileError(f"{path} was edited or is damaged: its digest does not fit what it says. Make a new one.")
    return document


def _read(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"))


def _kind_of(path: Path) -> object:
    try:
        document = _read(path)
    except (OSError, ValueError, RecursionError):
        return None
    return document.get("format") if isinstance(document, dict) else None


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

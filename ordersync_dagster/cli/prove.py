"""`ordersync prove`: every paid session of a day has its order, in numbers that anybody can compute again."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.asked import FIRST_DAY, LAST_DAY, chosen_window
from ordersync_dagster.cli.console import AS_JSON, say, settings, show
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.exit_codes import FAILED, OK

if TYPE_CHECKING:
    from ordersync_dagster.app.proofs import Proved

KEPT = typer.Option("-o", "--output", metavar="FILE", help="Keep the proof, for --check.")
CHECKED = typer.Option(metavar="FILE", help="Does a kept proof still hold, and what changed since?")
MOVED = typer.Option("--moved", help="With --check: the shop's database has another address than when FILE was made.")


def prove(
    first: Annotated[datetime | None, FIRST_DAY] = None,
    last: Annotated[datetime | None, LAST_DAY] = None,
    output: Annotated[Path | None, KEPT] = None,
    check: Annotated[Path | None, CHECKED] = None,
    moved: Annotated[bool, MOVED] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Prove that every paid session of the days has an order with the same amount; change nothing."""
    from ordersync_dagster.app.wiring import utc_now
    from ordersync_dagster.report.proof_file import PROOF_KIND
    from ordersync_dagster.report.saved_file import require_free

    if output is not None:
        require_free(output, "--output", PROOF_KIND)
    if check is not None:
        if first or last:
            raise SettingsError("--check proves the days of its file: leave out --from and --to")
        proved = _checked(check, is_moved=moved)
    else:
        if moved or first is None or last is None:
            raise SettingsError("give --from and --to, each a day such as 2026-01-31; or --check FILE (and --moved)")
        proved = _proved(first, last, utc_now())
    _print(proved, as_json)
    is_kept = output is None or _keep(proved, output)
    raise typer.Exit(OK if proved.holds and is_kept else FAILED)


def _proved(first: datetime, last: datetime, now: datetime) -> "Proved":
    from ordersync_dagster.app.proofs import Proofs

    return Proofs(settings()).prove(chosen_window(None, first, last, now))


def _checked(path: Path, *, is_moved: bool) -> "Proved":
    from ordersync_dagster.app.proofs import Proofs
    from ordersync_dagster.report.proof_file import read_proof

    return Proofs(settings()).check(read_proof(path), path, is_moved=is_moved)


def _print(proved: "Proved", as_json: bool) -> None:
    from ordersync_dagster.report.proof_file import proof_document
    from ordersync_dagster.report.proof_text import proofs_text

    say(proved.headline)
    for warning in proved.warnings:
        say(f"Warning: {warning}")
    if as_json:
        show(json.dumps(proof_document(proved.proof, proved.warnings, proved.changes), indent=2))
    else:
        show(proofs_text(proved.proof.days, proved.changes, proved.refunded))


def _keep(proved: "Proved", path: Path) -> bool:
    from ordersync_dagster.report.files import write_whole
    from ordersync_dagster.report.proof_file import proof_file_text

    try:
        write_whole(path, proof_file_text(proved.proof))
    except OSError as refused:
        say(f"ordersync: the proof is made, but {path} could not be written: {refused.strerror}")
        return False
    say(f"Kept the proof in {path}. To check it later: ordersync prove --check {path}")
    return True

"""A file that is always whole and that node-exporter can read, and a push gateway."""

import os
import stat
from base64 import b64encode
from pathlib import Path

import pytest

from ordersync_dagster.adapters.metrics.sinks import MetricsFile, PushGateway
from ordersync_dagster.core.metrics import Metric
from ordersync_dagster_tests.support.certificates import NEEDS_OPENSSL, self_signed_context
from ordersync_dagster_tests.support.metrics import push_gateway, samples_of, value

STATE = Metric("ordersync_last_run_state", "The state.", [({"state": "failed"}, 0), ({"state": "succeeded"}, 1)])
SUCCESS = Metric("ordersync_last_success_timestamp_seconds", "When.", [({}, 1_794_622_205)])
ODD = Metric("ordersync_odd", 'A "help" with \\ in it.', [({"reason": 'a "b" \\ c\nd'}, 1.5)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ordersync.prom"


def test_the_file_can_be_read_strictly(path: Path) -> None:
    MetricsFile(path, {}).publish([STATE, SUCCESS, ODD])
    text = path.read_text()
    assert value(text, "ordersync_last_run_state", state="succeeded") == 1
    assert value(text, "ordersync_last_success_timestamp_seconds") == 1_794_622_205
    assert value(text, "ordersync_odd", reason='a "b" \\ c\nd') == 1.5
    assert len(samples_of(text)) == 4


def test_each_sample_has_the_label_of_the_shop(path: Path) -> None:
    MetricsFile(path, {"shop": "prints"}).publish([STATE, SUCCESS])
    assert {dict(labels)["shop"] for _, labels in samples_of(path.read_text())} == {"prints"}


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_everybody_may_read_it_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        MetricsFile(path, {}).publish([STATE])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_nothing_else_is_left_in_the_folder(path: Path) -> None:
    for _ in range(2):
        MetricsFile(path, {}).publish([STATE])
    assert [each.name for each in path.parent.iterdir()] == ["ordersync.prom"]


def test_a_file_that_cannot_be_replaced_leaves_the_old_one_and_no_rest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    MetricsFile(path, {}).publish([STATE])
    before = path.read_text()

    def refuse(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        MetricsFile(path, {}).publish([STATE, SUCCESS])
    assert path.read_text() == before
    assert [each.name for each in path.parent.iterdir()] == ["ordersync.prom"]


def test_it_is_never_read_before_it_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """node-exporter reads every file whose name ends with .prom."""
    seen: list[str] = []
    move = Path.replace

    def look(made: Path, target: Path) -> Path:
        seen.append(made.name)
        assert samples_of(made.read_text())
        return move(made, target)

    monkeypatch.setattr(Path, "replace", look)
    MetricsFile(path, {}).publish([STATE])
    assert len(seen) == 1
    assert not seen[0].endswith(".prom")


def test_what_is_not_known_now_is_kept_from_before(path: Path) -> None:
    MetricsFile(path, {"shop": "prints"}).publish([STATE, SUCCESS])
    failed = Metric(STATE.name, STATE.help, [({"state": "failed"}, 1), ({"state": "succeeded"}, 0)])
    for _ in range(2):
        MetricsFile(path, {"shop": "prints"}).publish([failed])
    text = path.read_text()
    assert value(text, STATE.name, state="failed", shop="prints") == 1
    assert value(text, SUCCESS.name, shop="prints") == 1_794_622_205


@pytest.mark.parametrize(("before", "after"), [("prints", None), (None, "prints"), ("prints", "mugs")])
def test_what_was_kept_under_another_label_is_not_mixed_in(path: Path, before: str | None, after: str | None) -> None:
    old, new = ({"shop": name} if name else {} for name in (before, after))
    MetricsFile(path, old).publish([STATE, SUCCESS])
    MetricsFile(path, new).publish([STATE])
    assert {dict(labels).get("shop") for _, labels in samples_of(path.read_text())} == {after}


@pytest.mark.parametrize("text", ["", "not { metrics", "other_metric 1\n", "\x00\xff"])
def test_another_file_in_its_place_is_replaced(path: Path, text: str) -> None:
    path.write_text(text, encoding="latin-1")
    MetricsFile(path, {}).publish([STATE])
    assert {name for name, _ in samples_of(path.read_text())} == {STATE.name}


def test_a_gateway_gets_them_under_the_job_and_the_shop() -> None:
    with push_gateway() as got:
        PushGateway(got.url, {"shop": "prints"}).publish([STATE, SUCCESS])
        PushGateway(got.url, {}).publish([STATE])
    (method, path, authorization, body), (_, plain, _, _) = got.requests
    assert (method, path, plain) == ("POST", "/metrics/job/ordersync/shop/prints", "/metrics/job/ordersync")
    assert authorization == ""
    assert value(body, SUCCESS.name) == 1_794_622_205


def test_user_and_password_go_to_the_gateway_and_nowhere_else() -> None:
    with push_gateway() as got:
        sink = PushGateway(got.url.replace("//", "//ada:s3cret@"), {})
        sink.publish([STATE])
    assert sink.name == got.url
    assert got.requests[0][2] == f"Basic {b64encode(b'ada:s3cret').decode()}"


@NEEDS_OPENSSL
def test_a_gateway_over_tls_is_trusted_by_the_bundle_alone(tmp_path: Path) -> None:
    context, certificate = self_signed_context(tmp_path)
    with push_gateway(context) as got:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            PushGateway(got.url, {}).publish([STATE])
        PushGateway(got.url.replace("//", "//ada:s3cret@"), {}, str(certificate)).publish([STATE])
    assert [(method, bool(login)) for method, _, login, _ in got.requests] == [("POST", True)]


def test_a_gateway_that_refuses_raises() -> None:
    with push_gateway() as got:
        got.status = 500
        with pytest.raises(OSError, match="500"):
            PushGateway(got.url, {}).publish([STATE])

"""What the one way out lets neither out nor in."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import requests

from ordersync_dagster.adapters.http import client
from ordersync_dagster.adapters.http.client import GetOnlyError
from ordersync_dagster.core.errors import VendorAnswerError
from ordersync_dagster.sandbox import Fault, Sandbox
from ordersync_dagster_tests.adapters.http.reader import HEADERS, ORDERS, Reader, refuse


def test_an_oversized_body_is_refused_and_not_asked_for_again(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BODY_LIMIT", 1000)
    with pytest.raises(VendorAnswerError, match="larger than"):
        reader.read()
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(sandbox: Sandbox, reader: Reader, status: int) -> None:
    refuse(sandbox, status, None, Location=f"{sandbox.url}/v1/refunds")
    with pytest.raises(VendorAnswerError, match=f"redirect .{status}., which is not followed"):
        reader.read()
    assert [request.path for request in sandbox.requests] == [ORDERS]


@pytest.mark.parametrize("method", ["POST", "post", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", b"POST"])
def test_nothing_but_get_leaves(sandbox: Sandbox, reader: Reader, method: Any) -> None:
    with pytest.raises(GetOnlyError, match="/orders was not sent: this package sends GET requests only"):
        reader.session.request(method, reader.url + ORDERS, headers=HEADERS)
    assert sandbox.requests == []
    assert reader.rate_limit.taken == []


@pytest.mark.parametrize("option", [{"data": {"a": "b"}}, {"json": {"a": "b"}}, {"files": {"a": b"b"}}])
def test_a_get_carries_no_body(sandbox: Sandbox, reader: Reader, option: dict[str, Any]) -> None:
    with pytest.raises(GetOnlyError):
        reader.get(**option)
    assert sandbox.requests == []


def test_a_prepared_request_does_not_get_around_it(sandbox: Sandbox, reader: Reader) -> None:
    prepared = requests.Request("POST", reader.url + ORDERS, headers=HEADERS).prepare()
    with pytest.raises(GetOnlyError):
        reader.session.send(prepared)
    assert sandbox.requests == []


def test_a_netrc_file_does_not_replace_the_key(
    sandbox: Sandbox, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login mallory password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.get(reader.url + ORDERS, headers=HEADERS, timeout=10).status_code == 401  # the danger is real
    assert reader.read().status == 200


def test_a_planted_proxy_is_not_used(sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert reader.read().status == 200


def test_compressed_answers_are_read(sandbox: Sandbox, reader: Reader) -> None:
    packed = gzip.compress(b'{"result": "' + b"x" * 500_000 + b'"}')
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body=packed, headers={"Content-Encoding": "gzip"}))
    assert len(reader.read().body["result"]) == 500_000


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BODY_LIMIT", 1_000_000)
    packed = gzip.compress(b'{"result": "' + b"x" * 50_000_000 + b'"}')
    assert len(packed) < 100_000
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body=packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(VendorAnswerError, match="larger than"):
        reader.read()

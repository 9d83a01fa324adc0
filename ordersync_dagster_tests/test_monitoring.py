"""The dashboard and the alert rules name only metrics, labels and classes that exist; the page names all of them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from ordersync_dagster.core.metrics import EndedRun, Records, RunState, metrics_of
from ordersync_dagster.core.problem_classes import CLASSES
from ordersync_dagster.core.summary import Summary
from ordersync_dagster_tests.support.places import ROOT

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
METRICS = {
    each.name: each for each in metrics_of(EndedRun(RunState.FAILED, NOW, "1", 1.0, Summary(), {}), Records(NOW, []))
}
LABELS = {name: {"shop", *(key for own, _ in each.samples for key in own)} for name, each in METRICS.items()}
VALUES = {
    label: {own[label] for each in METRICS.values() for own, _ in each.samples if label in own}
    for label in ("state", "class", "severity", "vendor")
}
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "ordersync.json").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "ordersync.rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]] + [
    rule["expr"] for rule in RULES
]
FUNCTIONS = {"sum", "max", "min", "by", "without", "time", "absent", "sort_desc", "clamp_max"}


def selectors(expression: str) -> Iterator[tuple[str, str]]:
    """Each metric and what stands between its braces."""
    for found in re.finditer(r"\b(ordersync_\w+)(?:\{([^}]*)\})?", expression):
        yield found[1], found[2] or ""


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_names_only_what_exists(expression: str) -> None:
    assert list(selectors(expression))
    for name, inside in selectors(expression):
        assert name in METRICS
        for label, operator, wanted in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', inside):
            assert label in LABELS[name]
            if label != "shop":
                named = wanted.split("|") if operator == "=~" else [wanted]
                assert set(named) <= VALUES[label]
    grouped = {
        label.strip() for found in re.findall(r"(?:by|without) \(([^)]*)\)", expression) for label in found.split(",")
    }
    assert grouped <= set().union(*(LABELS[name] for name, _ in selectors(expression)))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_balanced_and_uses_functions_that_prometheus_has(expression: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', expression)
    for opening, closing in ("()", "{}"):
        assert bare.count(opening) == bare.count(closing)
    assert set(re.findall(r"\b([a-z_]+)\s*\(", bare)) <= FUNCTIONS


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["uid"] == "ordersync"
    assert "id" not in DASHBOARD  # Grafana gives it
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource", "shop"}
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_no_panel_lies_on_another_and_none_leaves_the_page() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


def test_the_dashboard_shows_a_shop_without_the_label_too() -> None:
    (shop,) = [each for each in DASHBOARD["templating"]["list"] if each["name"] == "shop"]
    assert shop["allValue"] == ".*"  # it matches a label that is not there
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            assert all('shop=~"$shop"' in inside for _, inside in selectors(target["expr"]))


def test_each_alert_says_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert re.fullmatch(r"Ordersync[A-Z]\w+", rule["alert"])
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "description"}
        names_shop = rule["annotations"]["summary"].startswith("{{ with $labels.shop }}{{ . }}: {{ end }}")
        assert names_shop is not rule["expr"].startswith("absent"), "of 50 shops, an alert says which it is about"
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))


def test_the_page_names_each_metric_with_its_labels_and_no_other() -> None:
    rows = re.findall(r"^\| `(ordersync_\w+)` \| ([^|]*)\|", (ROOT / "docs" / "metrics.md").read_text(), re.M)
    assert {name: set(re.findall(r"`(\w+)`", labels)) | {"shop"} for name, labels in rows} == LABELS


def test_alerts_name_only_classes_that_exist() -> None:
    named = {
        word for rule in RULES for found in re.findall(r'class=~"([^"]*)"', rule["expr"]) for word in found.split("|")
    }
    assert named
    assert named <= CLASSES.keys()

"""The alert rules and the dashboard in deploy/ ask for metrics that /metrics has."""

import json
import re

import yaml
from django.conf import settings
from django.test import SimpleTestCase
from django.urls import get_resolver

from booking.metrics import REGISTRY

DEPLOY = settings.BASE_DIR / "deploy"
OPERATIONS = settings.BASE_DIR / "docs" / "operations.md"
GAUGES = {"mails_waiting", "oldest_waiting_mail_seconds"}  # booking/metrics_page.py
FUNCTIONS = {"sum", "max", "by", "rate", "topk", "histogram_quantile", "up"}
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}


def metric_names():
    return GAUGES | {
        family.name + suffix for family in REGISTRY.collect() for suffix in SUFFIXES[family.type]
    }


def names_in(expression):
    """Names of metrics in a PromQL expression: words that are neither labels nor functions."""
    without_labels = re.sub(r"\{.*?\}|\[.*?\]|by \(.*?\)", "", expression)
    return set(re.findall(r"[a-z_]+", without_labels)) - FUNCTIONS


def alerts():
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panel_expressions():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


class MonitoringFilesTests(SimpleTestCase):
    def test_alerts_and_panels_ask_for_existing_metrics(self):
        expressions = [rule["expr"] for rule in alerts()] + panel_expressions()
        for expression in expressions:
            with self.subTest(expression):
                names = names_in(expression)
                self.assertTrue(names or expression.startswith("up{"))
                self.assertEqual(names - metric_names(), set())

    def test_routes_of_alerts_exist(self):
        routes = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
        for rule in alerts():
            for found in re.findall(r'route=~?"(.+?)"', rule["expr"]):
                self.assertEqual(set(found.split("|")) - routes, set())

    def test_operations_page_explains_every_metric_and_alert(self):
        page = OPERATIONS.read_text(encoding="utf-8")
        names = {family.name + SUFFIXES[family.type][0] for family in REGISTRY.collect()}
        names = {name.removesuffix("_bucket") for name in names} | GAUGES
        for name in names | {rule["alert"] for rule in alerts()}:
            with self.subTest(name):
                self.assertRegex(page, rf"(?m)^\| `{name}")

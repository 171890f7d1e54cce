"""What is generated for Prometheus and Grafana, judged by Prometheus' own tool."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Scraped
from colonnade.manifest.load import load
from colonnade.observability import files
from colonnade.observability.alerts import RUNBOOK, of_bff, of_edge
from colonnade.resolve import resolve

ROOT = Path(__file__).parents[5]
MANIFEST = "name: shop\nguardrails: {auth: [none], require_limit: false}\n"
BFF = """
name: {name}
owner: "@{name}-team"
kind: mobile
port: {port}
route: {{prefix: /api/{name}}}
auth: {{type: none}}
routes: [{{name: live, path: /live, stream: true}}]
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "colonnade.yaml").write_text(MANIFEST)
    for port, name in enumerate(("tv", "tv-kids"), start=3005):
        file = folder / "bffs" / name / "bff.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(BFF.format(name=name, port=port))
    return resolve(load(folder))


@pytest.fixture
def generated(platform: Platform, tmp_path: Path) -> Path:
    """The folder with the files as they are generated."""
    parts = [
        Scraped("edge", "envoy", Address("envoy", 9902)),
        Scraped("bff", "tv", Address("tv", 9100), "tv"),
    ]
    for path, text in files(platform, parts).items():
        (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    return tmp_path


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.fail("promtool is needed on PATH (Debian: apt install prometheus)")
    return subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_configuration_and_its_rules_are_accepted(generated: Path) -> None:
    checked = promtool(generated, "check", "config", "prometheus.yml")

    assert 0 == checked.returncode, checked.stderr
    assert "13 rules found" in checked.stdout


def test_each_alert_fires_in_time_and_not_without_need(generated: Path) -> None:
    tested = promtool(generated, "test", "rules", "alerts_test.yml")

    assert 0 == tested.returncode, tested.stdout + tested.stderr


def failing(generated: Path, changed: str) -> set[str]:
    """The alerts whose tests fail with other rules."""
    (generated / "alerts.yml").write_text(changed, encoding="utf-8")
    tested = promtool(generated, "test", "rules", "alerts_test.yml")
    return set(re.findall(r"alertname: (\w+)", tested.stdout + tested.stderr))


def test_an_alert_that_never_fires_is_found(platform: Platform, generated: Path) -> None:
    rules = yaml.safe_load((generated / "alerts.yml").read_text(encoding="utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule["expr"] = f"({rule['expr']}) and on () vector(0) > 1"
    names = {alert.name for alert in (*of_edge(), *of_bff(platform.bffs[0], platform))}

    assert names == failing(generated, json.dumps(rules))


@pytest.mark.parametrize(
    "bounds",
    [{"0.05": "0.061", "2000": "2300", "100": "105"}, {"0.05": "0.049", "2000": "1990", "100": "95"}],
    ids=["loose", "tight"],
)
def test_another_bound_is_found(generated: Path, bounds: dict[str, str]) -> None:
    text = (generated / "alerts.yml").read_text(encoding="utf-8")
    for bound, other in bounds.items():
        text, count = re.subn(rf"> {re.escape(bound)}$", f"> {other}", text, flags=re.MULTILINE)
        assert count > 1

    assert {"ErrorsHigh", "LatencyHigh", "RefusalsHigh"} == failing(generated, text)


def test_open_streams_are_not_slow_answers(generated: Path) -> None:
    assert 'bff="tv",route!~"tv\\\\.live"' in (generated / "alerts.yml").read_text()


def test_every_alert_names_its_owner_and_a_section_of_the_runbook(platform: Platform) -> None:
    sections = set(re.findall(r"^## (\w+)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE))
    alerts = [*of_edge(), *(alert for bff in platform.bffs for alert in of_bff(bff, platform))]

    assert sections == {alert.name for alert in alerts}
    assert {alert.annotations["runbook"] for alert in alerts} == {
        f"{RUNBOOK}#{one.lower()}" for one in sections
    }
    assert {"@tv-team", "@tv-kids-team"} == {
        alert.labels["owner"] for alert in alerts if "bff" in alert.labels
    }


def test_what_the_dashboard_draws_is_promql_and_nothing_overlaps(generated: Path) -> None:
    document = json.loads((generated / "dashboard.json").read_text(encoding="utf-8"))
    drawn = [target["expr"] for panel in document["panels"] for target in panel.get("targets", [])]
    rules = [
        {"record": f"panel:{number}", "expr": expr.replace("$__rate_interval", "1m")}
        for number, expr in enumerate(drawn)
    ]
    (generated / "drawn.yml").write_text(json.dumps({"groups": [{"name": "drawn", "rules": rules}]}))
    checked = promtool(generated, "check", "rules", "drawn.yml")
    places = [
        (at["x"] + right, at["y"] + down)
        for at in (panel["gridPos"] for panel in document["panels"])
        for right in range(at["w"])
        for down in range(at["h"])
    ]

    assert 0 == checked.returncode, checked.stderr
    assert len(drawn) > 20
    assert len(places) == len(set(places))
    assert {"tv", "tv-kids"} == set(document["templating"]["list"][1]["query"].split(","))

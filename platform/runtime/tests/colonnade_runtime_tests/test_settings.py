"""What the environment may say."""

import pytest
from colonnade_runtime.errors import SettingsError
from colonnade_runtime.settings import Settings

ORDER = {"UPSTREAM_ORDER_URL": "http://127.0.0.1:8103/"}


def test_without_a_word_the_process_listens_on_loopback_in_production() -> None:
    settings = Settings.from_environment(ORDER, 3001, ["order"])

    assert ("127.0.0.1", 3001, False, False) == (
        settings.host,
        settings.port,
        settings.development,
        settings.json_logs,
    )
    assert {"order": ("http://127.0.0.1:8103",)} == settings.upstreams


def test_the_environment_decides() -> None:
    said = ORDER | {"HOST": "::1", "PORT": "4000", "COLONNADE_ENV": "development", "COLONNADE_LOG": "json"}

    settings = Settings.from_environment(said, 3001, [])

    assert ("::1", 4000, True, True) == (
        settings.host,
        settings.port,
        settings.development,
        settings.json_logs,
    )


def test_a_name_with_a_dash_has_a_variable_with_an_underscore() -> None:
    settings = Settings.from_environment({"UPSTREAM_GIFT_CARD_URL": "https://gifts"}, 1, ["gift-card"])

    assert {"gift-card": ("https://gifts",)} == settings.upstreams


def test_metrics_are_served_where_a_port_is_given() -> None:
    assert Settings.from_environment(ORDER, 1, []).metrics_port is None
    assert 9100 == Settings.from_environment({"METRICS_PORT": "9100"}, 1, []).metrics_port


def test_a_wrong_port_is_told_by_its_variable() -> None:
    with pytest.raises(SettingsError, match="METRICS_PORT is 'x'"):
        Settings.from_environment({"METRICS_PORT": "x"}, 1, [])


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "http", "٣"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(SettingsError, match="PORT is"):
        Settings.from_environment({"PORT": port}, 3001, [])


@pytest.mark.parametrize("url", ["", "order:8103", "ftp://order", "http://", "http://order/?a=b"])
def test_a_service_has_a_url(url: str) -> None:
    with pytest.raises(SettingsError, match="UPSTREAM_ORDER_URL"):
        Settings.from_environment({"UPSTREAM_ORDER_URL": url}, 3001, ["order"])

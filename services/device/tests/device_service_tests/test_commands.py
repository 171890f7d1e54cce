"""Commands wait until they are acknowledged, whatever happens meanwhile."""

from pathlib import Path

import httpx
import pytest

from device_service.commands import Commands, NewCommand
from service_kit import Problem
from service_kit.testing import process

RESTART = NewCommand(name="restart", arguments={"delay": "5s"})


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "commands.sqlite")


def test_commands_wait_in_order_for_their_device_until_acknowledged(commands: Commands) -> None:
    first, other, second = [commands.give(f"sensor-{n}", RESTART) for n in (1, 2, 1)]

    assert [first, second] == commands.waiting("sensor-1", 0, 10)
    assert [second] == commands.waiting("sensor-1", first.id, 10)
    assert [first] == commands.waiting("sensor-1", 0, 1)
    assert "done" == commands.acknowledge("sensor-1", first.id, "done").outcome
    assert [second] == commands.waiting("sensor-1", 0, 10)
    assert [other] == commands.waiting("sensor-2", 0, 10)


def test_the_first_word_on_a_command_holds(commands: Commands) -> None:
    given = commands.give("sensor-1", RESTART)

    assert ["failed", "failed"] == [
        commands.acknowledge("sensor-1", given.id, outcome).outcome for outcome in ("failed", "done")
    ]


def test_a_device_acknowledges_its_own_commands_only(commands: Commands) -> None:
    given = commands.give("sensor-1", RESTART)

    with pytest.raises(Problem) as refused:
        commands.acknowledge("sensor-2", given.id, "done")

    assert 404 == refused.value.status
    assert [given] == commands.waiting("sensor-1", 0, 10)


def test_a_new_command_is_a_change_of_its_device(commands: Commands) -> None:
    start = commands.changes.after(None).next
    commands.give("sensor-1", RESTART)

    assert ["sensor-1"] == commands.changes.after(start).ids


def test_what_was_given_and_what_was_acknowledged_survive_a_crash(tmp_path: Path) -> None:
    with process("device_service", tmp_path) as first:
        url = f"{first.url}/devices/sensor-1/commands"
        one, two = (httpx.post(url, json={"name": "restart"}).json() for _ in range(2))
        noted = httpx.put(f"{url}/{one['id']}/outcome", json={"outcome": "done"})
        nobody = httpx.post(f"{first.url}/devices/nobody/commands", json={"name": "restart"})
        wrong = httpx.put(f"{url}/{two['id']}/outcome", json={"outcome": "perhaps"})
        first.kill()
    with process("device_service", tmp_path) as second:
        waiting = httpx.get(f"{second.url}/devices/sensor-1/commands").json()["items"]

    assert (200, 404, 422) == (noted.status_code, nobody.status_code, wrong.status_code)
    assert [two] == waiting

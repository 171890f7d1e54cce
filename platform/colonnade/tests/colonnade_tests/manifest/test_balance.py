"""What colonnade.yaml may say of instances."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade_tests.local.platforms import write_bff, write_platform


def said(root: Path, order: str) -> None:
    """Say more of the service `order`."""
    file = write_platform(root) / "colonnade.yaml"
    file.write_text(file.read_text().replace("port: 8103}", f"port: 8103, {order}}}"))


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("replicas: 2, balance: {policy: weighted, weights: [1]}", "1 weights, and 2 instances"),
        ("balance: {policy: hash, key: ip}", "a service is not told this"),
        ('balance: {policy: hash, key: "header:x-tenant"}', "a service is not told this"),
        ("grpc_port: 8103", "port 8103 is taken by order"),
    ],
    ids=["weights", "ip", "header", "port"],
)
def test_what_a_service_cannot_have_is_told_where_it_is_written(
    tmp_path: Path, order: str, told: str
) -> None:
    said(tmp_path, order)

    with pytest.raises(ManifestError, match=told) as caught:
        resolve(load(tmp_path))

    assert str(caught.value.problems[0]).startswith("colonnade.yaml:5:")


def test_a_service_that_runs_elsewhere_has_no_replicas(tmp_path: Path) -> None:
    file = write_platform(tmp_path) / "colonnade.yaml"
    file.write_text(file.read_text().replace("port: 8110}", "port: 8110, replicas: 2}"))

    with pytest.raises(ManifestError, match="only what we run has replicas"):
        load(tmp_path)


def test_an_instance_takes_no_name_of_another_part(tmp_path: Path) -> None:
    said(tmp_path, "replicas: 2")
    write_bff(tmp_path, "order-2", 3002)

    with pytest.raises(ManifestError, match="order-2 would be the name of an instance"):
        resolve(load(tmp_path))


def test_the_identity_of_who_is_calling_spreads_calls_to_a_service(tmp_path: Path) -> None:
    said(tmp_path, 'replicas: 2, balance: {policy: hash, key: "header:x-user-id"}')

    assert resolve(load(tmp_path)).services[1].balance.key == "header:x-user-id"

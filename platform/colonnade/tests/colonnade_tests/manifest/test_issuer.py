"""How the issuer is spelled."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.manifest.load import load
from colonnade_tests.manifest.test_broken import write

MANIFEST = """\
name: shop
identity:
  issuer: "ISSUER"
  session: {client_secret: "env:SECRET"}
"""


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "{tenantid}"])
def test_an_issuer_of_all_tenants_is_refused(tmp_path: Path, tenant: str) -> None:
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    write(tmp_path, "colonnade.yaml", MANIFEST.replace("ISSUER", issuer))

    with pytest.raises(ManifestError) as caught:
        load(tmp_path)

    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "identity.issuer")
    assert "https://login.microsoftonline.com/<tenant id>/v2.0" in str(problem)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.microsoftonline.com/9f1d7c2e-0c7b-4c0e-9d67-2f0a7f7f4a11/v2.0",
        "https://shop.eu.auth0.com/",
        "https://id.example.com/realms/common",
    ],
)
def test_an_issuer_is_taken_as_it_is_spelled(tmp_path: Path, issuer: str) -> None:
    write(tmp_path, "colonnade.yaml", MANIFEST.replace("ISSUER", issuer))

    assert load(tmp_path).platform.manifest.identity.issuer == issuer

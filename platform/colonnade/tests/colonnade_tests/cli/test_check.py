"""`bff check` and `bff schema`: what holds, what does not, and where."""

import json
import re

from colonnade_tests.cli.command import Bff
from colonnade_tests.local.platforms import write_bff


def test_a_good_platform_passes_the_real_envoy_too(bff: Bff) -> None:
    done = bff("check")

    assert (0, "") == (done.code, done.err)
    assert "ok   manifests: 1 BFFs, 1 routes, 3 services" in done.out
    assert "ok   envoy: accepts the compiled configuration" in done.out


def test_the_development_ca_certifies_the_edge(bff: Bff) -> None:
    assert "ok   tls: on port 8443, with a certificate of the development CA" in bff("check").out


def test_without_a_certificate_the_operator_is_warned(bff: Bff) -> None:
    identity = "identity: {issuer: 'https://id.example.com', session: {client_secret: 'env:SECRET'}}\n"
    with (bff.root / "colonnade.yaml").open("a") as file:
        file.write(identity)

    done = bff("check")

    assert (0, "") == (done.code, done.err)
    assert "warn tls: not served" in done.out


def test_a_certificate_that_is_not_there_fails(bff: Bff) -> None:
    file = bff.root / "colonnade.yaml"
    tls = "tls: {certificate: 'file:chain.pem', key: 'file:key.pem'}"
    file.write_text(file.read_text().replace("console_port: 9000", f"console_port: 9000, {tls}"))

    done = bff("check")

    assert done.code == 2
    assert "FAIL tls" in done.out
    assert "chain.pem cannot be read" in done.err


def test_a_bad_manifest_is_told_with_file_line_and_key(bff: Bff) -> None:
    file = write_bff(bff.root, "mobile", 3001)
    file.write_text(file.read_text().replace("rate: 100/minute", "rate: often"))

    done = bff("check")

    assert done.code == 2
    assert "bffs/mobile/bff.yaml:8" in done.err
    assert "limits[0].rate" in done.err


def test_a_service_without_a_folder_is_told_with_its_place_and_the_nearest(bff: Bff) -> None:
    (bff.root / "services/order/pyproject.toml").touch()
    file = bff.root / "colonnade.yaml"
    file.write_text(file.read_text().replace("path: services/order", "path: services/odrer"))

    done = bff("check")

    assert done.code == 2
    assert "colonnade.yaml:5:11: services.order.path: there is no folder services/odrer" in done.err
    assert "did you mean 'services/order'?" in done.err


def test_a_warning_is_told_with_its_place_and_fails_nothing(bff: Bff) -> None:
    file = bff.root / "colonnade.yaml"
    file.write_text(file.read_text() + "identity: {legacy_password: true}\n")

    done = bff("check")

    assert (done.code, done.err) == (0, "")
    assert re.search(
        r"warn identity: colonnade.yaml:\d+:\d+: identity.legacy_password: each client", done.out
    )


def test_json_has_every_problem_on_its_own(bff: Bff) -> None:
    write_bff(bff.root, "tv", 3001)
    write_bff(bff.root, "radio", 3003, services="nope")

    done = bff("check", "--json")
    (manifests,) = json.loads(done.out)["checks"]

    assert (2, "") == (done.code, done.err)
    assert len(manifests["problems"]) == 2
    assert {"file", "line", "column", "key", "message", "hint"} == set(manifests["problems"][0])


def test_what_only_envoy_can_judge_fails_with_its_reason(bff: Bff) -> None:
    file = write_bff(bff.root, "mobile", 3001)
    rewrite = 'prefix: /api/mobile, rewrite: {regex: "(", substitution: "/"}'
    file.write_text(file.read_text().replace("prefix: /api/mobile", rewrite))

    done = bff("check")

    assert done.code == 1
    assert "FAIL envoy" in done.out
    assert "missing )" in done.err


def test_schemas_are_written_and_checked_for_drift(bff: Bff) -> None:
    assert bff("schema").code == 0
    assert bff("check").code == 0
    file = bff.root / "docs/schemas/bff.schema.json"
    assert json.loads(file.read_text())["properties"]["limits"]

    file.write_text("{}")
    drifted = bff("check")
    fixed = bff("check", "--fix")

    assert drifted.code == 1
    assert "docs/schemas/bff.schema.json" in drifted.err
    assert "bff check --fix" in drifted.err
    assert fixed.code == 0
    assert bff("check").code == 0


def test_generated_files_are_checked_for_drift_once_they_are_there(bff: Bff) -> None:
    (bff.root / "compose.yaml").write_text("services: {}\n")

    assert bff("check").code == 1
    assert bff("check", "--fix").code == 0
    assert bff("check").code == 0
    assert "mobile:" in (bff.root / "compose.yaml").read_text()


def test_a_bff_with_a_cache_needs_its_client(bff: Bff) -> None:
    file = write_bff(bff.root, "mobile", 3001)
    file.write_text(file.read_text() + 'cache: {url: "env:CACHE"}\n')
    project = file.with_name("pyproject.toml")
    project.write_text('[project]\ndependencies = ["colonnade-runtime"]\n')
    done = bff("check")
    project.write_text('[project]\ndependencies = ["colonnade-runtime[cache]"]\n')

    assert (2, True) == (done.code, "bffs/mobile/pyproject.toml" in done.err)
    assert 'as in "colonnade-runtime[cache]"' in done.err
    assert "ok   cache: mobile has its client" in bff("check").out

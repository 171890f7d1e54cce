"""`bff new` adds a BFF in one step, or refuses and leaves everything as it was."""

import venv
from pathlib import Path

import pytest

from colonnade.errors import ColonnadeError, ManifestError, UserError, WorkError
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.scaffold import workspace
from colonnade.scaffold.generated import drifted
from colonnade.scaffold.new import NewBff, new_bff
from colonnade_tests.scaffold.small_platform import BFF, put, small_platform, tree


def nobody_listens(_port: int) -> bool:
    return False


def make(root: Path, name: str = "tv", kind: str = "mobile", owner: str | None = "@team-tv") -> NewBff:
    return new_bff(root, name, kind, owner, in_use=nobody_listens)


def test_the_bff_is_rendered_from_its_kind_and_what_all_share(tmp_path: Path) -> None:
    root = small_platform(tmp_path)

    made = make(root, "smart-tv")

    folder = root / "bffs" / "smart-tv"
    assert made.files == ("README.md", "bff.yaml", "plain.txt", "src/smart_tv_bff/__init__.py")
    assert (folder / "README.md").read_text() == "# Smart tv\n"
    assert (folder / "src" / "smart_tv_bff" / "__init__.py").read_text() == '"""Smart tv."""\n'
    bff = load(root).bffs["smart-tv"].manifest
    assert (bff.owner, bff.port, bff.route.prefix) == ("@team-tv", 3004, "/api/smart-tv")
    assert bff.services == ("order",)


def test_the_platforms_generated_files_follow(tmp_path: Path) -> None:
    root = small_platform(tmp_path)

    made = make(root)

    assert "/bffs/tv/ @team-tv\n" in (root / "CODEOWNERS").read_text()
    assert {"CODEOWNERS", "compose.yaml"} <= {*made.updated}
    assert [] == drifted(root, resolve(load(root)))


def test_ports_that_anything_has_are_passed_over(tmp_path: Path) -> None:
    root = small_platform(tmp_path)

    first = new_bff(root, "one", "mobile", in_use=lambda port: port == 3004)
    second = new_bff(root, "two", "mobile", in_use=nobody_listens)

    assert (first.answers.port, second.answers.port) == (3005, 3004)


def test_without_an_owner_the_team_is_named_as_the_bff(tmp_path: Path) -> None:
    assert make(small_platform(tmp_path), owner=None).answers.owner == "@tv-team"


def test_its_package_is_importable_at_once(tmp_path: Path) -> None:
    root = small_platform(tmp_path / "platform")
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    put(root / "bffs" / "mobile" / "src" / "mobile_bff" / "__init__.py", "")
    workspace.write_pth(root, environment)

    new_bff(root, "tv", "mobile", venv=environment, in_use=nobody_listens)

    lines = workspace.pth_file(environment).read_text().splitlines()
    assert lines == [f"{root}/bffs/mobile/src", f"{root}/bffs/tv/src"]


def test_an_environment_of_another_platform_is_left_alone(tmp_path: Path) -> None:
    root = small_platform(tmp_path / "platform")
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    put(workspace.pth_file(environment), "/elsewhere/bffs/web/src\n")

    new_bff(root, "tv", "mobile", venv=environment, in_use=nobody_listens)

    assert workspace.pth_file(environment).read_text() == "/elsewhere/bffs/web/src\n"


@pytest.mark.parametrize(
    ("name", "kind", "owner", "message"),
    [
        ("mobile", "mobile", None, "already"),
        ("Tv", "mobile", None, "lower case"),
        ("class", "mobile", None, "Python's own"),
        ("tv", "mobil", None, "no kind 'mobil'"),
        ("tv", "mobile", "team", "is not a team"),
        ("order", "mobile", None, "another process"),
    ],
)
def test_a_refusal_writes_nothing(
    tmp_path: Path, name: str, kind: str, owner: str | None, message: str
) -> None:
    root = small_platform(tmp_path)
    before = tree(root)

    with pytest.raises(UserError, match=message):
        make(root, name, kind, owner)

    assert before == tree(root)


def test_a_folder_in_the_way_is_not_touched(tmp_path: Path) -> None:
    root = small_platform(tmp_path)
    put(root / "bffs" / "tv" / "notes.txt", "mine\n")
    before = tree(root)

    with pytest.raises(UserError, match="bffs/tv exists"):
        make(root)

    assert before == tree(root)


def test_a_prefix_that_another_bff_has_is_refused(tmp_path: Path) -> None:
    root = small_platform(tmp_path)
    put(
        root / "bffs" / "radio" / "bff.yaml",
        BFF.format(name="radio", owner="@radio", port=3010, prefix="/api/tv", services="[]"),
    )
    before = tree(root)

    with pytest.raises(UserError, match="/api/tv is taken by radio"):
        make(root)

    assert before == tree(root)


def test_a_platform_that_is_broken_already_is_told_as_such(tmp_path: Path) -> None:
    root = small_platform(tmp_path)
    put(root / "bffs" / "mobile" / "bff.yaml", "version: 1\nnmae: mobile\n")
    before = tree(root)

    with pytest.raises(ManifestError, match=r"bffs/mobile/bff\.yaml:2"):
        make(root)

    assert before == tree(root)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("mobile/src/{{ package }}/views.py.jinja", "{{ unknown }}"),
        ("mobile/bff.yaml.jinja", "version: 2\n"),
        (
            "mobile/bff.yaml.jinja",
            BFF.format(name="x", owner="@x", port=3001, prefix="/api/tv", services="[]"),
        ),
    ],
)
def test_templates_that_do_not_work_leave_nothing_behind(tmp_path: Path, template: str, text: str) -> None:
    root = small_platform(tmp_path)
    put(root / "templates" / "bff" / template, text)
    before = tree(root)

    with pytest.raises(ColonnadeError):
        make(root)

    assert before == tree(root)
    assert not (root / "bffs" / "tv").exists()


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    root = small_platform(tmp_path)
    (root / "compose.yaml").mkdir()
    before = tree(root)

    with pytest.raises(WorkError, match="nothing was changed"):
        make(root)

    assert before == tree(root)
    assert not (root / "bffs" / "tv").exists()
    assert ["scaffold.lock"] == [child.name for child in (root / ".colonnade").iterdir()]

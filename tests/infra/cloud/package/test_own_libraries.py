"""Check that a type's libraries are only in its zip, that equal sets share a zip, and that own code is in all zips."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT, SOURCES, Package, build, copy_sources, interpreter
from infra.cloud.package.clean import import_handler, runtime_path
from infra.cloud.package.dependencies import SHIPPED
from infra.cloud.package.libraries import file_of
from infra.cloud.package.own_libraries import LARGEST, check_size, files_of, hashed, lock
from infra.cloud.package.target import Target
from infra.definition.lambdas.runtime import PYTHON
from tests.infra.cloud.package.test_package import ENVIRONMENT
from tests.infra.cloud.support import of_type
from tests.infra.local.running import WHEEL, own_library, own_wheel

SHIPS = (ROOT / SHIPPED).read_text()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more file in handlers/, and its requirements file."""
    root = copy_sources(ROOT, tmp_path_factory.mktemp("sources"))
    (root / "requirements-dev.txt").write_text((ROOT / "requirements-dev.txt").read_text())
    own_library(root)
    made = (root / "handlers" / "plural_make.py").read_text()
    listed = made.replace("plural.make", "plural.list").replace("plural_make", "plural_list").replace("Make", "List")
    (root / "handlers" / "plural_list.py").write_text(listed.replace("PluralMake", "PluralList"))
    (root / "handlers" / "plural_list.requirements.txt").write_text("-r plural_make.requirements.txt\n")
    (root / "acme" / "test").mkdir(parents=True)
    (root / "acme" / "__init__.py").touch()
    (root / "acme" / "test" / "page.sql").write_text("SELECT 1")
    (root / "common").mkdir()
    (root / "common" / "words.py").touch()
    (root / "acme" / "common").symlink_to(root / "common")
    own_wheel(root / "wheels")
    requirements = file_of(root, "plural_make")
    requirements.write_text(f"./wheels/{WHEEL}\n{requirements.read_text()}")
    lock(requirements, root)
    return root


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The smallest sources that can be packaged: empty files, and a package beside the job types."""
    root = tmp_path / "small"
    for name in SOURCES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch() if "." in name else (root / name).mkdir()
    (root / "acme").mkdir()
    (root / "acme" / "__init__.py").touch()
    return root


def test_files_of_editors_and_tools_do_not_ship(small: Path, tmp_path: Path) -> None:
    (small / "acme" / ".mypy_cache").mkdir()
    for name in (".env", ".DS_Store", ".mypy_cache/x.json", "rates.json"):
        (small / "acme" / name).touch()
    (small / "acme" / ".#rates.json").symlink_to("me@here.1")
    copied = copy_sources(small, tmp_path / "copy")
    assert {path.name for path in (copied / "acme").iterdir()} == {"__init__.py", "rates.json"}


def test_a_link_out_of_a_package_ships_as_its_file_and_one_to_nothing_is_refused(small: Path, tmp_path: Path) -> None:
    (small / "shared").mkdir()
    (small / "shared" / "rates.json").write_text("{}")
    link = small / "acme" / "rates.json"
    link.symlink_to("../shared/rates.json")
    assert (copy_sources(small, tmp_path / "copy") / "acme" / "rates.json").read_text() == "{}"
    (small / "shared" / "rates.json").unlink()
    with pytest.raises(CloudError, match=rf"link to nothing.*\n{re.escape(str(link))}: .*No such file"):
        copy_sources(small, tmp_path / "again")


class Word(BaseModel):
    """The payload."""


def types() -> list[JobType[Any, Any]]:
    """Return the declared types and two more."""
    return [
        *jobtype.load(),
        *(JobType(name, lambda _payload, _ctx: None, Word) for name in ("plural.list", "plural.make")),
    ]


@pytest.fixture(scope="module")
def package(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build("prod", types(), sources, tmp_path_factory.mktemp("build"))


def content(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return {name.partition("/")[0] for name in opened.namelist()}


def modules(archive: Path, ending: str) -> set[str]:
    """Return the modules in a zip with sources (".py") or byte code (".pyc")."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(ending)]
    return {re.sub(r"__pycache__/([^/]+)\.cpython-\d+\.pyc$", r"\1.py", name) for name in names}


def test_the_type_runs_from_its_unpacked_zip(package: Package, tmp_path: Path) -> None:
    (own,) = package.own
    with zipfile.ZipFile(own) as archive:
        archive.extractall(tmp_path / "task")
    run = (
        "m = importlib.import_module('handlers.plural_make');"
        "assert importlib.import_module('acme_lib').NUMBER == 7;"
        "made = m.plural_make(m.PluralMake(word='octopus'), None);"
        "assert made == 'octopi', made"
    )
    found = import_handler(
        "handlers.plural_make.handler", tmp_path / "task", runtime_path(tmp_path / "r"), ENVIRONMENT, run
    )
    assert [name for name in found.files if "inflection" in name] == [str(tmp_path / "task/inflection/__init__.py")]


def test_own_code_is_in_every_zip_as_it_is(package: Package) -> None:
    for archive in package.archives:
        with zipfile.ZipFile(archive) as opened:
            assert {"acme/__init__.py", "acme/test/page.sql", "acme/common/words.py"} <= set(opened.namelist())


def test_it_is_in_that_zip_alone_and_each_size_is_told(package: Package) -> None:
    (own,) = package.own
    assert "inflection" in content(own)
    assert "inflection" not in content(package.archive)
    assert content(package.archive) <= content(own)
    assert modules(own, ".pyc") == (modules(own, ".py") if interpreter(PYTHON) else set())
    lines = package.sizes()
    assert [line.partition(":")[0] for line in lines] == ["deployment.zip", "plural-list.zip"]
    assert all(re.search(r": \d+\.\d MB, \d+\.\d MB unpacked$", line) for line in lines)
    listed = package.template.with_name("sbom.json").read_text()
    assert ('"inflection"' in listed, '"acme-lib"' in listed) == (True, True)
    functions = of_type(package.read_template(), "AWS::Serverless::Function").values()
    code = {function["Handler"]: function["CodeUri"] for function in functions}
    assert code.pop("handlers.plural_make.handler") == "./plural-list.zip"
    assert code.pop("handlers.plural_list.handler") == "./plural-list.zip"
    assert set(code.values()) == {"./deployment.zip"}


def test_what_everything_ships_is_not_shipped_twice(tmp_path: Path) -> None:
    path, digest = tmp_path / "a.requirements.txt", f"--hash=sha256:{64 * '0'}"
    path.write_text(f"pillow==12.2.0 \\\n    {digest}\nx==1 \\\n    {digest} \\\n    {digest}\n")
    assert hashed(path, SHIPS, tmp_path) == f"x==1 {digest} {digest}\n"


def test_equal_sets_have_equal_lines_in_whatever_order_they_are_written(tmp_path: Path) -> None:
    a, b, one, two = (
        tmp_path / "a.requirements.txt",
        tmp_path / "b.requirements.txt",
        "--hash=sha256:1",
        "--hash=sha256:2",
    )
    a.write_text(f"y==2 {one} {two}\nx==1 ; python_version > '3' \\\n    {one}\n")
    b.write_text(f"x==1 ; python_version > '3' {one}\ny==2 \\\n    {two} \\\n    {one}\n")
    assert hashed(a, SHIPS, tmp_path) == hashed(b, SHIPS, tmp_path) == f"x==1 {one}\ny==2 {one} {two}\n"


@pytest.mark.parametrize(
    ("marker", "to", "applies"),
    [
        ("python_version < '3.12'", Target("3.13"), False),
        ("python_version < '3.12'", Target("3.11"), True),
        ("python_full_version >= '3.13.1'", Target("3.13"), True),
        ("platform_machine == 'aarch64'", Target(architecture="arm64"), True),
        ("platform_machine == 'aarch64'", Target(architecture="x86_64"), False),
        ("sys_platform == 'win32' or platform_system == 'Darwin'", Target(), False),
        ("os_name == 'posix' and implementation_name == 'cpython'", Target(), True),
    ],
)
def test_a_library_ships_if_the_functions_need_it_not_if_this_machine_does(
    tmp_path: Path, marker: str, to: Target, applies: bool
) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text(f"x[y]==1 ; {marker} \\\n    --hash=sha256:1\n")
    assert hashed(path, SHIPS, tmp_path, to) == ("x[y]==1 --hash=sha256:1\n" if applies else "")


def test_two_versions_ship_no_more_than_one_of_them_to_a_function(tmp_path: Path) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text("x==1 ; python_version < '3.12' --hash=sha256:1\nx==2 ; python_version >= '3.12' --hash=sha256:2\n")
    assert hashed(path, SHIPS, tmp_path, Target("3.13")) == "x==2 --hash=sha256:2\n"
    path.write_text(path.read_text().replace(">=", ">").replace("<", ">"))
    with pytest.raises(CloudError, match="pin x in different versions"):
        hashed(path, SHIPS, tmp_path, Target("3.13"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x==1\n", r"does not pin 'x==1' with hashes. `make lock`"),
        ("./lib --hash=sha256:1\n", r"does not pin './lib'.*Put its wheel into the repository"),
        (
            "./wheels/x-1-py3-none-any.whl --hash=sha256:1\n",
            r"names ./wheels/x-1-py3-none-any.whl, which does not exist",
        ),
        ("pydantic==1.0 --hash=sha256:1\n", r"pins pydantic==1.0, and every function ships"),
        ("x==1 ; python < '3' --hash=sha256:1\n", r"the marker \"python < '3'\" of 'x==1' is not valid"),
        ("-r none.txt\n", r"names with -r a file that does not exist: .*none.txt"),
        ("-r b.txt\n-r c.txt\n", r"pin x in different versions"),
    ],
)
def test_a_file_that_cannot_be_shipped_is_refused_with_the_way(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "handlers").mkdir()
    path = tmp_path / "handlers" / "a.requirements.txt"
    path.write_text(text)
    for name, version in (("b", 1), ("c", 2)):
        (path.parent / f"{name}.txt").write_text(f"x=={version} --hash=sha256:{version}\n")
    with pytest.raises(CloudError, match=words):
        hashed(path, SHIPS, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [("-e ./lib\n", "'-e' cannot be pinned. Put its wheel"), ("-r b.txt\nx==1\n", "Move these to a file of their own")],
)
def test_what_cannot_be_pinned_is_refused_with_the_way(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text(text)
    with pytest.raises(CloudError, match=words):
        lock(path, tmp_path)


def test_a_file_of_no_type_is_refused_unless_a_type_names_it(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    shared, of_type = file_of(tmp_path, "pdf"), file_of(tmp_path, "plural_make")
    shared.touch()
    with pytest.raises(CloudError, match=r"no other file names it with -r pdf\.requirements"):
        files_of(tmp_path, {"plural_make"})
    of_type.write_text("-r pdf.requirements.txt\n")
    assert files_of(tmp_path, {"plural_make"}) == {"plural_make": of_type}


def test_more_than_lambda_takes_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST + 1)
    with pytest.raises(CloudError, match=r"a\.zip has 262 MB unpacked.*ephemeral_storage=.*not-offered"):
        check_size("a.zip", tmp_path)
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST)
    assert check_size("a.zip", tmp_path) == LARGEST

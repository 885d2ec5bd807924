"""Act as a new user: two wheels in an empty environment, `new`, `dev`, a job type, an edit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from infra.cloud.package.build import HERE
from tests.infra.local.running import BOUND_SECONDS, WHEEL, own_wheel, until
from tests.installed import Own, install, say, share
from tests.jobflow.project.test_scaffold import of

pytestmark = pytest.mark.ministack
"""Run by `make e2e`: the test builds two wheels and its own environment."""
PORTS = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "JITTER": "none"}
MAIL = """jobs create email.send {"to":["ada@example.com"],"subject":"Hello","text":"Hi"} --wait --timeout 2m"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    return install(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def project(own: Own) -> Path:
    """A repository, as `jobflow new` creates it in the current folder."""
    folder = own.folder / "my-jobs"
    folder.mkdir()
    assert "Next: jobflow dev" in own.done("new", folder)
    return folder


@pytest.fixture(scope="module")
def running(own: Own, project: Path) -> Iterator[Path]:
    """The same repository while `jobflow dev` runs in it."""
    environment = {**os.environ, **own.environment(**PORTS)}
    with (own.folder / "log").open("w") as log:
        process = subprocess.Popen([own.program, "dev"], cwd=project, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: (project / ".jobflow/dev.json").exists() or process.poll() is not None)
        assert process.poll() is None, (own.folder / "log").read_text()
        yield project
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(BOUND_SECONDS)


def result(said: str) -> dict[str, str]:
    """Return the result in the last line of JSON."""
    found: dict[str, str] = json.loads([line for line in said.splitlines() if line.startswith("{")][-1])["result"]
    return found


def test_its_checks_and_tests_pass(own: Own, project: Path) -> None:
    for line in ("check", "test -q"):
        own.done(line, project)


def test_a_setting_of_a_former_version_is_refused_and_rewritten(own: Own, project: Path) -> None:
    handler = project / "handlers" / "hello_world.py"
    before = handler.read_text()
    handler.write_text(before.replace("timeout=30", "timeout=30, memory=512"))
    assert "memory= is now function=Function(memory=512)" in own.type("check", project).stderr
    refused = own.type("upgrade --check", project)
    assert (refused.returncode, "handlers/hello_world.py: to be rewritten" in refused.stdout) == (1, True)
    assert "handlers/hello_world.py: rewritten" in own.done("upgrade", project)
    own.done("check", project)
    handler.write_text(before)


def test_a_job_of_its_own_completes_and_an_edit_takes_effect(own: Own, running: Path) -> None:
    def said() -> str:
        return result(own.done("jobs create hello.world --example --wait --timeout 2m", running))["text"]

    assert said() == "Hello, world!"
    handler = running / "handlers" / "hello_world.py"
    handler.write_text(handler.read_text().replace("Hello, ", "Good morning, "))
    until(lambda: said() == "Good morning, world!")


def test_shared_code_takes_effect_from_its_first_edit_on(own: Own, running: Path) -> None:
    def said() -> str:
        return result(own.done("jobs create hello.world --example --wait --timeout 2m", running))["text"]

    share(running, "Good day")
    until(lambda: said() == "Good day, world!")
    say(running, "Good evening")
    until(lambda: said() == "Good evening, world!")


def test_a_job_is_seen_in_the_console_and_retried(own: Own, running: Path) -> None:
    own.done("jobs create hello.world --example --wait --timeout 2m", running)
    address = own.done("open @last --print", running).strip()
    page = httpx.get(address, timeout=60)
    assert (page.status_code, "<title>JobFlow" in page.text) == (200, True)
    own.done("jobs create hello.world -f text=Ada --delay 1h", running)
    own.done("jobs cancel @last", running)
    assert json.loads(own.done("jobs retry @last", running))["gen"] == 2
    assert result(own.done("jobs tail @last --timeout 2m", running))["text"].endswith("Ada!")


def test_a_built_in_type_is_there_once_it_is_named(own: Own, running: Path) -> None:
    refused = own.type(MAIL, running)
    assert (refused.returncode, "no job type 'email.send'" in refused.stderr) == (4, True)
    marked = running / "jobflow.toml"
    marked.write_text(marked.read_text().replace("builtin = []", 'builtin = ["email.send"]'))
    until(lambda: own.type(MAIL, running).returncode == 0)
    assert sorted(path.name for path in (running / "handlers").glob("*.py")) == ["__init__.py", "hello_world.py"]


def test_a_broken_declaration_is_told(own: Own, project: Path) -> None:
    broken = project / "handlers" / "broken_type.py"
    broken.write_text('"""Nothing is declared here."""\n')
    try:
        done = own.type("check", project)
    finally:
        broken.unlink()
    assert (done.returncode != 0, "handlers/broken_type.py declares []" in done.stderr) == (True, True)


PLURAL = """\
\"\"\"The job type plural.make.\"\"\"

import boto3
from pydantic import BaseModel, ConfigDict, Field

from acme.words import GREETING
from chalicelib import Allow, AwsAccess, JobContext, consume, job


class PluralMake(BaseModel):
    \"\"\"A word.\"\"\"

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"word": "octopus"}]})
    word: str = Field(max_length=40, description="The word.", examples=["octopus"])


@job(
    "plural.make",
    timeout=30,
    access=AwsAccess(
        environment={"WORDS_TABLE": "acme-words"},
        secrets={"WORDS_KEY": "{stage}/words/key"},
        grants=(Allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/acme-words"),),
    ),
)
def plural_make(payload: PluralMake, ctx: JobContext) -> str:
    \"\"\"Make the plural of a word.\"\"\"
    from acme.plurals import plural, table

    if ctx.secret("WORDS_KEY") != "test":
        boto3.client("dynamodb").put_item(TableName=table(), Item={"word": {"S": payload.word}})
    return f"{GREETING}, {plural(payload.word)}"


handler = consume(plural_make)
"""
PLURAL_TEST = """\
\"\"\"plural.make by itself.\"\"\"

from handlers.plural_make import plural_make
from jobflow.testing import run


def test_it_makes_the_plural() -> None:
    assert run(plural_make, {"word": "octopus"}, secrets={"WORDS_KEY": "test"}).value == "Good day, 7 octopi"
"""
PLURALS = """\
\"\"\"Plurals.\"\"\"

import os

import inflection
from acme_lib import NUMBER


def plural(word: str) -> str:
    \"\"\"Return the plural.\"\"\"
    return f"{NUMBER} {inflection.pluralize(word)}"


def table() -> str:
    \"\"\"Return the name of the table, which is not JobFlow's.\"\"\"
    return os.environ["WORDS_TABLE"]
"""


@pytest.fixture(scope="module")
def grown(own: Own) -> Path:
    """A repository with everything that is possible.

    It has shared code, libraries, a wheel by its path, secrets and built-in types.
    """
    own.done("new grown", own.folder)
    made = own.folder / "grown"
    (made / "wheels").mkdir()
    for wheel in (own.folder / "wheels").glob("*.whl"):
        shutil.copy(wheel, made / "wheels")
    own_wheel(made / "wheels")
    for name in ("word.count", "plural.make", "plural.list"):
        own.done(f"add {name}", made)
    marked = made / "jobflow.toml"
    types = '["email.send", "image.process", "report.generate"]'
    marked.write_text(marked.read_text().replace("builtin = []", f"builtin = {types}"))
    share(made, "Good day")
    # change the test, because the greeting is another one
    (made / "tests" / "handlers" / "test_hello_world.py").unlink()
    (made / "acme" / "plurals.py").write_text(PLURALS)
    for name, model in (("make", "Make"), ("list", "List")):
        for path, text in (
            (f"handlers/plural_{name}.py", PLURAL),
            (f"tests/handlers/test_plural_{name}.py", PLURAL_TEST),
        ):
            named = text.replace("plural.make", f"plural.{name}").replace("plural_make", f"plural_{name}")
            (made / path).write_text(named.replace("PluralMake", f"Plural{model}"))
    (made / "handlers" / "plural_make.requirements.txt").write_text(f"inflection\n./wheels/{WHEEL}\n")
    (made / "handlers" / "plural_list.requirements.txt").write_text("-r plural_make.requirements.txt\n")
    own.done("lock", made)
    own.done("pipeline", made)
    return made


def steps(workflow: Path) -> list[str]:
    """Return the commands that the job `test` of a workflow runs."""
    return [step["run"] for step in yaml.safe_load(workflow.read_text())["jobs"]["test"]["steps"] if "run" in step]


def test_the_workflow_is_green_in_a_fresh_environment(own: Own, grown: Path, tmp_path: Path) -> None:
    git = ["git", "-C", str(grown)]
    for command in (["init", "-q"], ["add", "-A"], ["checkout-index", "-a", f"--prefix={tmp_path}/checkout/"]):
        subprocess.run([*git, *command], check=True)
    workflows = tmp_path / "checkout" / ".github" / "workflows"
    commands = steps(workflows / "ci.yml")
    assert commands == steps(workflows / "deploy.yml") != []
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    fresh = {name: value for name, value in own.environment().items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    fresh["PATH"] = f"{tmp_path}/venv/bin:{fresh['PATH']}"
    for line in commands:
        done = subprocess.run(
            ["bash", "-e", "-c", line],
            cwd=tmp_path / "checkout",
            env=fresh,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_types_with_the_same_libraries_share_a_zip(own: Own, grown: Path) -> None:
    own.done(f"package --python {HERE} --out build", grown)
    assert {path.name for path in (grown / "build").glob("*.zip")} == {"deployment.zip", "plural-list.zip"}
    with zipfile.ZipFile(grown / "build" / "plural-list.zip") as archive:
        assert {"acme/plurals.py", "acme_lib/__init__.py", "inflection/__init__.py"} <= set(archive.namelist())


def test_what_can_be_repaired_is(own: Own, grown: Path) -> None:
    handler = grown / "handlers" / "word_count.py"
    before = handler.read_text()
    handler.write_text(
        before.replace("import BaseModel", "import  BaseModel").replace(
            "import JobContext", "import  Allow, JobContext"
        )
    )
    assert own.type("check", grown).returncode == 1
    own.done("fix", grown)
    assert handler.read_text() == before


def test_a_repository_is_brought_up_to_the_installed_version(own: Own, project: Path) -> None:
    of(project, "0.1.0")
    own.done("upgrade", project)
    assert "Nothing breaks" in own.done("upgrade --check", project)

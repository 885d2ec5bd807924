"""Test what a function omits when it starts in Lambda but other programs do not, and the measurement."""

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.cloud.errors import CloudError
from infra.cloud.package import cold_starts
from infra.cloud.package.build import ROOT, Package
from infra.cloud.package.clean import import_handler, runtime_path
from infra.cloud.package.cold_starts import FIRST_USE, NO_NETWORK, with_code_of
from infra.local.lambdas.site import of_host

WORKER = "handlers.email_send.handler"
MANY = 80
LOOSE = {"platform.reference.OpenApi", "platform.reference.RootModel[dict[str, Any]]"}
"""The OpenAPI document as a body: any object, without fields to read."""
BUILT = """
from pydantic import BaseModel
def ours(model):
    for sub in model.__subclasses__():
        if sub.__module__.startswith("chalicelib."):
            yield sub
        yield from ours(sub)
built = {True: [], False: []}
for model in ours(BaseModel):
    built[model.__pydantic_complete__].append(f"{model.__module__}.{model.__name__}")
"""
REFUSED = """
import json
from chalicelib.api.document import document
from chalicelib.api.http.endpoint import read_body, read_query
from chalicelib.api.routes import all_endpoints
from chalicelib.errors import InvalidRequest
from chalicelib.job_types import jobtype
said = []
for endpoint in all_endpoints():
    for read, model, wrong in (
        (read_body, endpoint.body, {"surplus": 1, "type": 5}), (read_query, endpoint.query, {"surplus": ["1"]}),
    ):
        try:
            said.append(repr(read(model, wrong)))
        except InvalidRequest as error:
            said.append(f"{error} {error.errors}")
print(json.dumps([document(all_endpoints(), jobtype.load(), "1"), said]))
"""


@pytest.fixture
def runtime(tmp_path: Path) -> list[str]:
    return runtime_path(tmp_path / "runtime")


def run(script: str, **environment: str) -> str:
    """Run a script on this checkout, with the environment that the local API's process gets."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env={**of_host(), "PYTHONPATH": str(ROOT), **NO_LAMBDA, **environment},
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


NO_LAMBDA = {name: value for name, value in NO_NETWORK.items() if name != "AWS_LAMBDA_FUNCTION_NAME"}


def test_in_lambda_no_model_of_the_api_is_built_before_it_is_used(unpacked: Path, runtime: list[str]) -> None:
    said = (
        "early = {name.rpartition('chalicelib.api.')[2] for name in built[True] if name.startswith('chalicelib.api.')};"
        f"assert early == {LOOSE}, early;"
        f"assert len(built[False]) > {MANY}, len(built[False]);"
        "from chalicelib.api.models.responses import Health;"
        "assert Health().model_dump() == {'status': 'ok'}"
    )
    every = "from chalicelib.api.routes import all_endpoints; all_endpoints()"
    import_handler("app.handler", unpacked, runtime, NO_NETWORK, f"{every}\n{BUILT}\n{said}")


def test_in_lambda_the_api_starts_with_the_resource_of_jobs_alone(unpacked: Path, runtime: list[str]) -> None:
    said = (
        "import sys; here = {name for name in sys.modules if name.startswith('chalicelib.api.')};"
        "assert 'chalicelib.api.jobs.jobs' in here;"
        "assert not {'chalicelib.api.jobs.batches', 'chalicelib.api.numbers.metrics'} & here"
    )
    import_handler("app.handler", unpacked, runtime, NO_NETWORK, said)


def test_the_api_imports_what_verifies_an_id_token_only_when_somebody_signs_in(
    unpacked: Path, runtime: list[str]
) -> None:
    said = (
        "import sys; early = [name for name in sys.modules if name.split('.')[0] in ('jwt', 'cryptography')"
        " or name.startswith('chalicelib.sessions')];"
        "assert not early, early; import chalicelib.sessions.id_token; assert 'cryptography' in sys.modules"
    )
    import_handler("app.handler", unpacked, runtime, NO_NETWORK, said)


def test_on_a_laptop_the_api_has_built_all_its_models_before_its_first_thread() -> None:
    script = (
        "import gc, socket\n"
        "from infra.local.api.serve import make_server\n"
        f"server = make_server()\n{BUILT}\n"
        "print(gc.isenabled(), len(built[True]), *built[False])"
    )
    collects, number, *unbuilt = run(script).split()
    assert (collects, unbuilt) == ("True", [])
    assert int(number) > MANY


@pytest.mark.parametrize("handler", ["app.handler", WORKER])
def test_garbage_is_looked_for_as_soon_as_the_first_client_is_made(
    handler: str, unpacked: Path, runtime: list[str]
) -> None:
    import_handler(
        handler, unpacked, runtime, NO_NETWORK,
        f"import gc; assert not gc.isenabled(); {FIRST_USE}; assert gc.isenabled() and gc.get_freeze_count() > 10_000",
    )  # fmt: skip


def test_a_worker_behind_another_librarys_handler_works() -> None:
    script = (
        "import sys, types; from handlers.email_send import handler;"
        "assert 'chalicelib.worker.consume' not in sys.modules;"
        "context = types.SimpleNamespace(aws_request_id='r', get_remaining_time_in_millis=lambda: 60_000);"
        "print(handler({'Records': []}, context), handler({'Records': []}, context))"
    )
    there = {"AWS_LAMBDA_FUNCTION_NAME": "email-send", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}
    said = run(script, _HANDLER="tracing.wrapped", **there)
    # from the first call on, output becomes a log line there
    assert json.loads(said.splitlines()[-1])["message"] == "{'batchItemFailures': []} {'batchItemFailures': []}"


def test_models_that_are_built_late_say_the_same() -> None:
    here, there = run(REFUSED), run(REFUSED, AWS_LAMBDA_FUNCTION_NAME="api")
    assert len(json.loads(here)[1]) > MANY
    assert here == there


def test_measures_import_and_first_use_beside_another_revision(package: Package, tmp_path: Path) -> None:
    template = tmp_path / "sam.json"
    template.write_text(json.dumps({"Resources": {"One": {"Properties": {"Handler": WORKER}}}}))
    (found,) = cold_starts.cold_starts(replace(package, template=template), "HEAD", rounds=1)
    assert found.handler == WORKER
    assert 0 < found.imported.best < found.used.best
    assert None not in {found.imported.ratio, found.used.ratio}
    assert found.modules > 300


QUEUE = """\
class Kind:
    @staticmethod
    def run(): ...


def imports():
    {tasks}


Kind.run.imports = imports
handler = Kind.run
"""


def test_measures_the_tasks_of_a_queue_in_its_own_zip(package: Package, tmp_path: Path) -> None:
    own, template, properties = tmp_path / "celery-mail.zip", tmp_path / "sam.json", []
    shutil.copy(package.archive, own)
    with zipfile.ZipFile(own, "a") as archive:
        archive.writestr("acme/tasks.py", "")
        for name, tasks in (("celery_idle", "pass"), ("celery_mail", "import acme.tasks")):
            archive.writestr(f"handlers/{name}.py", QUEUE.format(tasks=tasks))
            properties.append({"Handler": f"handlers.{name}.handler", "CodeUri": f"./{own.name}"})
    template.write_text(json.dumps({"Resources": {one["Handler"]: {"Properties": one} for one in properties}}))
    idle, mail = cold_starts.cold_starts(replace(package, template=template, own=(own,)), rounds=1)
    assert (mail.handler, mail.modules - idle.modules) == ("handlers.celery_mail.handler", 2)


def test_a_revision_that_git_does_not_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="git has no code of no-such-thing: fatal"):
        with_code_of("no-such-thing", tmp_path)

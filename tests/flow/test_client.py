"""Test the client on the platform of `make dev`: found automatically, over HTTP, with jobs that real workers run."""

import re
from collections.abc import Iterator

import pytest

from jobflow import JobFlow, JobNotCompleted, NewJob
from tests.infra.local.running import ROOT, Run


@pytest.fixture
def client(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobFlow]:
    """A client without arguments: it finds the running platform."""
    monkeypatch.setenv("JOBFLOW_STATE_DIR", str(run.folder))
    with JobFlow() as found:
        yield found


def test_a_job_is_submitted_and_its_result_returned(client: JobFlow) -> None:
    assert client.result(client.submit("flow.probe", {"fail": 1}), timeout=120) == {"attempt": 2}


def test_a_failure_is_told_with_its_error(client: JobFlow) -> None:
    job = client.submit("flow.probe", {"fail": 1, "how": "permanent"})
    with pytest.raises(JobNotCompleted, match="PermanentError: never") as failed:
        client.result(job, timeout=120)
    assert [attempt.outcome for attempt in failed.value.job.attempt_history] == ["permanent_error"]


def test_a_batch_is_found_again_by_its_tag(client: JobFlow) -> None:
    results = client.batch([NewJob("flow.probe", {}, tags=["batch:1"]) for _ in range(30)])
    made = {result.job.id for result in results if result.job}
    assert {client.wait(job, timeout=120).status for job in made} == {"completed"}
    assert {job.id for job in client.iterate(tag="batch:1", page_size=7)} == made


@pytest.mark.parametrize("page", ["README.md", "docs/client.md"])
@pytest.mark.usefixtures("client")
def test_the_example_runs_as_it_is_printed(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    [example] = [block for block in blocks if block.startswith("from jobflow import JobFlow\n")]
    exec(compile(example, page, "exec"), {})  # noqa: S102
    assert capsys.readouterr().out.startswith("{'")

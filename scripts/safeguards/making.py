"""List the safeguards of jobs that make jobs: each once in a run, listed, stored and sent."""

from scripts.safeguards.safeguard import Safeguard

MAKING_TESTS = (
    "tests/chalicelib/worker/making",
    "tests/chalicelib/jobs/types/test_lineage.py",
    "tests/chalicelib/service/test_descendants.py",
    "tests/contract/jobs/test_children.py",
)
LIVES = ("tests/contract/jobs/test_lives.py", "tests/chalicelib/jobs/test_lives.py")

MAKING = (
    Safeguard(
        "a second attempt makes no second job",
        "chalicelib.service.submission:Submission.new_id",
        "self.lineage.child_id(self.type, self.idempotency_key)",
        "str(uuid.uuid4())",
        MAKING_TESTS,
    ),
    Safeguard(
        "the jobs of two runs are two",
        "chalicelib.jobs.types.lineage:Lineage.child_id",
        "uuid.uuid5(NAMESPACE, f'{self.run}|{job_type}|{key}')",
        "uuid.uuid5(NAMESPACE, f'{self.parent}|{job_type}|{key}')",
        MAKING_TESTS,
    ),
    Safeguard(
        "a job that a key makes again makes jobs of its own",
        "chalicelib.jobs.lives:run_name",
        "f'{name}:{round(job.created_at * 1000):x}'",
        "name",
        LIVES,
    ),
    Safeguard(
        "a run that is under way at a deployment makes no job a second time",
        "chalicelib.jobs.lives:run_name",
        "job.created_at < NAMED_BY_BIRTH",
        "False",
        LIVES,
    ),
    Safeguard(
        "what an expired job made is not told, or cancelled, as made by a later one",
        "chalicelib.adapters.dynamo.jobs.children:Children.page",
        "job.created_at > since and matches(job, which)",
        "matches(job, which)",
        LIVES,
    ),
    Safeguard(
        "a second attempt with other data is given the job of the first",
        "chalicelib.service.jobs:JobService.same",
        """
if job.parent is None:
    _check_same(job, existing)
""",
        "_check_same(job, existing)",
        MAKING_TESTS,
    ),
    Safeguard(
        "one attempt makes no two jobs under one key",
        "chalicelib.worker.enqueue:Enqueuing.make",
        "self.made.setdefault((job_type, key), asked.body_hash()) != asked.body_hash()",
        "False",
        MAKING_TESTS,
    ),
    Safeguard(
        "only declared types are made",
        "chalicelib.worker.enqueue:Enqueuing.make",
        "self.service is None or job_type not in self.allowed",
        "self.service is None",
        MAKING_TESTS,
    ),
    Safeguard(
        "a job is on its parent's list before it is stored",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore.add",
        """
if job.parent is not None:
    self._children.keep(job)
""",
        "",
        MAKING_TESTS,
    ),
    Safeguard(
        "a job is cancelled before what it made is read",
        "chalicelib.service.descendants:_descendants",
        """
yield child
if _makes_some(child):
    waiting.append(child)
""",
        """
if _makes_some(child):
    waiting.append(child)
""",
        MAKING_TESTS,
    ),
    Safeguard(
        "a repeated request cancels those that the last one did not come to",
        "chalicelib.service.descendants:cancel_all",
        "left -= not job.terminal",
        "left -= 1",
        MAKING_TESTS,
    ),
)

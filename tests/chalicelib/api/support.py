"""Provide the API over memory ports, called through Chalice's own replacement for API Gateway."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from chalice.config import Config
from chalice.local import LocalChalice, LocalGateway, LocalGatewayException
from pydantic import BaseModel, ConfigDict, Field

from chalicelib.access.tokens import MemoryTokenStore, Role
from chalicelib.adapters.memory.counters import MemoryAcknowledgements, MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore, MemoryRateWindows
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.api import routes
from chalicelib.assembly import parts
from chalicelib.audit.memory import MemoryAudit
from chalicelib.batches.memory import MemoryBatches
from chalicelib.bulk.memory import MemoryBackground, MemoryBulkActions
from chalicelib.counters.port import Standing
from chalicelib.erasing.memory import MemoryErasures, MemoryRemoval
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType, registered, with_personal
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.sessions.memory import MemorySessions
from chalicelib.settings import Settings
from chalicelib.views.memory import MemoryViews
from chalicelib.webhooks.memory import MemorySecrets, MemoryWebhooks
from tests.support import T0, Clock

__all__ = ["ADDRESS", "BODY", "NOTE", "ORIGIN", "OTHER", "T0", "Answer", "Clock", "Live", "Note", "World", "only_types"]

ORIGIN = "https://jobs.example.com"
ADDRESS = "203.0.113.9"


class Note(BaseModel):
    """A payload with a field of every kind that can be wrong."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"to": ["a@example.com"]}]})

    to: list[str] = Field(min_length=1)
    text: str = "hello"


def _nothing(payload: Any, ctx: Any) -> None:
    """Do nothing with a note."""


NOTE: JobType[Any, Any] = JobType("test.note", _nothing, Note, max_attempts=3, timeout=30)
OTHER: JobType[Any, Any] = JobType("test.other", _nothing, Note, max_attempts=5)
BODY: dict[str, Any] = {"type": "test.note", "payload": {"to": ["a@example.com"]}}


@contextmanager
def only_types(*kinds: JobType[Any, Any]) -> Iterator[None]:
    """Declare only these job types within the block."""
    jobtype.load()  # import the files now, once: types that are declared within the block would be lost after it
    before, personal = dict(registered), set(with_personal)
    registered.clear()
    registered.update({kind.name: kind for kind in kinds})
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)
        with_personal.intersection_update(personal)


@dataclass(frozen=True)
class Answer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.text)

    @property
    def locs(self) -> list[list[str | int]]:
        """Return the fields of a problem's errors."""
        return [error["loc"] for error in self.json.get("errors", [])]


class Live(MemoryCounters):
    """Counters whose totals are never late: each read counts the jobs in the store."""

    def __init__(self, store: MemoryJobStore) -> None:
        super().__init__()
        self._store = store

    def standing(self) -> Standing:
        return replace(super().standing(), totals=self._store.totals())


@dataclass
class World:
    """One API with its ports."""

    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(
        default_factory=lambda: Settings.from_env({"CORS_ORIGIN": ORIGIN, "RATE_LIMIT_MAX": "0"})
    )
    parts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store: MemoryJobStore = self.parts.get("job_store") or MemoryJobStore(self.clock)
        self.queue = MemoryJobQueue(self.clock)
        self.counters = Live(self.store)
        self.token_store = MemoryTokenStore()
        self.schedules = MemorySchedules()
        ports: dict[str, Any] = {
            "settings": self.settings, "clock": self.clock, "job_store": self.store, "counters": self.counters,
            "job_queue": self.queue, "rate_windows": MemoryRateWindows(), "token_store": self.token_store,
            "acknowledgements": MemoryAcknowledgements(), "bulk_rows": MemoryBulkActions(self.counters),
            "erasure_rows": MemoryErasures(self.counters), "removal": MemoryRemoval(self.store),
            "batch_rows": MemoryBatches(),
            "past_pauses": MemoryPastPauses(), "background": MemoryBackground(), "schedules": self.schedules,
            "views": MemoryViews(), "place_store": MemoryPlaces(), "audit": MemoryAudit(),
            "webhooks": MemoryWebhooks(), "webhook_secrets": MemorySecrets(), "session_store": MemorySessions(),
        }  # fmt: skip
        parts.replace(**{**ports, **self.parts})
        self.secrets = {role: parts.tokens.issue(role, f"a {role}")[0] for role in Role}
        self.app = LocalChalice(app_name="jobflow", configure_logs=False, env={})
        self.handler = routes.register(self.app)

    def gateway(self, address: str = ADDRESS) -> LocalGateway:
        """Return API Gateway as the caller with that address reaches it."""
        gateway = LocalGateway(self.app, Config.create())
        gateway.event_converter.LOCAL_SOURCE_IP = address
        return gateway

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        token: str | None = None,
        role: Role | None = Role.ADMIN,
        headers: Mapping[str, str] | None = None,
        address: str = ADDRESS,
    ) -> Answer:
        """Send one request, with the role's token unless another is given, and as JSON unless `headers` differ."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        secret = token if token is not None else self.secrets[role] if role else None
        sent = {"Content-Type": "application/json", **(headers or {})}
        if secret is not None:
            sent["Authorization"] = f"Bearer {secret}"
        sent = {name: value for name, value in sent.items() if value}
        try:
            answer = self.gateway(address).handle_request(method, path, sent, content)
        except LocalGatewayException as error:
            return Answer(error.CODE, _lower(error.headers), (error.body or b"").decode())
        return Answer(answer["statusCode"], _lower(answer["headers"]), answer["body"] or "")

    def get(self, path: str, **more: Any) -> Answer:
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        """POST."""
        return self.call("POST", path, body, **more)

    def create(self, **more: Any) -> str:
        """Create a job and return its id."""
        answer = self.post("/jobs", {**BODY, **more})
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def put_in(self, job_id: str, status: Status, **fields: Any) -> Job:
        """Put a job directly into a state."""
        claims = {"claims": fields["attempts"]} if "attempts" in fields else {}
        job = replace(self.store.get(job_id), status=status, **{**claims, **fields})
        self.store._jobs[job_id] = job
        if job.parent is not None:
            self.store._made.setdefault(job.parent, {})[job_id] = None
        return job


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

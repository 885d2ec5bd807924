"""Test webhooks over the API: secrets that are shown once, wrong fields, and deliveries that are sent again."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.scope import scope_of
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.batches.batches import NewBatch
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from chalicelib.webhooks import rule
from chalicelib.webhooks.constants import MOST_WEBHOOKS, ROTATION_TAKES
from chalicelib.webhooks.editing import WebhookService
from chalicelib.webhooks.signature import headers
from chalicelib.webhooks.webhook import DELETED, GONE, State, Webhook
from jobflow.webhooks import verify
from tests.chalicelib.api.support import BODY, NOTE, World, only_types
from tests.chalicelib.webhooks.support import DELIVERING, a_delivery, a_webhook

URL = "https://hooks.example.com/jobflow"


@pytest.fixture
def hooked(world: World) -> World:
    """An API of a stage with webhooks."""
    registered[DELIVERING.name] = DELIVERING
    return world


def create(world: World, name: str = "billing", **settings: Any) -> Any:
    answer = world.post("/webhooks", {"name": name, "url": URL, **settings})
    assert answer.status == 201, answer
    return answer.json


def disable(name: str) -> None:
    found = parts.webhooks.find(name)
    assert found is not None
    parts.webhooks.set_state(found.webhook, State(), rule.failed(State(), 1.0, "gone", gone=True))


def test_a_secret_is_in_the_answer_that_makes_it_and_in_no_other(hooked: World) -> None:
    made = create(hooked, types=["test.note"], statuses=["failed"])
    assert made["secret"].startswith("whsec_")
    answers = [
        hooked.get("/webhooks"), hooked.get("/webhooks/billing"),
        hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2"}), hooked.post("/webhooks/billing/enable"),
        rotated := hooked.post("/webhooks/billing/rotate"), hooked.call("DELETE", "/webhooks/billing"),
    ]  # fmt: skip
    assert [one.status for one in answers] == [200] * 6
    assert not [one for one in answers if made["secret"] in one.text]
    assert sum("whsec_" in one.text for one in answers) == 1
    assert rotated.json["secret"] != made["secret"]
    assert answers[2].json["types"] == []
    assert answers[-1].json["disabled_because"] == GONE, "the answer comes when nothing is left"
    assert hooked.get("/webhooks/billing").status == 404
    assert hooked.get("/webhooks").json == {"webhooks": [], "available": True}


def test_after_a_rotation_both_secrets_verify(hooked: World) -> None:
    first, second = create(hooked)["secret"], hooked.post("/webhooks/billing/rotate").json["secret"]
    webhook = parts.webhook_service.get("billing").webhook
    kept = parts.webhook_secrets.get(webhook.registration)
    sent = headers(kept, "m", hooked.clock.now, b"{}")
    assert verify(b"{}", sent, first, now=hooked.clock.now) == verify(b"{}", sent, second, now=hooked.clock.now) == {}
    hooked.call("DELETE", "/webhooks/billing")
    assert not parts.webhook_secrets.get(webhook.registration)


def test_of_two_rotations_at_the_same_time_one_is_refused_and_the_other_ones_secret_signs(hooked: World) -> None:
    create(hooked)
    meanwhile: list[int] = []
    store = parts.webhook_secrets
    get = store.get

    def slowly(registration: str) -> Any:
        found = get(registration)
        if not meanwhile:
            meanwhile.append(hooked.post("/webhooks/billing/rotate").status)
            hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2"})
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "get", slowly)
        rotated = hooked.post("/webhooks/billing/rotate")
    assert (rotated.status, meanwhile) == (200, [409])
    webhook = parts.webhook_service.get("billing").webhook
    assert store.get(webhook.registration)[0].text == rotated.json["secret"]
    assert (webhook.url, webhook.rotated_at) == (f"{URL}/2", hooked.clock.now)
    parts.webhooks.replace(webhook, replace(webhook, rotating_since=hooked.clock.now, writer="died"))
    assert hooked.post("/webhooks/billing/rotate").status == 409
    hooked.clock.now += ROTATION_TAKES
    assert hooked.post("/webhooks/billing/rotate").status == 200, "the first request has died"


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"url": "http://hooks.example.com"}, ["url"]), ({"url": "https://10.0.0.1/"}, ["url"]),
        ({"url": "http://127.0.0.1:8090/"}, ["url"]), ({"url": "x" * 2000}, ["url"]), ({"url": ""}, ["url"]),
        ({"url": 7}, ["url"]), ({"name": "Billing"}, ["name"]), ({"name": "-a"}, ["name"]), ({"name": ""}, ["name"]),
        ({"types": ["no.such"]}, ["types"]), ({"types": ["webhook.deliver"]}, ["types"]),
        ({"tags": ["a"]}, ["tags"]), ({"tags": ["a b"], "types": ["*"]}, ["tags", 0]),
        ({"statuses": ["queued"]}, ["statuses", 0]), ({"secret": "whsec_x"}, ["secret"]),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(hooked: World, wrong: dict[str, Any], loc: list[Any]) -> None:
    answer = hooked.post("/webhooks", {"name": "billing", "url": URL, **wrong})
    assert (answer.status, answer.locs[0]) == (422, loc)
    assert hooked.get("/webhooks").json["webhooks"] == []


@pytest.mark.parametrize("asked", ["webhook.delivr", "webhook.deliver"])
def test_a_delivery_is_not_among_the_types_that_may_be_named(hooked: World, asked: str) -> None:
    [error] = hooked.post("/webhooks", {"name": "billing", "url": URL, "types": [asked]}).json["errors"]
    assert error["loc"] == ["types"]
    assert "webhook.deliver" not in error["msg"].removeprefix(asked)


def test_a_url_is_changed_although_a_type_of_the_filter_was_removed(hooked: World) -> None:
    create(hooked, types=["test.note"])
    with only_types(DELIVERING):
        answers = [
            hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2", "types": types})
            for types in (["test.note"], ["test.note", "other.type"])
        ]
    assert [one.status for one in answers] == [200, 422]
    assert "other.type" in answers[1].text
    assert parts.webhook_service.get("billing").webhook.url == f"{URL}/2"


def test_a_name_is_taken_once_and_there_is_a_maximum(hooked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    create(hooked)
    assert hooked.post("/webhooks", {"name": "billing", "url": URL}).status == 409
    for number in range(MOST_WEBHOOKS - 1):
        parts.webhooks.add(a_webhook(f"n{number}"))
    assert hooked.post("/webhooks", {"name": "one-more", "url": URL}).status == 409


def test_of_two_changes_at_the_same_time_one_is_refused(hooked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    create(hooked)
    seen = parts.webhook_service.get("billing")
    create_other = replace(seen.webhook, writer="other", url=f"{URL}/other")
    parts.webhooks.replace(seen.webhook, create_other)
    monkeypatch.setattr(WebhookService, "get", lambda _self, _name: seen)
    for method, path in (("PUT", ""), ("POST", "/rotate"), ("DELETE", "")):
        body = {"url": URL} if method == "PUT" else None
        assert hooked.call(method, f"/webhooks/billing{path}", body).status == 409


def test_a_stage_without_the_type_has_no_webhooks_and_says_so(world: World) -> None:
    with only_types(NOTE):
        assert world.get("/webhooks").json == {"webhooks": [], "available": False}
        refused = world.post("/webhooks", {"name": "billing", "url": URL})
    assert refused.status == 409
    assert "webhook.deliver" in refused.text


def test_a_job_names_only_registered_webhooks(hooked: World) -> None:
    create(hooked)
    assert hooked.post("/jobs", {**BODY, "notify": ["billing", "billing"]}).json["notify"] == ["billing"]
    wrong = [hooked.post("/jobs", {**BODY, "notify": value}) for value in (["nobody"], ["a b"], "billing", ["x"] * 6)]
    assert [(one.status, one.locs[0][0]) for one in wrong] == [(422, "notify")] * 4
    batch = hooked.post("/jobs/batch", {"jobs": [{**BODY, "notify": ["billing"]}, {**BODY, "notify": ["nobody"]}]})
    assert [one["status"] for one in batch.json["results"]] == [201, 422]


def test_nobody_creates_a_delivery_through_the_api(hooked: World) -> None:
    payload = {"webhook": "billing", "registration": "r", "body": {"type": "forged"}}
    answer = hooked.post("/jobs", {"type": DELIVERING.name, "payload": payload})
    assert (answer.status, answer.locs) == (422, [["type"]])
    daily = {"id": "daily", "type": DELIVERING.name, "cron": "0 6 * * *", "payload": payload}
    assert hooked.post("/schedules", daily).locs == [["type"]]


def test_deliveries_are_listed_and_sent_again(hooked: World) -> None:
    create(hooked)
    create(hooked, "other")
    webhook = parts.webhook_service.get("billing").webhook
    made = [a_delivery(parts.job_service, webhook, notify=("billing",)) for _ in range(4)]
    a_delivery(parts.job_service, parts.webhook_service.get("other").webhook)
    failed, disabled, delivered, pending = (one.id for one in made)
    hooked.put_in(failed, Status.DEAD_LETTER, error_class="DeliveryFailed", error_message="HTTP 500: x")
    hooked.put_in(disabled, Status.FAILED, error_class="WebhookDisabled", error_message="gone")
    hooked.put_in(delivered, Status.COMPLETED, result={"status": 204, "answer": "ok"})
    rows = {one["id"]: one for one in hooked.get("/webhooks/billing/deliveries").json["deliveries"]}
    assert {id_: row["state"] for id_, row in rows.items()} == {
        failed: "failed", disabled: "disabled", delivered: "delivered", pending: "pending",
    }  # fmt: skip
    assert (rows[failed]["answer"], rows[delivered]["status"], rows[delivered]["answer"]) == ("HTTP 500: x", 204, "ok")
    assert rows[pending]["job_id"] == made[3].parent
    assert rows[pending]["ended"] == "completed"
    only = hooked.get("/webhooks/billing/deliveries?state=failed").json["deliveries"]
    assert [one["id"] for one in only] == [failed]
    first = hooked.get("/webhooks/billing/deliveries?limit=3").json
    rest = hooked.get(f"/webhooks/billing/deliveries?limit=3&cursor={first['next_cursor']}").json["deliveries"]
    assert {one["id"] for one in (*first["deliveries"], *rest)} == set(rows)
    for foreign in ("x", first["next_cursor"]):
        wrong = hooked.get(f"/webhooks/other/deliveries?cursor={foreign}")
        assert (wrong.status, wrong.locs) == (400, [["query", "cursor"]])

    def again(delivery_id: str, name: str = "billing") -> Any:
        return hooked.post(f"/webhooks/{name}/deliveries/{delivery_id}/send-again", {}, role=Role.OPERATOR)

    assert (again(failed).status, again(disabled).status) == (200, 200)
    assert parts.job_store.get(failed).gen == 2
    assert again(pending).status == 409
    twice = again(delivered)
    assert (twice.status, twice.json["webhook_id"]) == (201, delivered)
    assert twice.json["id"] != delivered
    hooked.put_in(twice.json["id"], Status.COMPLETED)
    assert again(twice.json["id"]).json["webhook_id"] == delivered
    assert again(delivered, "other").status == 404
    assert again("6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0").status == 404


def test_the_answer_of_a_receiver_is_not_shown_without_payloads(hooked: World) -> None:
    """A receiver may repeat the message, which has the error message of a job."""
    create(hooked)
    disable("billing")
    token = parts.tokens.issue(Role.ADMIN, "x", scope=scope_of(payloads=False))[0]
    answers = [hooked.get(path, token=token) for path in ("/webhooks", "/webhooks/billing")]
    answers.append(hooked.post("/webhooks/billing/rotate", token=token))
    assert [(answer.status, "gone" in answer.text) for answer in answers] == [(200, False)] * 3


def test_nothing_is_sent_again_to_a_disabled_or_newly_registered_webhook(hooked: World) -> None:
    create(hooked)
    made = a_delivery(parts.job_service, parts.webhook_service.get("billing").webhook)
    hooked.put_in(made.id, Status.FAILED)
    disable("billing")
    path = f"/webhooks/billing/deliveries/{made.id}/send-again"
    assert hooked.post(path, {}).status == 409
    shown = hooked.get("/webhooks/billing").json
    assert (shown["disabled_because"], shown["failures"]) == ("gone", 1)
    assert hooked.post("/webhooks/billing/enable").json["disabled_at"] is None
    assert hooked.post(path, {}).status == 200
    hooked.call("DELETE", "/webhooks/billing")
    create(hooked)
    hooked.put_in(made.id, Status.FAILED)
    assert hooked.post(path, {}).status == 409


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_see_the_path_of_a_url(hooked: World, role: Role) -> None:
    create(hooked, url="https://hooks.example.com/services/T0/secret?key=1")
    for path in ("/webhooks", "/webhooks/billing"):
        assert "secret" not in hooked.get(path, role=role).text
        assert "https://hooks.example.com/…" in hooked.get(path, role=role).json.__str__()
        assert "T0/secret?key=1" in hooked.get(path).text


def test_a_changed_url_begins_anew_and_a_changed_filter_is_not_told_of_the_past(hooked: World) -> None:
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    parts.webhooks.set_state(webhook, State(), rule.failed(State(), hooked.clock.now, "x"))
    hooked.clock.now += 60
    same = hooked.call("PUT", "/webhooks/billing", {"url": URL}).json
    assert same["failures"] == 1
    assert parts.webhook_service.get("billing").webhook.told_since == webhook.told_since
    changed = hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2", "types": ["*"]}).json
    assert changed["failures"] == 0
    assert parts.webhook_service.get("billing").webhook.told_since == hooked.clock.now


@pytest.mark.parametrize("writes", [1, 99])
def test_a_url_that_is_changed_while_a_delivery_fails_begins_anew(
    hooked: World, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Deliveries write their failures first: the request succeeds, or it can be repeated."""
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    parts.webhooks.set_state(webhook, State(), rule.failed(State(), hooked.clock.now, "x"))
    set_state, left = parts.webhooks.set_state, [writes]

    def failing_meanwhile(webhook: Webhook, seen: State, after: State) -> bool:
        if left[0]:
            left[0] -= 1
            set_state(webhook, seen, replace(rule.failed(seen, hooked.clock.now, "x"), writer=f"w{left[0]}"))
        return set_state(webhook, seen, after)

    monkeypatch.setattr(parts.webhooks, "set_state", failing_meanwhile)
    asked = {"url": f"{URL}/2"}
    changed = hooked.call("PUT", "/webhooks/billing", asked)
    if writes > 1:
        assert changed.status == 409
        left[0] = 0
        changed = hooked.call("PUT", "/webhooks/billing", asked)
    assert (changed.status, changed.json["failures"]) == (200, 0)
    assert hooked.get("/webhooks/billing").json["failures"] == 0


@pytest.mark.parametrize("write", ["set_state", "replace"])
def test_a_url_whose_change_ended_halfway_begins_anew_when_the_request_is_repeated(
    hooked: World, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    parts.webhooks.set_state(webhook, State(), rule.failed(State(), hooked.clock.now, "x"))
    with monkeypatch.context() as broken:
        broken.setattr(parts.webhooks, write, None)
        assert hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2"}).status >= 500
    assert hooked.call("PUT", "/webhooks/billing", {"url": f"{URL}/2"}).json["failures"] == 0


def test_enabling_ends_a_pause(hooked: World) -> None:
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    parts.webhooks.set_state(webhook, State(), State(5, 1.0, hooked.clock.now + 1800, None, None, 1, "w"))
    assert hooked.get("/webhooks/billing").json["paused_until"] is not None
    assert hooked.post("/webhooks/billing/enable").json["paused_until"] is None


def test_a_deletion_that_was_interrupted_is_seen_and_is_finished_by_a_second_request(
    hooked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    with monkeypatch.context() as broken:
        broken.setattr(parts.webhook_secrets, "delete", lambda _registration: 1 / 0)
        assert hooked.call("DELETE", "/webhooks/billing").status == 500
    left = hooked.get("/webhooks/billing").json
    assert (left["disabled_at"] is not None, left["disabled_because"]) == (True, DELETED)
    assert hooked.call("DELETE", "/webhooks/billing").status == 200
    assert hooked.get("/webhooks/billing").status == 404
    assert not parts.webhook_secrets.get(webhook.registration)


@pytest.mark.parametrize("left_over", [True, False], ids=["secret left", "secret gone"])
def test_a_webhook_whose_deletion_was_interrupted_is_kept_if_it_is_enabled(
    hooked: World, monkeypatch: pytest.MonkeyPatch, left_over: bool
) -> None:
    """The receiver has never failed. The process has died before or after the secret was deleted."""
    create(hooked)
    with monkeypatch.context() as broken:
        if left_over:
            broken.setattr(parts.webhook_secrets, "delete", lambda _registration: 1 / 0)
        else:
            broken.setattr(parts.webhooks, "remove", lambda _seen: 1 / 0)
        assert hooked.call("DELETE", "/webhooks/billing").status == 500
    hooked.clock.now += 60
    rotated = hooked.post("/webhooks/billing/rotate")
    assert rotated.json["disabled_at"] is not None
    enabled = hooked.post("/webhooks/billing/enable")
    assert (enabled.status, enabled.json["disabled_at"], enabled.json["disabled_because"]) == (200, None, None)
    found = parts.webhook_service.get("billing")
    assert (found.state.disabled_at, found.webhook.told_since) == (None, hooked.clock.now)
    assert parts.webhook_secrets.get(found.webhook.registration)[0].text == rotated.json["secret"]
    assert hooked.call("DELETE", "/webhooks/billing").status == 200
    assert hooked.get("/webhooks/billing").status == 404


def test_a_secret_of_a_webhook_that_is_deleted_during_a_rotation_is_not_left_over(
    hooked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(hooked)
    webhook = parts.webhook_service.get("billing").webhook
    kept = parts.webhook_secrets
    put = kept.put

    def deleted_meanwhile(registration: str, secrets: Any) -> None:
        found = parts.webhooks.find("billing")
        assert found is not None
        parts.webhooks.remove(found.webhook)
        put(registration, secrets)

    monkeypatch.setattr(kept, "put", deleted_meanwhile)
    assert hooked.post("/webhooks/billing/rotate").status == 409
    assert not kept.get(webhook.registration)


def test_a_batch_names_webhooks_and_its_delivery_is_listed_and_sent_again(hooked: World) -> None:
    create(hooked, statuses=["failed"])
    unknown = hooked.post("/batches", {"notify": ["billing", "other"]})
    assert (unknown.status, unknown.locs) == (422, [["notify"]])
    assert hooked.post("/batches", {"notify": ["A"]}).locs == [["notify", 0]]
    made = hooked.post("/batches", {"notify": ["billing", "billing"]}).json
    assert made["notify"] == hooked.get(f"/batches/{made['id']}").json["notify"] == ["billing"]
    hooked.post(f"/batches/{made['id']}/close", {"total": 0})
    (row,) = hooked.get("/webhooks/billing/deliveries").json["deliveries"]
    assert (row["batch"], row["job_id"], row["ended"]) == (made["id"], None, None)
    hooked.put_in(row["id"], Status.COMPLETED)
    again = hooked.post(f"/webhooks/billing/deliveries/{row['id']}/send-again", {}, role=Role.OPERATOR).json
    assert (again["webhook_id"], again["batch"]) == (row["id"], made["id"])


def test_a_batch_of_a_stage_without_webhooks_ends_although_it_names_one(world: World) -> None:
    parts.batches.create(NewBatch("b-1", notify=("billing",)))
    assert parts.batches.close("b-1", 0).ended_at is not None

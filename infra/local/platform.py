"""Run the platform on this machine: start its parts in order, give them new code, stop them in reverse order."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.job_types.queue import name_in_aws
from chalicelib.pausing.lambda_prober import event_of
from infra import sign_in
from infra.cloud.package.shipped import own_libraries, probed
from infra.code import declared
from infra.definition.names import EXPORTS_SPANS
from infra.local import deployment, ports, resources, templates
from infra.local.api.process import ApiProcess
from infra.local.dashboard.built import Dashboard, content_security_policy
from infra.local.dashboard.vite import HotDashboard
from infra.local.deployment import Description, Place
from infra.local.emulator.processes.child import Emulator, EmulatorError
from infra.local.errors import BrokenCode, CannotRun
from infra.local.lambdas.clients import session
from infra.local.lambdas.cloudwatch import CloudWatchSink
from infra.local.lambdas.events.event_source import LONG_POLL_SECONDS, SHORT_POLL_SECONDS, Chaos
from infra.local.lambdas.events.sources import EventSources
from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.logs import FunctionLog, Sink, tee
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import REGION, FunctionSpec
from infra.local.options import Options
from infra.local.pauses import clearings_due, open_bulk_actions, paused_types, probes
from infra.local.state import dev_token, dotenv
from infra.local.state.folder import forget
from infra.program import VARIABLE, spoken

CLEARED_EVERY = 60.0
"""Seconds between two looks for payloads that are to be removed: this is not urgent, and each look is four queries."""


class Platform:
    """Run everything of `make dev`. `terminal` receives the lines of all functions."""

    def __init__(self, options: Options, terminal: Sink) -> None:
        self.options = options
        self.token = dev_token.text_of(options.state_dir)
        self.described: Description
        self._terminal = terminal
        self._parts = ExitStack()
        self._began = time.monotonic()
        self._started_at = datetime.now(UTC)
        self._ready_seconds = 0.0
        self._dashboard: Dashboard | HotDashboard | None = None
        self._paused: list[str] = []
        self._bulk: Future[InvokeResult] | None = None
        self._cleared = 0.0
        self._templates: dict[Path, int] = {}
        self._trouble = ""
        self.notes: list[str] = []

    def start(self) -> None:
        """Start every part. Raises CannotRun or BrokenCode; call `close` in any case."""
        options, parts = self.options, self._parts
        listener = parts.enter_context(ports.listen(options.api_port, "API_PORT"))
        self.api_url = f"http://{ports.HOST}:{ports.port_of(listener)}"
        self._emulate_and_describe()
        cloudwatch = CloudWatchSink(session(self.aws).client("logs"))
        parts.callback(cloudwatch.close)
        self._dynamodb = session(self.aws).client("dynamodb")
        sink = tee(self._terminal, cloudwatch)
        log = FunctionLog(FunctionSpec(f"{options.stack}-api", "app.handler"), sink)
        self._service = parts.enter_context(LambdaService(options.root, self.aws, sink))
        self._api = ApiProcess(listener, options.root, log)
        parts.callback(self._api.stop)
        poll_seconds = LONG_POLL_SECONDS if options.backend == "moto" else SHORT_POLL_SECONDS
        chaos = Chaos(options.duplicate_rate)
        self._sources = parts.enter_context(EventSources(self._service, self.aws, chaos, poll_seconds))
        back = self._bring_back()
        self._apply(self.described, **{dev_token.VARIABLE: self.token})
        self.notes[:0] = back
        resources.verify_sender(self._variables["MAIL_FROM"], self.aws)
        photo = options.root / "scripts" / "assets" / "landscape.jpg"
        resources.lay_example(photo, self._variables["FILES_BUCKET"], self.aws)
        self._serve_dashboard()
        self._ready_seconds = round(time.monotonic() - self._began, 2)

    def reload(self) -> None:
        """Run the code on disk. Raises BrokenCode if it cannot be loaded; the present code then continues to run."""
        # Before the new code runs anywhere: whether it can be loaded is known only when the API has started with it.
        self._service.hold()
        self._apply(declared.describe(self.options.root, self.options.stack, self.origin, self._conditions))
        self._service.release()

    def keep_alive(self) -> None:
        """Start the API again if it has ended.

        Raises CannotRun if the emulator has ended, because every part uses it.
        """
        if not self.emulator.alive:
            raise CannotRun(
                "The emulator ended; its log is in the state folder. The next start brings back the last snapshot."
            )
        if self._api.ended:
            self._api.replace(self._variables)

    def obey_pauses(self) -> None:
        """Do not receive from paused queues, as if their event source mappings were disabled."""
        paused = paused_types(self._dynamodb, self._variables["CONTROL_TABLE"])
        if paused is not None:
            self._sources.hold({f"{self.options.stack}-{name_in_aws(key)}" for key in paused})
            self._paused = sorted(paused)
            self._start_probes()

    def _start_probes(self) -> None:
        """Invoke the workers of paused queues with the watchdog's probes."""
        asked = probes(self._dynamodb, self._variables["CONTROL_TABLE"], self._paused)
        for key, body in asked.items():
            self._service.submit(f"{self.options.stack}-{name_in_aws(key)}", event_of(body))

    def work_off_bulk_actions(self) -> None:
        """Invoke the function for bulk actions while there are open ones, as the API does in the cloud."""
        if self._bulk is not None and not self._bulk.done():
            return
        if open_bulk_actions(self._dynamodb, self._variables["CONTROL_TABLE"]) or self._clears():
            self._bulk = self._service.submit(f"{self.options.stack}-recount", {"bulk": True})

    def _clears(self) -> bool:
        """Return, once a minute as the watchdog does, whether something of finished jobs is to be removed."""
        if time.monotonic() - self._cleared < CLEARED_EVERY:
            return False
        self._cleared = time.monotonic()
        return clearings_due(self._dynamodb, self._variables["JOBS_TABLE"], time.time())

    def news(self) -> list[str]:
        """Return sentences for the user about what has changed since this method was called last.

        These are the edited, added and removed templates in `dev/`, and why data is not kept over a restart.
        """
        before, self._templates = self._templates, templates.files(self.options.root)
        edited = ", ".join(sorted({f"dev/{path.name}" for path, _ in before.items() ^ self._templates.items()}))
        former, self._trouble = self._trouble, self.emulator.trouble()
        sentence = f"Edited: {edited}. Start again to take it up; jobs and items are kept." if edited else ""
        return [*filter(None, (sentence, self._trouble if self._trouble != former else ""))]

    def state(self) -> dict[str, Any]:
        """Return the facts for other programs: addresses, process ids, the token."""
        pids = {"runner": os.getpid(), "emulator": self.emulator.pid, "api": self._api.pid}
        if isinstance(self._dashboard, HotDashboard):
            pids["dashboard"] = self._dashboard.pid
        return {
            "api": self.api_url,
            "aws": self.emulator.url,
            "dashboard": self.origin if self._dashboard else None,
            "token": self.token,
            "webhook_port": self.options.webhook_port,
            "stack": self.options.stack,
            "backend": self.options.backend,
            "paused": self._paused,
            "pids": {**pids, "workers": self._service.pids()},
            "started_at": f"{self._started_at:%Y-%m-%dT%H:%M:%SZ}",
            "ready_seconds": self._ready_seconds,
        }

    def close(self) -> None:
        """Stop every part that was started."""
        self._parts.close()

    def _emulate_and_describe(self) -> None:
        """Start the emulator and describe the code at the same time: each takes almost a second."""
        options = self.options
        build = options.root / "dashboard" / "dist"
        self._build = build if (build / "index.html").exists() else None
        self._dashboard_port = self._reserve_dashboard()
        self.origin = options.passed_on.get("CORS_ORIGIN", f"http://localhost:{self._dashboard_port}")
        # The emulator takes a free port itself: one that is chosen here may be taken until the emulator listens.
        aws_port = options.aws_port and ports.free(options.aws_port, "AWS_PORT")
        log, state = options.state_dir / "emulator.log", options.state_dir / options.backend
        if options.fresh:
            forget(state)
        with ThreadPoolExecutor(2) as pool:
            describing = pool.submit(declared.describe, options.root, options.stack, self.origin, self._conditions)
            emulating = pool.submit(Emulator.start, aws_port, options.backend, log, state, [self.origin])
            try:
                self.emulator = emulating.result()
            except EmulatorError as error:
                raise CannotRun(str(error)) from error
            self._parts.callback(self.emulator.stop)
            self.aws = self.emulator.environment()
            self.described = describing.result()

    def _reserve_dashboard(self) -> int:
        """Return the port of the dashboard, which is part of what the emulator is started with."""
        port = self.options.dashboard_port
        if self.options.watch:
            return ports.free(port, "DASHBOARD_PORT")
        if self._build is None:
            return port
        self._page = self._parts.enter_context(ports.listen(port, "DASHBOARD_PORT"))
        return ports.port_of(self._page)

    @property
    def _conditions(self) -> list[str]:
        """Return the conditions of the template that hold on this laptop."""
        return [EXPORTS_SPANS] if self.options.passed_on.get("OTLP_ENDPOINT") else []

    def _bring_back(self) -> list[str]:
        """Make tables, queues and buckets, and fill them from the last run; return sentences for the user."""
        program = os.environ.get(VARIABLE, "")
        self._templates = templates.files(self.options.root)
        self._make_everything()
        try:
            sentences, again = self.emulator.bring_back(self.described.version, self.described.expiring())
        except EmulatorError as error:
            said = f"The last run cannot be brought back: {error}. `make dev FRESH=1` begins anew."
            raise CannotRun(spoken(said, program)) from error
        if again:
            self._make_everything()
        return [spoken(sentence, program) for sentence in sentences]

    def _make_everything(self) -> None:
        self._deploy(self.described)
        templates.deploy(self.options.root, self.options.stack, self.aws)

    def _deploy(self, described: Description) -> Place:
        try:
            return resources.deploy(described, self.options.stack, self.aws)
        except ClientError as error:
            raise BrokenCode(f"The emulator refuses what infra/definition describes: {error}") from error

    def _apply(self, described: Description, **for_the_api: str) -> None:
        options = self.options
        left = {resource["Properties"]["FunctionName"] for resource in described.functions.values()}
        self._sources.keep(left)  # stop the others before their queues are deleted
        place = self._deploy(described)
        # only here: neither a parameter nor a setting of a stage can name a receiver inside a network
        receiver = {"WEBHOOK_RECEIVER": f"127.0.0.1:{options.webhook_port}"}
        self._variables = {**deployment.environment(described, place, options.passed_on), **self.aws, **receiver}
        values, unread = dotenv.read(options.root / dotenv.FILE)
        self.notes = [*described.notes, *unread, *dotenv.fill(described.secrets, values, session(self.aws))]
        self.emulator.judge_by(deployment.roles(described, self._variables))
        for spec in deployment.function_specs(described, self._variables, options.concurrency, self._hides(described)):
            self._service.register(spec)
        self._service.recycle()
        self.obey_pauses()  # a queue that was paused in the last run must not be received from, not even for a moment
        self._sources.replace(deployment.mappings(described, place))
        self._api.replace({**self._variables, **for_the_api})
        self.described = described

    def _hides(self, described: Description) -> Callable[[str], dict[str, str]]:
        """Return what hides a library from a function, unless all functions or one of its own types ship it."""
        root = self.options.root
        return lambda handler: probed(root, own_libraries(root, described.modules.get(handler, ())))

    def _provider(self) -> dict[str, str] | None:
        """Return what the console must know about the identity provider of the variable SIGN_IN; None without one."""
        try:
            return sign_in.of_local_console(self.options.passed_on.get("SIGN_IN", ""))
        except sign_in.NotDiscovered as error:
            raise CannotRun(f"SIGN_IN: {error}") from error

    def _serve_dashboard(self) -> None:
        options, files = self.options, self.emulator.url
        config: dict[str, Any] = {
            "apiUrl": self.api_url, "stage": "dev", "region": REGION, "devToken": self.token
        }  # fmt: skip
        provider = self._provider()
        if provider is not None:
            config["signIn"] = provider
        if options.watch:
            sources, log = options.root / "dashboard", options.state_dir / "dashboard.log"
            self._dashboard = HotDashboard(sources, self._dashboard_port, config, files, log)
        elif self._build:
            policy = content_security_policy(self.api_url, files, provider["tokenUrl"] if provider else "")
            self._dashboard = Dashboard(self._service.portal, self._build, self._page, config, policy)
        if self._dashboard:
            self._parts.callback(self._dashboard.close)

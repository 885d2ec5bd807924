"""Run rate schedules on the runner's clock, as EventBridge does: the first run is one period after the start."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

from infra.local.lambdas.events.gate import Gate, Tasks
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import ACCOUNT, REGION, Schedule


def scheduled_event(schedule: Schedule, at: datetime) -> dict[str, Any]:
    """Return the event of a run: the payload of the schedule if it has one, else EventBridge's Scheduled Event."""
    if schedule.payload is not None:
        return dict(schedule.payload)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{schedule.name}"],
        "detail": {},
    }


class ScheduleSource:
    """Invoke a function at a fixed rate.

    If a run takes longer than the period, it overlaps the next run, as in the cloud.
    """

    def __init__(self, schedule: Schedule, service: LambdaService) -> None:
        self.schedule = schedule
        self.gate = Gate()
        self._service = service
        self.tasks = Tasks()

    async def run(self) -> None:
        """Wait and invoke until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self.schedule.rate_seconds, loop.time())
            await asyncio.sleep(due - loop.time())
            async with self.gate.turn():
                self.fire()

    def fire(self) -> None:
        """Invoke the function now, without waiting for it."""
        event = scheduled_event(self.schedule, datetime.now(UTC))
        self.tasks.start(self._service.invoke_async(self.schedule.function, event))

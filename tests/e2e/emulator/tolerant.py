"""Run ministack with no-ops for the two things of our template that it cannot create.

The file runs in ministack's own Python. `jobflow deploy` packages and deploys in one step, so the template cannot be
changed before, as in the other tests here.
"""

import runpy
from typing import Any

from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found,unused-ignore]

HANDLERS = provisioners._RESOURCE_HANDLERS
ALARM = dict(HANDLERS["AWS::CloudWatch::Alarm"])


def _create(logical_id: str, _props: Any, stack: str) -> tuple[str, dict[str, Any]]:
    return f"{stack}-{logical_id}", {}


def _create_alarm(logical_id: str, props: Any, stack: str) -> Any:
    return (_create if "Metrics" in props else ALARM["create"])(logical_id, props, stack)


def _update_alarm(physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None) -> Any:
    return (physical_id, {}) if "Metrics" in new else ALARM["update"](physical_id, old, new, stack, logical_id)


HANDLERS["AWS::Logs::QueryDefinition"] = {"create": _create, "delete": lambda *_: None}
HANDLERS["AWS::CloudWatch::Alarm"] = {**ALARM, "create": _create_alarm, "update": _update_alarm}
if __name__ == "__main__":
    runpy.run_module("ministack.app", run_name="__main__")

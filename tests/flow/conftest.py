"""Provide one platform for all tests of a flow: with a configurable job type, and with those that the pages print."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chalicelib.traces.collector import Collector, collecting
from tests.flow.of_batch import FAN_OUT, GATHERED
from tests.flow.printed import how_to, of_readme
from tests.flow.receiver import Receiver, receiving
from tests.flow.together import TOGETHER
from tests.flow.traced import TRACED
from tests.infra.local.running import Run, copy_of_the_code, running


def brief(probe: str) -> str:
    """Return the job type of a test, changed so that a dead worker is soon noticed."""
    return re.sub(r"flow([._])probe", r"flow\1brief", probe).replace("timeout=60", "timeout=6")


def serial(probe: str) -> str:
    """Return the job type of a test, changed so that its jobs run one at a time for an account."""
    named = re.sub(r"flow([._])probe", r"flow\1serial", probe)
    return named.replace("function=Function(batch_size=1, concurrency=10))", 'serial_by="account")')


def limited(probe: str, name: str) -> str:
    """Return the job type of a test, changed so that at most two jobs of an account run at once."""
    named = re.sub(r"flow([._])(probe|brief)", rf"flow\1{name}", probe).replace(
        "import Function", "import AtMost, Function"
    )
    return named.replace("concurrency=10))", 'concurrency=10), limits=[AtMost(2, by="account")])')


def sharing(probe: str, name: str, own: str = "") -> str:
    """Return the job type of a test, changed so that at most two jobs of this and other types run at once.

    `own` is another limit of the type, with a comma.
    """
    named = re.sub(r"flow([._])probe", rf"flow\1{name}", probe).replace("import Function", "import AtMost, Function")
    return named.replace("concurrency=10))", "concurrency=10), limits=[" + own + 'AtMost(2, shared="provider")])')


def urged(probe: str) -> str:
    """Return the job type of a test, changed so that it has a second queue for urgent jobs."""
    named = re.sub(r"flow([._])probe", r"flow\1urged", probe)
    return named.replace("concurrency=10))", "concurrency=4), urgent=True)")


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    """The receiver of webhooks that this platform delivers to."""
    with receiving() as started:
        yield started


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """The collector that this platform exports spans to."""
    with collecting() as started:
        yield started


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, collector: Collector) -> Iterator[Run]:
    """A platform without jitter. Each file in its `handlers/` declares one job type, and nothing else does."""
    root = copy_of_the_code(tmp_path_factory.mktemp("code"))
    probe = Path(__file__).with_name("probe.py").read_text()
    (root / "handlers" / "flow_probe.py").write_text(probe)
    (root / "handlers" / "flow_brief.py").write_text(brief(probe))
    (root / "handlers" / "flow_serial.py").write_text(serial(probe))
    (root / "handlers" / "flow_limited.py").write_text(limited(probe, "limited"))
    (root / "handlers" / "flow_dies.py").write_text(limited(brief(probe), "dies"))
    (root / "handlers" / "flow_urged.py").write_text(urged(probe))
    for name, own in (("asks", ""), ("draws", ""), ("both", 'AtMost(1, by="account"), ')):
        (root / "handlers" / f"flow_{name}.py").write_text(sharing(probe, name, own))
    ended = Path(__file__).with_name("ended.py").read_text()
    (root / "handlers" / "flow_ended.py").write_text(ended)
    (root / "handlers" / "flow_fan.py").write_text(FAN_OUT)
    (root / "handlers" / "flow_gathered.py").write_text(GATHERED)
    (root / "handlers" / "flow_traced.py").write_text(TRACED)
    (root / "handlers" / "flow_together.py").write_text(TOGETHER)
    (root / "handlers" / "word_count.py").write_text(of_readme())
    # the how-to prints the same name as the README
    (root / "handlers" / "word_tally.py").write_text(re.sub(r"word([._])count", r"word\1tally", how_to()))
    shutil.copy(root / "chalicelib" / "entry" / "optional" / "webhook_deliver.py", root / "handlers")
    (root / ".jobflow").mkdir()
    variables = {"JITTER": "none", "WEBHOOK_PORT": str(receiver.port), "OTLP_ENDPOINT": collector.url}
    with running(root, root / ".jobflow", **variables, TRACE_URL="http://127.0.0.1:16686/trace/{trace_id}") as started:
        yield started

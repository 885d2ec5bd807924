"""Test the outbox example on a real PostgreSQL: a job is created if and only if a transaction commits."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from tests import tools
from tests.chalicelib.api.support import BODY, NOTE, World, only_types
from tests.infra.local.running import ROOT, until
from tests.jobflow.recipes import served

pytestmark = pytest.mark.ministack
"""Run by `make e2e`: the test needs PostgreSQL, and an environment with its client."""
EXAMPLE = ROOT / "examples" / "outbox"
PRELUDE = f"""
import json, sys; sys.path[:0] = {[str(ROOT), str(EXAMPLE)]!r}
import psycopg, relay
from jobflow import JobFlow
database = sys.argv[1]
def store(connection, kind={BODY["type"]!r}, payload={json.dumps(BODY["payload"])!r}):
    connection.execute("insert into job_outbox (type, payload) values (%s, %s)", [kind, payload])
"""  # noqa: S608 - the test's own code


@dataclass(frozen=True)
class Shop:
    """An application's database, and code that runs in the example's environment."""

    python: Path
    database: str
    world: World
    environment: dict[str, str]

    def run(self, code: str) -> str:
        """Run code that can use `relay`, `psycopg`, `JobFlow` and `database`."""
        done = subprocess.run(
            [self.python, "-c", PRELUDE + code, self.database],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def jobs(self) -> int:
        """Return the number of jobs that the API has created."""
        return len(self.world.get("/jobs?limit=100").json["jobs"])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL for this test only."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    folder = Path("/tmp") / f"jobflow-outbox-{os.getpid()}"  # noqa: S108 - a socket's path is short, and postgres must reach it
    folder.mkdir()
    # PostgreSQL refuses to run as root
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    initdb: list[str | Path] = [*user, found[-1].with_name("initdb"), "--auth=trust", "-U", "shop", "-D", data]
    subprocess.run(initdb, check=True, capture_output=True)
    command: list[str | Path] = [*user, found[-1], "-D", data, "-k", folder, "-h", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"host={folder} user=shop dbname=postgres"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    python = tools.outbox()
    with only_types(NOTE), served(world := World(), threading.Event()) as url:
        known = {"JOBFLOW_URL": url, "JOBFLOW_TOKEN": world.secrets[Role.OPERATOR], "DATABASE_URL": database}
        made = Shop(python, database, world, {**os.environ, **known, "PYTHONPATH": str(ROOT)})
        until(lambda: reached(made))
        made.run(
            "with psycopg.connect(database) as c:\n"
            "    c.execute('drop table if exists job_outbox, orders; create table orders (number int)')\n"
            f"    c.execute(open({str(EXAMPLE / 'schema.sql')!r}).read())"
        )
        yield made
        parts.reset()


def reached(shop: Shop) -> bool:
    """Return whether the database answers."""
    command = [str(shop.python), "-c", f"import psycopg; psycopg.connect({shop.database!r}).close()"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_job_is_created_exactly_when_its_transaction_commits(shop: Shop) -> None:
    shop.run("""
with psycopg.connect(database) as connection:
    connection.execute("insert into orders values (1)")
    store(connection)
try:
    with psycopg.connect(database) as connection:
        connection.execute("insert into orders values (2)")
        store(connection)
        raise ValueError
except ValueError:
    pass
""")
    assert shop.jobs() == 0
    left = shop.run("""
with JobFlow() as jobs:
    relay.relay(database, jobs, forever=False)
with psycopg.connect(database) as connection:
    print(connection.execute("select (select count(*) from orders), (select count(*) from job_outbox)").fetchone())
""")
    assert (left, shop.jobs()) == ("(1, 0)", 1)


def test_a_relay_that_ended_before_its_commit_makes_no_second_job(shop: Shop) -> None:
    shop.run("""
with psycopg.connect(database) as connection:
    store(connection)
with JobFlow() as jobs:
    try:
        with psycopg.connect(database) as connection:
            relay.one(connection, jobs)
            raise KeyboardInterrupt  # the API has answered, and nothing is committed
    except KeyboardInterrupt:
        pass
    relay.relay(database, jobs, forever=False)
""")
    assert shop.jobs() == 1


def test_a_row_that_is_refused_stays_with_the_reason_and_holds_nobody_up(shop: Shop) -> None:
    refused = shop.run("""
with psycopg.connect(database) as connection:
    store(connection, "no.such", "{}")
    store(connection)
with JobFlow() as jobs:
    relay.relay(database, jobs, forever=False)
with psycopg.connect(database) as connection:
    print(connection.execute("select type, refused from job_outbox").fetchall())
""")
    assert "no.such" in refused
    assert "There is no job type" in refused
    assert shop.jobs() == 1


def test_it_is_told_of_a_row_that_comes_while_it_waits(shop: Shop) -> None:
    waiting = subprocess.Popen([shop.python, EXAMPLE / "relay.py"], env={**shop.environment, "PYTHONPATH": str(ROOT)})
    try:
        shop.run("""
with psycopg.connect(database) as connection:
    store(connection)
""")
        until(lambda: shop.jobs() == 1)
    finally:
        waiting.terminate()
        waiting.wait(30)

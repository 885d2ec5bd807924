"""Check the pages:

README's job type works as printed, its curl gets an answer, commands and links of all pages exist.
"""

import functools
import os
import re
import subprocess
from pathlib import Path

from tests.flow.printed import blocks
from tests.infra.local.running import ROOT, Run

PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


def test_the_job_type_works_as_it_is_printed(run: Run) -> None:
    assert run.finished(run.submit("word.count", {"text": "three short words"}))["result"] == 3


def test_the_curl_creates_a_job_once(run: Run) -> None:
    [command] = [block for block in blocks("sh") if block.startswith("curl")]
    # with another key, because docs/client.md uses the printed key on the same platform
    command = re.sub(r"order-\d+", "order-of-the-shell", command.replace("http://127.0.0.1:8000", run.state["api"]))
    answers = [
        subprocess.run(
            ["bash", "-c", command], env={**os.environ, "TOKEN": run.state["token"]}, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    ]
    first, second = (re.search(rb'"id":"([0-9a-f-]+)"', answer) for answer in answers)
    assert first
    assert second
    assert first[1] == second[1]


def test_the_command_in_the_clone_creates_a_job_and_waits_for_its_end(run: Run) -> None:
    [command] = re.findall(r"^\.venv/bin/jobflow [^#\n]+", "\n".join(blocks("sh")), re.MULTILINE)
    environment = {**os.environ, "JOBFLOW_URL": run.state["api"], "JOBFLOW_TOKEN": run.state["token"]}
    subprocess.run(["make", "-s", ".venv/bin/jobflow"], cwd=ROOT, check=True)
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "completed" in done.stdout


def test_every_make_command_exists() -> None:
    shown = subprocess.run(["make", "-pRrq", ":"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    known = set(re.findall(r"^([a-z][a-z0-9-]*):", shown, re.MULTILINE))
    named = r"(?:`|^)(?:[A-Z_]+=\S+ )?make ([a-z][a-z0-9-]*)"
    for page in PAGES:
        text = page.read_text()
        shells = "\n".join(re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        found = {*re.findall(named, shells, re.MULTILINE), *re.findall(named.replace("|^", ""), text)}
        assert found <= known, page


def test_every_link_leads_somewhere() -> None:
    missing = []
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text()):
            file = page.parent / target if target else page
            if not target.startswith("http") and not (file.exists() and (not anchor or anchor in anchors(file))):
                missing.append(f"{page}: {target}#{anchor}")
    assert missing == []


@functools.cache
def anchors(page: Path) -> set[str]:
    """Return the anchors to which a link in a page may point, as GitHub and the site make them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}

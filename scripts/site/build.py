"""Build the documentation as a site of static files in build/site, and fail at a broken link (`make docs`).

Nothing in it is loaded from another host: the build fails when a page loads a file from elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scripts.documents import lifecycle

ROOT = Path(__file__).parents[2]
PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
ZENSICAL = ROOT / "build" / "site-tools" / "bin" / "zensical"
DECISION = re.compile(r"\[([^\]]+)\]\((?:\.\./)*decisions/[^)]*\)")
"""A link to a decision; the site contains no decisions."""
DRAWING = re.compile(r"```mermaid\n.*?```", re.DOTALL)
"""A mermaid diagram. The site shows a table instead, because the theme would load mermaid from another host."""
ASKED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+|<link\b[^>]*>"""
    r"""|url\((?:https?:)?//[^)]+\)|<pre class=["']?mermaid\b"""
)
LOADED = re.compile(r"""\brel=["']?(?:stylesheet|preload|icon|modulepreload|preconnect|dns-prefetch)\b""")
POLICY = "default-src 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


def lay_out() -> None:
    """Write the pages for the site."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES, ignore=shutil.ignore_patterns("decisions", "llms.txt"))
    for page in PAGES.rglob("*.md"):
        page.write_text(DRAWING.sub(lifecycle.table(), DECISION.sub(r"decision \1", page.read_text())))
    told = subprocess.run(
        [sys.executable, "-m", "typer", "jobflow.cli.app", "utils", "docs", "--name", "jobflow"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (PAGES / "reference" / "commands.md").write_text(told.replace("# `jobflow`", "# Reference: the command line", 1))


def elsewhere(site: Path) -> Iterator[str]:
    """Yield everything that a browser would load from another host."""
    for file in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        for found in ASKED.findall(file.read_text()):
            if not found.startswith("<link") or ("//" in found and LOADED.search(found)):
                yield f"{file.relative_to(site)}: {found}"


class Files(SimpleHTTPRequestHandler):
    """Serve the site's files, with a policy that forbids loading from other hosts."""

    def end_headers(self) -> None:
        """Send the policy with the other headers."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


def main() -> int:
    """Build, and serve on the loopback address if a port is given; return 1 if the site is incomplete."""
    lay_out()
    built = subprocess.run([ZENSICAL, "build", "--clean", "--strict"], cwd=ROOT, check=False)
    if built.returncode:
        return 1
    if found := list(elsewhere(SITE)):
        print("loaded from another host:", *found, sep="\n  ")
        return 1
    print(f"build/site: {sum(1 for _ in SITE.rglob('*.html'))} pages")
    if len(sys.argv) > 1:
        address = ("127.0.0.1", int(sys.argv[1]))
        with ThreadingHTTPServer(address, partial(Files, directory=str(SITE))) as server:
            print(f"http://{address[0]}:{address[1]}/ (Ctrl-C stops it)", flush=True)
            server.serve_forever()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)

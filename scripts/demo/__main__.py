"""Run the demo."""

import json
import os
import sys
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from scripts.demo.api import Api, Unexpected
from scripts.demo.steering import Steering
from scripts.demo.telling import Teller
from scripts.demo.work import Work

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "scripts" / "assets" / "landscape.jpg"


def main() -> int:
    """Run the demo; return the exit code."""
    console = Console()
    folder = Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow"))
    try:
        state = json.loads((folder / "dev.json").read_text())
    except FileNotFoundError:
        console.print("[red]Nothing is running here.[/red] Start the platform first, in another terminal: make dev")
        return 1
    headers = {"Authorization": f"Bearer {state['token']}"}
    try:
        with httpx.Client(base_url=state["api"], headers=headers, timeout=15.0, trust_env=False) as client:
            teller = Teller(Api(client, state.get("dashboard")), console)
            Work(teller, PHOTO.read_bytes()).run()
            Steering(teller).run()
    except (Unexpected, httpx.HTTPError) as error:
        console.print(f"\n[red]✗ {escape(str(error))}[/red]")
        return 1
    console.print("\n[bold green]All results are as expected.[/bold green]")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Messages in the words of make and of jobflow."""

import re
import subprocess

import pytest

from infra.program import OPTIONS, spoken
from tests.infra.local.running import ROOT


@pytest.mark.parametrize(
    ("of_make", "own"),
    [
        ("`make deploy` makes one.", "`jobflow deploy` makes one."),
        ('Deploy with SET="A=true B=1".', "Deploy with --set A=true --set B=1."),
        ("With FORCE_REMOVE=1 they end.", "With --force-remove they end."),
        ("TOKEN_FILE=path or TOKEN_SECRET=name", "--token-file path or --token-secret name"),
        ("make token ROLE=admin.", "jobflow token issue --role admin."),
        ("Alarms of a stage reach nobody.", "Alarms of a stage reach nobody."),
    ],
)
def test_a_message_names_what_can_be_typed(of_make: str, own: str) -> None:
    assert (spoken(of_make, "jobflow"), spoken(of_make, "make"), spoken(of_make, "")) == (own, of_make, of_make)


def test_every_variable_that_messages_name_is_known() -> None:
    found = subprocess.run(
        ["git", "grep", "-hE", r"""["'].*\b[A-Z_]{3,}=""", "infra/cloud"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = set(re.findall(r"(?<![\w$-])([A-Z][A-Z_]{2,}=)", found)) - {"SET=", "AWS_REGION="}
    known = {re.sub(r"=.*", "=", option) for option in OPTIONS}
    assert words - known == set()

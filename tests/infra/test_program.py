"""Test messages with the commands of make and of jobflow."""

import pytest

from infra.program import called, spoken


@pytest.mark.parametrize(
    ("of_make", "own"),
    [
        ("`make deploy` creates it.", "`jobflow deploy` creates it."),
        ('Deploy with SET="A=true B=1".', "Deploy with --set A=true --set B=1."),
        ("With FORCE_REMOVE=1 they end.", "With --force-remove they end."),
        ("TOKEN_FILE=path or TOKEN_SECRET=name", "--token-file path or --token-secret name"),
        ("make token ROLE=admin.", "jobflow token issue --role admin."),
        ("`make backup LIST=1` shows; say AT=… or FROM=…", "`jobflow backup --list` shows; say --at … or --from …"),
        ("Alarms of a stage reach nobody.", "Alarms of a stage reach nobody."),
    ],
)
def test_a_message_names_what_can_be_typed(of_make: str, own: str) -> None:
    assert (spoken(of_make, "jobflow"), spoken(of_make, "make"), spoken(of_make, "")) == (own, of_make, of_make)


def test_the_usage_names_the_program_that_was_typed() -> None:
    assert called({"JOBFLOW_PROGRAM": "jobflow"}) == "jobflow"
    assert called({"JOBFLOW_PROGRAM": "make"}) == called({}) == "python -m jobflow"

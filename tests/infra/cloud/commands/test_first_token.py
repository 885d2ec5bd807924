"""Check that the first admin token is given to a person, a file or a secret, and never written to a log."""

import io
import stat
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.access.tokens import MemoryTokenStore, Role, Token, Tokens
from infra.cloud.account import Account
from infra.cloud.commands.first_token import FirstToken
from infra.cloud.errors import CloudError
from infra.cloud.terminal import Terminal


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(MemoryTokenStore())


class Heard:
    """A terminal with its output, on standard output and on standard error."""

    def __init__(self, *, person: bool) -> None:
        self.answers, self.said = io.StringIO(), io.StringIO()
        answers = Console(file=self.answers, width=300, force_terminal=person)
        self.terminal = Terminal(Console(file=self.said, width=300), answers)


def test_a_person_sees_it_once(account: Account, tokens: Tokens) -> None:
    heard = Heard(person=True)
    for _ in range(2):
        FirstToken().hand_out(tokens, account, heard.terminal)
    (text,) = heard.answers.getvalue().split()
    assert tokens.verify(text).role is Role.ADMIN
    assert text not in heard.said.getvalue()


def test_a_log_gets_none_and_the_way_to_one(account: Account, tokens: Tokens) -> None:
    heard = Heard(person=False)
    FirstToken().hand_out(tokens, account, heard.terminal)
    assert heard.answers.getvalue() == ""
    assert tokens.list() == []
    assert "TOKEN_FILE" in heard.said.getvalue()


def test_a_file_is_for_its_owner_alone(account: Account, tokens: Tokens, tmp_path: Path) -> None:
    heard, path = Heard(person=False), tmp_path / "token"
    FirstToken(path).hand_out(tokens, account, heard.terminal)
    text = path.read_text().strip()
    assert tokens.verify(text).role is Role.ADMIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text not in heard.said.getvalue() + heard.answers.getvalue()


def test_no_file_is_written_over_and_no_token_is_lost(account: Account, tokens: Tokens, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("mine")
    with pytest.raises(CloudError, match="No token was issued"):
        FirstToken(tmp_path / "token").hand_out(tokens, account, Heard(person=True).terminal)
    assert (tmp_path / "token").read_text() == "mine"
    assert tokens.list() == []


def test_a_secret_holds_it(account: Account, tokens: Tokens) -> None:
    heard = Heard(person=False)
    FirstToken(secret="jobflow/first").hand_out(tokens, account, heard.terminal, {"stage": "prod"})
    text = account.client("secretsmanager").get_secret_value(SecretId="jobflow/first")["SecretString"]
    described = account.client("secretsmanager").describe_secret(SecretId="jobflow/first")
    assert described["Tags"] == [{"Key": "stage", "Value": "prod"}]
    assert tokens.verify(text).role is Role.ADMIN
    assert text not in heard.said.getvalue() + heard.answers.getvalue()


def test_a_secret_that_cannot_be_made_leaves_no_good_token_and_the_next_deployment_hands_one_out(
    account: Account, tokens: Tokens
) -> None:
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="taken", SecretString="mine")
    with pytest.raises(secrets.exceptions.ResourceExistsException):
        FirstToken(secret="taken").hand_out(tokens, account, Heard(person=False).terminal)
    assert [token.revoked_at is None for token in tokens.list()] == [False]
    FirstToken(secret="free").hand_out(tokens, account, Heard(person=False).terminal)
    assert tokens.verify(secrets.get_secret_value(SecretId="free")["SecretString"]).role is Role.ADMIN


def test_a_deployment_after_one_that_could_not_store_the_token_can_make_the_file(
    account: Account, tmp_path: Path
) -> None:
    class Down(MemoryTokenStore):
        def put(self, token: Token) -> None:
            raise ConnectionError

    tokens, path = Tokens(MemoryTokenStore()), tmp_path / "token"
    with pytest.raises(ConnectionError):
        FirstToken(path).hand_out(Tokens(Down()), account, Heard(person=False).terminal)
    FirstToken(path).hand_out(tokens, account, Heard(person=False).terminal)
    assert tokens.verify(path.read_text().strip()).role is Role.ADMIN

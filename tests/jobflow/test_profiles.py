"""Test where the address and the token come from, and that they come from the same place."""

import json
from pathlib import Path

import pytest

from jobflow import AsyncJobFlow, JobFlow, profiles
from jobflow.errors import ConfigurationError
from jobflow.profiles import Target

URL = "https://jobs.example.com"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"JOBFLOW_PROFILES": str(tmp_path / "own" / "profiles.toml")}


def running(folder: Path) -> Path:
    (folder / ".jobflow").mkdir(parents=True)
    state = {"api": "http://127.0.0.1:8000", "token": "jf_dev", "dashboard": "http://localhost:8080", "webhook_port": 1}
    (folder / ".jobflow" / "dev.json").write_text(json.dumps(state))
    return folder


def test_a_running_platform_is_found_from_a_folder_below_it(tmp_path: Path, environment: dict[str, str]) -> None:
    below = running(tmp_path / "code") / "handlers" / "x"
    below.mkdir(parents=True)
    found = profiles.find(environment=environment, folder=below)
    assert (found.url, found.token, found.console) == ("http://127.0.0.1:8000", "jf_dev", "http://localhost:8080")
    assert found.webhook_port == 1


def test_what_is_said_first_wins(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = running(tmp_path / "code")
    for name in ("prod", "default"):
        profiles.store(name, Target(f"https://{name}.example.com", f"jf_{name}"), environment)

    def found(*given: str | None, **more: str) -> str:
        return profiles.find(*given, environment={**environment, **more}, folder=folder).token

    both = {"JOBFLOW_URL": URL, "JOBFLOW_TOKEN": "jf_env"}
    assert found(URL, "jf_arg", **both) == "jf_arg"
    assert found(None, None, "prod", **both) == "jf_prod"
    assert found(**both, JOBFLOW_PROFILE="prod") == "jf_env"
    assert found(JOBFLOW_PROFILE="prod") == "jf_prod"
    assert found() == "jf_dev"
    assert profiles.find(environment=environment, folder=tmp_path).token == "jf_default"


def test_a_token_never_goes_to_an_address_from_elsewhere(tmp_path: Path, environment: dict[str, str]) -> None:
    profiles.store("default", Target(URL, "jf_default"), environment)
    with pytest.raises(ConfigurationError, match="without a token"):
        profiles.find("https://other.example.com", environment=environment, folder=running(tmp_path / "code"))
    with pytest.raises(ConfigurationError, match="without an address"):
        profiles.find(token="jf_x", environment=environment, folder=tmp_path)


@pytest.mark.parametrize("url", ["http://jobs.example.com", "http://127.0.0.1.example.com", "ftp://x", "jobs", ""])
def test_an_address_that_would_send_the_token_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Target(url, "jf_x")


@pytest.mark.parametrize(
    "url",
    ["https://[bad", "https://jobs.example.com:99999", "https://jobs.example.com:x", f"{URL}\n", f"{URL}/a b\x07"],
)
def test_an_address_that_cannot_be_asked_is_told_by_every_client(url: str) -> None:
    for client in (JobFlow, AsyncJobFlow):
        with pytest.raises(ConfigurationError, match="is not an address"):
            client(url, "jf_x")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:1", URL])
def test_this_machine_and_https_are_taken(url: str) -> None:
    assert Target(url, "jf_x").is_local is not url.startswith("https")


@pytest.mark.parametrize("token", ["", " ", "jf_\n", "jf_ü"])
def test_a_text_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError, match="looks like jf_"):
        Target(URL, token)


def test_a_profile_may_have_any_name(environment: dict[str, str]) -> None:
    for name in ("\U0001f680", "größe", 'a "b" \\'):
        profiles.store(name, Target(URL, "jf_x"), environment)
    assert set(profiles.stored(environment)) == {"\U0001f680", "größe", 'a "b" \\'}


def test_the_file_of_profiles_is_for_its_owner_alone(environment: dict[str, str]) -> None:
    path = profiles.store("a name", Target(URL, 'jf_"x', "https://console.example.com"), environment)
    assert path.stat().st_mode & 0o777 == 0o600
    [found] = profiles.stored(environment).values()
    assert (found.url, found.token, found.console) == (URL, 'jf_"x', "https://console.example.com")
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        profiles.stored(environment)


def test_a_broken_file_and_an_unknown_name_are_told(tmp_path: Path, environment: dict[str, str]) -> None:
    path = profiles.store("prod", Target(URL, "jf_x"), environment)
    with pytest.raises(ConfigurationError, match="known are: prod"):
        profiles.find(profile="none", environment=environment, folder=tmp_path)
    path.write_text("[prod]\nadress = 1\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        profiles.stored(environment)


def test_nothing_found_says_what_to_do(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="make dev"):
        profiles.find(environment=environment, folder=tmp_path)


def test_the_token_is_not_printed() -> None:
    assert "jf_secret" not in repr(Target(URL, "jf_secret"))

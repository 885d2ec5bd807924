"""Each version of moto is fetched, played under, and told with its reason when it does not pass."""

from collections.abc import Mapping, Sequence

import pytest

from scripts.moto_versions import CONFORMANCE, ROOT, main, oldest

FAILED = """
>       raise IncompatibleMoto(owner, name)
E       infra.local.errors.IncompatibleMoto: moto 5.1.22 has no moto.dynamodb.DynamoResult
E       another line
16 failed in 8.39s
"""


class Runs:
    """The runs of a command: which versions are there, and which pass."""

    def __init__(self, there: Sequence[str], passing: Sequence[str]) -> None:
        self.there, self.passing = there, passing
        self.version = ""
        self.played: list[tuple[str, str]] = []

    def __call__(self, command: Sequence[str], extra: Mapping[str, str]) -> tuple[int, str]:
        if "install" in command:
            self.version = command[-1].removeprefix("moto==")
            self.folder = command[command.index("--target") + 1]
            return (0, "") if self.version in self.there else (1, "error:\nno such version")
        assert extra["PYTHONPATH"] == self.folder
        self.played.append((self.version, command[-1]))
        return (0, "19 passed") if self.version in self.passing else (1, FAILED)


def test_each_version_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs(["5.2.4", "5.1.22"], ["5.2.4"])
    assert main(["5.2.4", "5.1.22", "9"], runs) == 1
    assert capsys.readouterr().out.splitlines() == [
        "moto 5.2.4 passes",
        "moto 5.1.22 does not pass: infra.local.errors.IncompatibleMoto: moto 5.1.22 has no moto.dynamodb.DynamoResult",
        "moto 9 cannot be installed: no such version",
    ]
    assert [version for version, _ in runs.played] == ["5.2.4", "5.1.22"]


def test_without_versions_the_oldest_that_is_allowed_is_played() -> None:
    runs = Runs([oldest()], [oldest()])
    assert main([], runs) == 0
    assert runs.played == [(oldest(), CONFORMANCE[-1])]


def test_the_conformance_tests_are_there() -> None:
    assert [name for name in CONFORMANCE if not (ROOT / name).exists()] == []

"""What a deployer may choose, and what follows from it."""

import pytest

from chalicelib.settings import Settings
from infra.definition.lambdas.environment import environment
from infra.definition.parameters import conditions, outputs, parameters


def test_only_the_secret_must_be_given() -> None:
    assert [name for name, about in parameters().items() if "Default" not in about] == ["CursorSecret"]
    assert parameters()["CursorSecret"]["NoEcho"] is True


@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_a_number_that_the_template_takes_is_one_that_the_functions_start_with(bound: str) -> None:
    numbers = {
        variable: name
        for variable, value in environment("jobflow-prod").items()
        if isinstance(value, dict) and parameters().get(name := value.get("Ref", ""), {}).get("Type") == "Number"
    }
    assert numbers
    for variable, name in numbers.items():
        assert Settings.from_env({variable: str(parameters()[name][bound])})


def test_a_domain_of_ones_own_is_what_everybody_is_told() -> None:
    for name, path in {"ApiUrl": "/api", "ApiOriginValue": ""}.items():
        condition, own, ours = outputs()[name]["Value"]["Fn::If"]
        assert (condition, own) == ("HasApiDomain", {"Fn::Sub": "https://${ApiDomain}"})
        assert ours["Fn::Sub"].endswith(".${AWS::URLSuffix}" + path)
    assert conditions()["HasApiDomain"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ApiDomain"}, ""]}]}

"""Test the keys that sign jobs: created at the first deployment, kept, changed on request, never lost."""

import re
import runpy

import pytest

from chalicelib.jobs.signing import parameter_of, type_keys
from chalicelib.settings import Settings
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT
from infra.cloud.stack import signing

MAIL, IMAGES = parameter_of("email.send"), parameter_of("image.process")
DECLARED = ["MailFrom", "SigningKey", "UnsignedUntil", MAIL, IMAGES]
OLD = "o" * 22
NOW = 1_800_000_000.0


def test_a_new_stage_gets_a_key_and_accepts_nothing_without_a_signature() -> None:
    made = signing.parameters(DECLARED, {}, [], "", NOW)
    master = made["SigningKey"]
    assert Settings.from_env({"STAGE": "prod", "SIGNING_KEY": master}).signing_key == master
    keys = {name: type_keys(master, name) for name in (MAIL, IMAGES)}
    assert made == {"SigningKey": master, "UnsignedUntil": "0", **keys}
    assert made != signing.parameters(DECLARED, {}, [], "", NOW)


def test_a_stage_that_did_not_sign_accepts_for_a_day_what_its_functions_still_make() -> None:
    made = signing.parameters(DECLARED, {}, ["MailFrom"], "", NOW)
    assert made["UnsignedUntil"] == str(int(NOW) + 86_400)
    assert made.keys() == {"SigningKey", "UnsignedUntil", MAIL, IMAGES}


def test_the_next_deployment_keeps_the_keys_and_makes_those_of_new_types() -> None:
    assert signing.parameters(DECLARED, {}, DECLARED, OLD, NOW) == {}
    before = [name for name in DECLARED if name != IMAGES]
    assert signing.parameters(DECLARED, {}, before, OLD, NOW) == {IMAGES: type_keys(OLD, IMAGES)}


def test_a_master_key_is_changed_with_the_one_before_beside_it() -> None:
    made = signing.parameters(DECLARED, {"SigningKey": "new"}, DECLARED, f"{OLD},{'p' * 22}", NOW)
    new, before = made["SigningKey"].split(",")
    assert new != before == OLD
    assert made[MAIL] == f"{type_keys(new, MAIL)},{type_keys(OLD, MAIL)}"
    assert made.keys() == {"SigningKey", MAIL, IMAGES}
    alone = signing.parameters(DECLARED, {"SigningKey": new}, DECLARED, made["SigningKey"], NOW)
    assert alone == {"SigningKey": new, **{name: type_keys(new, name) for name in (MAIL, IMAGES)}}


def test_a_template_that_knows_no_keys_gets_none() -> None:
    assert signing.parameters(["MailFrom"], {}, ["MailFrom"], OLD, NOW) == {}


def test_a_stage_can_do_without() -> None:
    off = signing.parameters(DECLARED, {"SigningKey": ""}, DECLARED, OLD, NOW)
    assert off == {"SigningKey": "", MAIL: "", IMAGES: ""}
    assert signing.parameters(DECLARED, {}, DECLARED, "", NOW) == {}, "it stays so"
    on = signing.parameters(DECLARED, {"SigningKey": "new"}, DECLARED, "", NOW)
    assert on.keys() == {"SigningKey", "UnsignedUntil", MAIL, IMAGES}


@pytest.mark.parametrize("wrong", ["x", "k" * 21, f"{OLD},x", f"{OLD},{OLD},{OLD}", f"{OLD};{OLD}", "k " * 22])
def test_a_key_that_the_functions_would_not_start_with_is_refused(wrong: str) -> None:
    with pytest.raises(CloudError, match=re.escape("SigningKey must be one key")):
        signing.refuse_wrong({"SigningKey": wrong})


@pytest.mark.parametrize("right", ["", "new", OLD, f"{OLD},{OLD}"])
def test_others_are_not(right: str) -> None:
    signing.refuse_wrong({"SigningKey": right})


def test_a_stage_that_is_not_there_has_no_key(account: Account) -> None:
    assert signing.masters(account, "jobflow-none") == ""


def test_the_cdk_example_makes_the_keys_that_deploy_makes() -> None:
    made = runpy.run_path(str(ROOT / "examples" / "cdk" / "signing.py"))["keys_of"]
    assert {**made(DECLARED, OLD), "UnsignedUntil": "0"} == signing.parameters(
        DECLARED, {"SigningKey": OLD}, [], "", NOW
    )

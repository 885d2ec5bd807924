"""Test the dashboard's site as CloudFront serves it: its properties in the template, and its function."""

from typing import Any

import pytest

from infra.definition.monitoring.trouble_alarms import trouble_alarms
from infra.definition.names import logical
from infra.definition.web.site import NOBODY, REWRITE
from tests.infra.cloud.support import decided, of_type, references, waiting_for


@pytest.fixture
def distribution(template: dict[str, Any]) -> dict[str, Any]:
    (found,) = of_type(template, "AWS::CloudFront::Distribution").values()
    config: dict[str, Any] = found["DistributionConfig"]
    return config


@pytest.fixture
def policy(template: dict[str, Any]) -> dict[str, Any]:
    (found,) = of_type(template, "AWS::CloudFront::ResponseHeadersPolicy").values()
    config: dict[str, Any] = found["ResponseHeadersPolicyConfig"]
    return config


def test_bucket_is_read_with_signed_requests_only(distribution: dict[str, Any], template: dict[str, Any]) -> None:
    (origin,) = distribution["Origins"]
    assert origin["DomainName"] == {"Fn::GetAtt": ["SiteBucket", "RegionalDomainName"]}
    assert origin["OriginAccessControlId"] == {"Fn::GetAtt": ["SiteAccess", "Id"]}
    (access,) = of_type(template, "AWS::CloudFront::OriginAccessControl").values()
    assert access["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    assert all("WebsiteConfiguration" not in bucket for bucket in of_type(template, "AWS::S3::Bucket").values())


def test_everything_is_served_over_tls_with_the_headers(distribution: dict[str, Any]) -> None:
    behaviour = distribution["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "SiteHeaders"}
    assert "CacheBehaviors" not in distribution


def test_old_tls_is_refused_wherever_that_can_be_said(distribution: dict[str, Any]) -> None:
    condition, own, ours = distribution["ViewerCertificate"]["Fn::If"]
    assert condition == "HasDomain"
    assert own["MinimumProtocolVersion"] == "TLSv1.2_2021"
    # CloudFront stores TLSv1 with its own certificate, so any other value would be drift
    assert ours == {"CloudFrontDefaultCertificate": True}


def test_only_what_needs_the_address_waits_for_the_distribution(template: dict[str, Any]) -> None:
    waiting = waiting_for(decided(template), "SiteDistribution")
    needs_it = {"FilesBucket", "FilesBucketPolicy", "SiteBucketPolicy", "APIHandler", "HttpApiIntegration",
                "HttpApiPermission", "HttpApiRoute"}  # fmt: skip
    # their descriptions link to the console
    needs_it |= {logical(alarm.name, "Alarm") for alarm in trouble_alarms("any")}
    assert waiting == needs_it


def test_a_headless_stage_has_the_api_and_the_workers_and_no_cloudfront(template: dict[str, Any]) -> None:
    headless, whole = decided(template, Dashboard="false"), decided(template)
    gone = {name for name in whole["Resources"] if name not in headless["Resources"]}
    assert {whole["Resources"][name]["Type"].split("::")[1] for name in gone} == {"CloudFront"}
    assert "CloudFront" not in {r["Type"].split("::")[1] for r in headless["Resources"].values()}
    for section in ("Resources", "Outputs"):
        known = headless["Resources"].keys() | headless["Parameters"].keys()
        dangling = {name for name in references(headless[section]) if "::" not in name} - known
        assert dangling == set(), section
    assert {"SiteUrl", "SiteDistributionId"} & headless["Outputs"].keys() == set()
    assert headless["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]["CORS_ORIGIN"] == NOBODY


def test_other_headers_close_what_the_policy_does_not(policy: dict[str, Any]) -> None:
    security = policy["SecurityHeadersConfig"]
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert security["ContentTypeOptions"] == {"Override": True}


def test_that_function_is_what_every_request_passes(distribution: dict[str, Any], template: dict[str, Any]) -> None:
    assert distribution["DefaultCacheBehavior"]["FunctionAssociations"] == [
        {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["SitePaths", "FunctionARN"]}}
    ]
    (function,) = of_type(template, "AWS::CloudFront::Function").values()
    assert (function["FunctionCode"], function["AutoPublish"]) == (REWRITE, True)

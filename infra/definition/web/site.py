"""Serve the dashboard: CloudFront in front of a private bucket, with strict headers and the app's paths."""

from typing import Any

from infra.definition.names import Resources, Value, attribute, bucket_name, ref, sub
from infra.definition.web import sign_in

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""CloudFront's managed cache policy that follows the Cache-Control header, which the upload sets."""
TWO_YEARS = 63_072_000
NOBODY = "https://no-dashboard.invalid"
"""RFC 6761: no name below .invalid exists."""
OLDEST_TLS = "TLSv1.2_2021"

REWRITE = """\
function handler(event) {
  var request = event.request;
  if (!request.uri.split('/').pop().includes('.')) {
    request.uri = /^\\/reference\\/?$/.test(request.uri) ? '/reference/index.html' : '/index.html';
  }
  return request;
}
"""
"""A function of CloudFront: it returns the app's page for paths of the app, and the page of the API reference for its
path (S3 behind an access control has no index documents). For a missing file CloudFront returns an error; a fallback
page for errors would hide this error."""


def origin() -> Value:
    """Return the dashboard's origin: the custom domain, else CloudFront's.

    Without a dashboard: a domain that does not exist.
    """
    return _either("https://${SiteDomain}", "https://${SiteDistribution.DomainName}", NOBODY)


def content_security_policy(stack: str) -> Value:
    """Allow only the site's own files, the API, the files bucket for uploads and previews, and the token endpoint.

    The API's address is not known yet, because the API refers to the site: the second step of the first deployment
    fills in `ApiOrigin`. Until then any API of the region may be called.
    """
    files = f"https://{bucket_name(stack, 'files')}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}"
    before = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; "
        f"img-src 'self' data: blob: {files}; connect-src 'self' {files} "
    )
    after = (
        "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "upgrade-insecure-requests"
    )
    anywhere = sub("https://*.execute-api.${AWS::Region}.${AWS::URLSuffix}")
    api = {"Fn::If": ["HasApiOrigin", ref("ApiOrigin"), anywhere]}
    return {"Fn::Join": ["", [sub(before), api, sign_in.source(), after]]}


def site(stack: str) -> Resources:
    """Return the distribution, and the resources that it needs besides the bucket.

    `Dashboard=false` leaves all of them out.
    """
    return {name: {**resource, "Condition": "HasDashboard"} for name, resource in _parts(stack).items()}


def _parts(stack: str) -> Resources:
    return {
        "SiteAccess": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {
                    "Name": sub(f"{stack}-site-${{AWS::Region}}"),
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        },
        "SitePaths": {
            "Type": "AWS::CloudFront::Function",
            "Properties": {
                "Name": sub(f"{stack}-paths-${{AWS::Region}}"),
                "AutoPublish": True,
                "FunctionCode": REWRITE,
                "FunctionConfig": {"Comment": "Paths of the app get its page", "Runtime": "cloudfront-js-2.0"},
            },
        },
        "SiteHeaders": _headers(stack),
        "SiteDistribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {"DistributionConfig": _distribution(stack)},
        },
    }


def site_reader() -> dict[str, Any]:
    """Return the statement of the bucket's policy that lets this distribution read, and nobody else."""
    return {"Fn::If": ["HasDashboard", _reading(), ref("AWS::NoValue")]}


def _reading() -> dict[str, Any]:
    return {
        "Sid": "DistributionReads",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": sub("${SiteBucket.Arn}/*"),
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": sub(
                    "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${SiteDistribution}"
                )
            }
        },
    }


def _distribution(stack: str) -> dict[str, Any]:
    return {
        "Comment": f"{stack} dashboard",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_100",
        "WebACLId": {"Fn::If": ["HasWebAcl", ref("WebAclArn"), ref("AWS::NoValue")]},
        "Aliases": {"Fn::If": ["HasDomain", [ref("SiteDomain")], ref("AWS::NoValue")]},
        "ViewerCertificate": {"Fn::If": ["HasDomain", _certificate(), _default_certificate()]},
        "Origins": [
            {
                "Id": "site",
                "DomainName": attribute("SiteBucket", "RegionalDomainName"),
                "OriginAccessControlId": attribute("SiteAccess", "Id"),
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD"],
            "Compress": True,
            "CachePolicyId": CACHING_OPTIMIZED,
            "ResponseHeadersPolicyId": ref("SiteHeaders"),
            "FunctionAssociations": [
                {"EventType": "viewer-request", "FunctionARN": attribute("SitePaths", "FunctionARN")}
            ],
        },
    }


def _certificate() -> dict[str, Any]:
    return {
        "AcmCertificateArn": ref("SiteCertificate"),
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": OLDEST_TLS,
    }


def _default_certificate() -> dict[str, Any]:
    # Set no TLS version here: for CloudFront's own domain name, CloudFront accepts TLS 1.0, and stores this value even
    # if the template has another. `make drift` would then always report a difference.
    return {"CloudFrontDefaultCertificate": True}


def _headers(stack: str) -> dict[str, Any]:
    security = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": content_security_policy(stack), "Override": True},
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": TWO_YEARS,
            "IncludeSubdomains": True,
            "Override": True,
        },
    }
    more = [
        {"Header": "Permissions-Policy", "Value": "camera=(), geolocation=(), microphone=()", "Override": True},
        {"Header": "Cross-Origin-Opener-Policy", "Value": "same-origin", "Override": True},
    ]
    config = {
        "Name": sub(f"{stack}-headers-${{AWS::Region}}"),
        "SecurityHeadersConfig": security,
        "CustomHeadersConfig": {"Items": more},
    }
    return {"Type": "AWS::CloudFront::ResponseHeadersPolicy", "Properties": {"ResponseHeadersPolicyConfig": config}}


def _either(custom: str, ours: str, none: str) -> Value:
    return {"Fn::If": ["HasDomain", sub(custom), {"Fn::If": ["HasDashboard", sub(ours), none]}]}

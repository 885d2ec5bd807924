"""Declare the deployer's parameters, the conditions that depend on them, and the stack's outputs."""

from typing import Any

from chalicelib.settings import COLLECTOR, SHARDS
from infra.definition.names import API, EXPORTS_SPANS, Value, attribute, console_url, ref, sub
from infra.definition.throttles import BURST, RATE
from infra.definition.web.sign_in import NAME, PLAIN, SCOPES

NO_CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/none"
"""A placeholder for the certificate of a stage without SiteDomain; nothing uses it."""
HIDDEN = "****"
"""The text that CloudFormation shows instead of a secret parameter's value."""
ENDPOINT = f"https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
RATES = {"MinValue": 1, "MaxValue": 10_000}
"""API Gateway's own limit for all APIs of an account and region is 10,000 requests a second by default."""
_SHARDS = [str(number) for number in SHARDS]
RETENTIONS = [1, 3, 7, 14, 30, 60, 90, 120, 180, 365]
"""Days that a deployer can choose; CloudWatch Logs accepts a few more values."""


def parameters(*, vpc: bool = True) -> dict[str, dict[str, Any]]:
    """Return the stack's parameters.

    All except the cursor secret have defaults. `vpc`: whether a job type runs in a VPC.
    """
    network = {
        "VpcSubnets": _list("Subnets of the job types that say vpc=True, separated by commas."),
        "VpcSecurityGroups": _list("Security groups of the same."),
    }
    return {
        **(network if vpc else {}),
        **_mail(),
        **_index(),
        **_account(),
        **_service(),
        **_domains(),
        **_sign_in(),
        **_traces(),
    }


def conditions() -> dict[str, Any]:
    """Return the conditions that depend on parameters."""
    return {
        "HasAlarmEmail": _both("AlarmEmail", "OwnsTopic"),
        "OwnsTopic": {"Fn::Equals": [ref("AlarmTopicArn"), ""]},
        "ReservesForApi": {"Fn::Not": [{"Fn::Equals": [ref("ApiConcurrency"), "0"]}]},
        "HasKey": _given("KmsKeyArn"),
        "HasBoundary": _given("PermissionsBoundary"),
        "HasWebAcl": _given("WebAclArn"),
        "HasApiDomain": _given("ApiDomain"),
        "HasApiOrigin": _given("ApiOrigin"),
        "HasDashboard": _is_true("Dashboard"),
        "HasDomain": _given("SiteDomain"),
        "HasMailConfigurationSet": _given("MailConfigurationSet"),
        "HasSignIn": _given("SignInIssuer"),
        "HasAccessLogs": _is_true("AccessLogs"),
        "Protected": _is_true("Protect"),
        "ShiftsTraffic": _is_true("ShiftTraffic"),
        EXPORTS_SPANS: _given("OtlpEndpoint"),
        "HasOtlpSecret": {"Fn::And": [_given("OtlpEndpoint"), _given("OtlpSecret")]},
        "HasTraceUrl": _given("TraceUrl"),
    }


def outputs() -> dict[str, Any]:
    """Return the outputs of the stack, which deploy, status and other stacks read."""
    return {
        "ApiUrl": {**_output(_api_url(), "Where the API is"), **_exported("ApiUrl")},
        "ApiId": _output(ref(API), "The id of the HTTP API: map its stage $default to a domain of your own"),
        "EndpointURL": _output(sub(ENDPOINT), "API Gateway's address of the API, also with a domain of your own"),
        # `infra.cloud.package.shift` sets the value when the stage is deployed
        "NewVersions": _output(
            {"Fn::If": ["ShiftsTraffic", "10 % of the requests for 5 minutes, then all", "all requests at once"]},
            "What a new version of the API gets",
        ),
        # preflight reads the identity here, because no role names it: in the sandbox of SES, a sender also needs the
        # identity of each recipient
        "SendingIdentity": _output(ref("MailIdentity"), "The SES identity that preflight looks at"),
        "SiteUrl": {**_output(console_url(), "Where the dashboard is"), "Condition": "HasDashboard"},
        "SiteBucketName": _output(ref("SiteBucket"), "Where the dashboard's files go"),
        "SiteDistributionId": {
            **_output(ref("SiteDistribution"), "What to invalidate after an upload"),
            "Condition": "HasDashboard",
        },
        # nobody reads it: cfn-lint demands a use of each parameter, and nothing else in the template uses these; deploy
        # reads the parameters themselves, for the console's config.json
        "SignIn": {
            **_output(
                sub("${SignInName}: ${SignInAuthorizeUrl} (${SignInScopes})"), "Where people sign in, and for what"
            ),
            "Condition": "HasSignIn",
        },
        "FilesBucketName": _output(ref("FilesBucket"), "Uploads, results and reports"),
        "ControlTableName": _output(ref("ControlTable"), "Where tokens are"),
        "JobsTableName": {**_output(ref("JobsTable"), "Where jobs are"), **_exported("JobsTableName")},
        "JobsTableArn": {
            **_output(attribute("JobsTable", "Arn"), "The same, for policies"),
            **_exported("JobsTableArn"),
        },
        # one output for all queues, because a stack can have only 200 outputs: the ARN of email.send's queue is this
        # prefix and `email-send`
        "QueueArnPrefix": {
            **_output(
                sub("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-"),
                "The ARN of a type's queue is this and the type, with hyphens",
            ),
            **_exported("QueueArnPrefix"),
        },
    }


def _mail() -> dict[str, dict[str, Any]]:
    """Return the parameters of mail: sender, recipients, limits."""
    return {
        "MailFrom": _text("jobs@example.com", "The address that mail is sent from."),
        "MailDomains": _text("", "Domains that mail may be sent to, separated by commas; empty: any."),
        "MailDailyCap": {
            **_number(0, "Recipients that mail may be sent to per UTC day; 0: as many as SES takes."),
            "MaxValue": 1_000_000_000,
        },
        "MailRate": {
            **_number(0, "E-mails that may be sent a second, as SES allows the account; 0: no limit."),
            "MaxValue": 500,
        },
        "MailIdentity": _text("example.com", "The SES identity (domain or address) that covers MailFrom."),
        "MailConfigurationSet": _text("", "The default configuration set of that identity, when it has one."),
    }


def _index() -> dict[str, dict[str, Any]]:
    """Return the numbers of partitions of each index."""
    return {
        "IndexShards": _choice("4", _SHARDS, "Partitions that new entries of each index go into; docs/scaling.md."),
        "IndexShardsRead": _choice(
            "4", _SHARDS, "Partitions that are asked: raised a deployment before, never lowered."
        ),
    }


def _account() -> dict[str, dict[str, Any]]:
    """Return parameters that say what a stage creates, and which existing resources it uses instead."""
    return {
        "Dashboard": _choice("true", ["true", "false"], "Serve the dashboard by CloudFront; false: an API alone."),
        "AccessLogs": _choice("true", ["true", "false"], "Log each request to API Gateway."),
        "KmsKeyArn": _text("", "ARN of a key of your own for tables, queues, files and logs; empty: AWS's keys."),
        "PermissionsBoundary": _text("", "ARN of a policy that bounds every role of the stack; empty: none."),
        "RolePath": _text("/", "Path of every role of the stack."),
        "WebAclArn": _text("", "ARN of a WAF web ACL (scope CLOUDFRONT) for the dashboard; empty: none."),
        "AlarmTopicArn": _text("", "ARN of an SNS topic of your own that alarms go to; empty: the stack has its own."),
        "AlarmEmail": _text("", "Recipient of alarms by e-mail; empty: none. The address must confirm."),
    }


def _service() -> dict[str, dict[str, Any]]:
    """Return the limits, the protection and the logs of a stage."""
    return {
        # This secret is not in Secrets Manager ($0.40 a month), because it protects positions in lists, not data.
        "CursorSecret": {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 32,
            "Description": "Signs list cursors. `python -m infra.cloud deploy` makes one and keeps it.",
        },
        "SigningKey": {
            **_text("", "Master keys that sign the rows of jobs, the newest first; made and kept by deploy."),
            "NoEcho": True,
            "MaxLength": 64,
        },
        "UnsignedUntil": {
            **_number(0, "Jobs from before (seconds since 1970) need no signature; set by deploy, 0: none."),
            "MaxValue": 9_999_999_999,
        },
        "Protect": _choice("false", ["true", "false"], "Refuse the deletion of the tables."),
        "ApiOrigin": _text("", "The API's origin, for the dashboard's content security policy; set by deploy."),
        "ApiConcurrency": _number(0, "Functions at once reserved for the API; 0: none."),
        "ApiRate": {**_number(RATE, "Requests a second that the API takes; what is beyond gets 429."), **RATES},
        "ApiBurst": {**_number(BURST, "Requests at once that it takes beyond that rate."), **RATES},
        "ShiftTraffic": _choice("false", ["true", "false"], "A new API gets a tenth of the requests for 5 minutes."),
        "RateLimitMax": {
            **_number(60, "POST requests per address and window; 0 switches the limit off."),
            "MaxValue": 1_000_000,
        },
        "RateLimitWindow": {**_number(60, "Length of the window in seconds."), "MinValue": 1, "MaxValue": 3600},
        "ReadUnitsMax": {
            **_number(30_000, "Read units of DynamoDB per token and window; 0 switches the limit off."),
            "MaxValue": 100_000_000,
        },
        # No level above INFO: a line of metrics has no level, so Lambda treats it as INFO. At a higher level, Lambda
        # would drop these lines, and alarms would have no data.
        "LogLevel": _choice("INFO", ["DEBUG", "INFO"], "The least important lines that are kept."),
        "LogRetentionDays": {**_number(30, "Days that logs are kept."), "AllowedValues": RETENTIONS},
    }


def _domains() -> dict[str, dict[str, Any]]:
    """Return the parameters for a stage's own domains."""
    return {
        "ApiDomain": _text("", "The API's own domain name, mapped to its stage elsewhere; empty: API Gateway's."),
        "SiteDomain": _text("", "The dashboard's own domain name; empty: CloudFront's."),
        "SiteCertificate": _text(NO_CERTIFICATE, "ARN of the certificate of SiteDomain, in us-east-1."),
    }


def _sign_in() -> dict[str, dict[str, Any]]:
    """Return the parameters of the identity provider, and the groups of each role."""
    return {
        "SignInIssuer": _plain("", "The issuer of ID tokens with which people sign in; empty: people use tokens."),
        "SignInClientId": _plain("", "The client id of the console, a public client without a secret."),
        "SignInName": _plain(NAME, "The provider's name on the console's button."),
        "SignInScopes": _plain(SCOPES, "What the console asks the provider for."),
        "SignInAuthorizeUrl": _plain("", "Where a sign-in begins; empty: deploy asks the issuer."),
        "SignInTokenUrl": _plain("", "Where the console exchanges the code; empty: deploy asks the issuer."),
        "SignInGroupsClaim": _plain("groups", "The claim of the ID token that lists a person's groups."),
        "SignInLabelClaim": _plain("", "The claim that names a person in the console and the audit log; empty: none."),
        "SignInViewers": _plain("", "Groups whose people may look, by exact name, separated by commas."),
        "SignInOperators": _plain("", "Groups whose people may also act."),
        "SignInAdmins": _plain("", "Groups whose people may do everything."),
    }


def _traces() -> dict[str, dict[str, Any]]:
    """Return where spans go, and where a trace is shown."""
    return {
        "OtlpEndpoint": {
            **_text("", "URL that spans are posted to (OTLP over HTTP as JSON); empty: no spans."),
            "AllowedPattern": f"({COLLECTOR.pattern})?",
            "MaxLength": 256,
        },
        "OtlpSecret": {
            **_text("", "Name of the secret in Secrets Manager with the headers of OtlpEndpoint; empty: none."),
            "AllowedPattern": "[A-Za-z0-9/_+=.@-]*",
            "MaxLength": 128,
        },
        "TraceUrl": {
            **_text("", "URL of a trace, with {trace_id} in it, for the console and the CLI; empty: no link."),
            "AllowedPattern": "(https://[!-~]*[{]trace_id[}][!-~]*)?",
            "MaxLength": 256,
        },
    }


def _api_url() -> Value:
    return {"Fn::If": ["HasApiDomain", sub("https://${ApiDomain}"), sub(ENDPOINT)]}


def _text(default: str, description: str) -> dict[str, Any]:
    return {"Type": "String", "Default": default, "Description": description}


def _plain(default: str, description: str) -> dict[str, Any]:
    told = "it must not have quotation marks, backslashes or line ends"
    return {**_text(default, description), "AllowedPattern": PLAIN, "ConstraintDescription": told}


def _list(description: str) -> dict[str, Any]:
    return {"Type": "CommaDelimitedList", "Default": "", "Description": description}


def _number(default: int, description: str) -> dict[str, Any]:
    return {"Type": "Number", "Default": default, "MinValue": 0, "Description": description}


def _choice(default: str, allowed: list[str], description: str) -> dict[str, Any]:
    return {**_text(default, description), "AllowedValues": allowed}


def _given(parameter: str) -> dict[str, Any]:
    return {"Fn::Not": [{"Fn::Equals": [ref(parameter), ""]}]}


def _both(parameter: str, condition: str) -> dict[str, Any]:
    return {"Fn::And": [_given(parameter), {"Condition": condition}]}


def _is_true(parameter: str) -> dict[str, Any]:
    return {"Fn::Equals": [ref(parameter), "true"]}


def _exported(name: str) -> dict[str, Any]:
    """Return an output that other stacks can import as `<stack>-<name>`."""
    return {"Export": {"Name": sub(f"${{AWS::StackName}}-{name}")}}


def _output(value: Any, description: str) -> dict[str, Any]:
    return {"Value": value, "Description": description}

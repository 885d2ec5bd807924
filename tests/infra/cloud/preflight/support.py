"""Read what preflight found."""

from collections.abc import Iterator

from infra.cloud.preflight.finding import Finding


def lines(found: Iterator[Finding]) -> list[str]:
    return [finding.line() for finding in found]

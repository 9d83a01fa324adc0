"""The findings of the doctor on one subject."""

from ordersync_dagster.report.findings import Finding, Level


def levels(findings: list[Finding], subject: str) -> list[Level]:
    return [finding.level for finding in findings if finding.subject == subject]


def said(findings: list[Finding], subject: str) -> str:
    return "\n".join(finding.sentence for finding in findings if finding.subject == subject)

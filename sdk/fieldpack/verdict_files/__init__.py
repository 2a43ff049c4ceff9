"""Verdicts as words, as JUnit for test reports, SARIF for code scanning and Markdown for pull requests."""

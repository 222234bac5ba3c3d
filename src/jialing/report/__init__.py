"""Which report can be written from a result? One HTML file: `write_report(folder, out)`."""

from __future__ import annotations

from jialing.report.page import write_report

__all__ = ["write_report"]

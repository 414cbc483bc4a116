"""The tear sheet of a run: one page that opens offline, with JSON and CSV beside it (SPEC B3)."""

from tradewind.research.report.writing import write_report

__all__ = ["write_report"]

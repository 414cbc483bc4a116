"""Reference scenarios as data: read strictly, run on a venue or a public function, compared exactly, one line each."""

from tradewind.research.scenarios.runner import ScenarioResult, format_line, run_paths
from tradewind.research.scenarios.simulation import FAST, REFERENCE, Venues

__all__ = ["FAST", "REFERENCE", "ScenarioResult", "Venues", "format_line", "run_paths"]

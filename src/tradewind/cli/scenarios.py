"""`tradewind scenarios`: run written scenarios and compare exactly."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.main import DONE, FAILED
from tradewind.cli.options import Json
from tradewind.cli.output import print_json

Paths = Annotated[Path, Parameter(help="Scenario files (*.json), or folders of them.")]


def run(*paths: Paths, json: Json = False) -> int:
    """Run every scenario and print one line each; exit with 1 when any fails.

    Example: tradewind scenarios run ../shared/scenarios
    """
    from tradewind.model.errors import ConfigError
    from tradewind.research.scenarios import format_line, run_paths

    if not paths:
        raise ConfigError("no scenarios were given: name a *.json file or a folder that holds some")
    results = run_paths(paths)
    for result in results:
        print(format_line(result))
    failed = [result for result in results if not result.passed]
    if json:
        print_json(
            {
                "scenarios": len(results),
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "failures": [{"id": each.id, "difference": each.difference} for each in failed],
            }
        )
    return FAILED if failed else DONE

"""`tradewind report`: the tear sheet of a kept run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json


def report(
    run: Annotated[str, Parameter(help="A run's id, its beginning or end, or `latest`.")] = "latest",
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Write it into this folder, which must be new or empty.")] = None,
    ranges: Annotated[
        bool, Parameter(name="--range", negative="", help="Run a backtest with optimistic and pessimistic fills too.")
    ] = False,
    json: Json = False,
) -> int:
    """Say where the tear sheet of a run is; write it when it is not there.

    A backtest is run again for it, from its record, and must come to the same
    digest.

    Example: tradewind report latest --out my-report --range
    """
    from tradewind.cli.reporting import report_run

    return report_run(run, out, ranges=ranges, json=json)

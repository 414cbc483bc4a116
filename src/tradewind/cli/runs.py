"""`tradewind runs`: what has been run, what came of it, and how two runs differ."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json

Run = Annotated[str, Parameter(help="A run's id, its beginning or end, or `latest`.")]


def list_(
    *,
    last: Annotated[int, Parameter(help="How many, the newest last.")] = 30,
    json: Json = False,
) -> int:
    """List the runs that are kept, oldest first.

    Example: tradewind runs list --last 10
    """
    from tradewind.cli.run_tables import list_runs

    return list_runs(last, json=json)


def show(run: Run, /, *, json: Json = False) -> int:
    """Show one run: what was asked for, on what data, and what came of it.

    Example: tradewind runs show latest
    """
    from tradewind.cli.run_tables import show_run

    return show_run(run, json=json)


def compare(left: Run, right: Run, /, *, json: Json = False) -> int:
    """Show everything in which two runs differ; exit with 1 when their results do.

    Example: tradewind runs compare 20250301 latest
    """
    from tradewind.cli.run_tables import compare_two

    return compare_two(left, right, json=json)


def delete(*runs: Run, json: Json = False) -> int:
    """Delete runs with their journals and reports.

    Example: tradewind runs delete 20250301-101500-000-demo
    """
    from tradewind.cli.run_tables import delete_runs

    return delete_runs(runs, json=json)

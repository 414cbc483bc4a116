"""What the `data` commands do and print."""

from pathlib import Path

import msgspec

from tradewind.app.candle_files import find_candles
from tradewind.app.times import moment_ns, moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import console, print_json, progress, table
from tradewind.model.errors import ConfigError, DataError
from tradewind.model.instrument import InstrumentKind
from tradewind.storage.catalog import Catalog, ImportOptions, ImportReport, Kind, Manifest, SeriesKey, TreeReport

BARS = Kind.BARS.value


class ImportChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line said about an import."""

    venue: str | None
    instrument: str | None
    interval: str | None
    kind: str
    on_bad: str
    sort: bool
    replace: bool
    columns: list[str]
    time_unit: str
    tick: str
    lot: str
    traded_as: str | None


def import_and_show(source: Path, choice: ImportChoice, catalog: Path | None, *, json: bool) -> int:
    """Import a file or folder and print what was read, taken and left out; return 1 when files of a folder failed."""
    into = _catalog(catalog)
    if source.is_dir() and choice.instrument is None:
        return _import_folder(source, choice, into, json=json)
    with progress(f"importing {source.name}", quiet=json) as observer:
        report = into.import_file(source, _key_of(source, choice), _options(choice), observer)
    if json:
        print_json(msgspec.to_builtins(report))
        return DONE
    _show_report(report)
    return DONE


def list_series(catalog: Path | None, *, json: bool) -> int:
    """Print every series with its range, rows, gaps and increments."""
    found = _catalog(catalog).list()
    if json:
        print_json({"series": [_series_object(each) for each in found]})
        return DONE
    if not found:
        print("The catalog is empty: tradewind data import FILE")
        return DONE
    rows = [
        (
            _name(each),
            f"{each.rows:,}",
            moment_text(each.first_ns),
            moment_text(each.last_ns),
            f"{sum(entry.missing for entry in each.files):,}",
            "-" if each.increments is None else f"{each.increments.tick} / {each.increments.lot}",
            "-" if each.increments is None else "derived" if each.increments.derived else "stated",
        )
        for each in found
    ]
    heads = ("series", "rows", "first", "last", "absent", "tick / lot", "increments")
    console().print(table("Catalog", heads, rows))
    return DONE


def verify_and_show(series: str | None, catalog: Path | None, *, json: bool) -> int:
    """Check one series or all, print each problem, and return 1 when there is one."""
    into = _catalog(catalog)
    keys = [parse_key(series)] if series is not None else [each.key for each in into.list()]
    if not keys:
        raise DataError("the catalog is empty: there is nothing to verify")
    reports = []
    for key in keys:
        with progress(f"verifying {key}", quiet=json) as observer:
            reports.append(into.verify(key, observer))
    passed = all(report.passed for report in reports)
    if json:
        print_json({"passed": passed, "series": [msgspec.to_builtins(report) for report in reports]})
    else:
        for report in reports:
            print(f"{report.series}: {report.rows:,} rows in {report.files} files, {_verdict(report.problems)}")
            for problem in report.problems:
                print(f"  {problem}")
    return DONE if passed else FAILED


def resample_and_show(series: str, interval: str, catalog: Path | None, *, replace: bool, json: bool) -> int:
    """Make longer bars and print the series they became."""
    with progress(f"making {interval} bars", quiet=json) as observer:
        manifest = _catalog(catalog).resample(parse_key(series), interval, observer, replace=replace)
    if json:
        print_json(_series_object(manifest))
    else:
        print(f"{_name(manifest)}: {manifest.rows:,} bars")
    return DONE


def export_and_show(
    series: str,
    path: Path,
    span: tuple[str | None, str | None],
    catalog: Path | None,
    *,
    exact: bool,
    overwrite: bool,
    json: bool,
) -> int:
    """Write a series to a file and print how many rows it got."""
    start_ns, end_ns = (
        None if text is None else moment_ns(text, option) for text, option in zip(span, ("--from", "--to"), strict=True)
    )
    rows = _catalog(catalog).export(
        parse_key(series), path, start_ns=start_ns, end_ns=end_ns, exact=exact, overwrite=overwrite
    )
    if json:
        print_json({"series": series, "path": str(path), "rows": rows})
    else:
        print(f"{path}: {rows:,} rows")
    return DONE


def parse_key(text: str) -> SeriesKey:
    """Return the series that `venue/INSTRUMENT/1h` or `venue/INSTRUMENT/trades` names.

    Raises  ConfigError for anything else.
    """
    parts = text.strip("/").split("/")
    if len(parts) != 3:
        raise ConfigError(f"{text!r} names no series: write VENUE/INSTRUMENT/INTERVAL, such as coinbase/BTC-USD/1h")
    venue, instrument, last = parts
    kinds = {kind.value for kind in Kind} - {BARS}
    return SeriesKey(venue, instrument, last) if last in kinds else SeriesKey(venue, instrument, BARS, last)


def _import_folder(folder: Path, choice: ImportChoice, into: Catalog, *, json: bool) -> int:
    with progress(f"importing {folder}", quiet=json) as observer:
        report = into.import_tree(folder, _options(choice), observer)
    if not report.imported and not report.refused:
        raise DataError(
            f"no files of series in {folder}: lay it out as candles/VENUE/SYMBOL/1h.parquet, or name one file"
        )
    if json:
        print_json(
            {
                "imported": [msgspec.to_builtins(each) for each in report.imported],
                "skipped": report.skipped,
                "refused": report.refused,
                "rows": report.rows,
            }
        )
    else:
        _show_tree(report)
    return FAILED if report.refused else DONE


def _show_tree(report: TreeReport) -> None:
    screen = console()
    rows = [
        (each.series, f"{each.rows:,}", f"{each.imported:,}", f"{each.known:,}", f"{each.quality.missing:,}")
        for each in report.imported
    ]
    screen.print(table("Imported", ("series", "rows", "new", "known", "absent"), rows))
    for name, why in sorted(report.skipped.items()):
        screen.print(f"skipped {name}: {why}", markup=False, soft_wrap=True)
    for name, why in sorted(report.refused.items()):
        screen.print(f"refused {name}: {why}", markup=False, soft_wrap=True)
    screen.print(f"{report.rows:,} rows, {len(report.refused)} files refused", markup=False)


def _show_report(report: ImportReport) -> None:
    quality = report.quality
    print(f"{report.series}: {report.imported:,} of {report.rows:,} rows from {report.source}")
    print(f"  {moment_text(report.first_ns)} to {moment_text(report.last_ns)} UTC")
    if report.known:
        print(f"  {report.known:,} rows were known already")
    if quality.bad:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in quality.faults.items())
        print(f"  {quality.bad:,} bad rows left out ({reasons}), listed in {report.dropped}")
    if quality.missing:
        what = "nothing traded then" if report.convention == "no_trade" else "data are missing"
        print(f"  {quality.missing:,} bars absent in {quality.gap_runs:,} gaps: {what}")
    if quality.outliers:
        print(f"  {quality.outliers:,} prices that doubled or halved from one bar to the next: kept, look at them")
    if report.increments is not None and report.increments.derived:
        print(
            f"  tick {report.increments.tick}, lot {report.increments.lot}: derived; state them with --tick and --lot"
        )


def _key_of(source: Path, choice: ImportChoice) -> SeriesKey:
    if choice.kind == BARS:
        asked = [choice.instrument] if choice.instrument else []
        found = find_candles(source, choice.venue or "", asked, choice.interval or "")[0]
        return SeriesKey(found.venue, found.instrument, BARS, found.interval)
    if not source.exists():
        raise DataError(f"no file or folder {source}: check the path")
    if choice.venue is None or choice.instrument is None:
        raise ConfigError(f"{choice.kind} need --venue and --instrument")
    return SeriesKey(choice.venue, choice.instrument, choice.kind)


def _options(choice: ImportChoice) -> ImportOptions:
    columns = {}
    for text in choice.columns:
        ours, equals, theirs = text.partition("=")
        if not equals:
            raise ConfigError(f"--column {text!r}: write our name=the file's, such as open=o")
        columns[ours] = theirs
    return ImportOptions(
        on_bad="report" if choice.on_bad == "report" else "refuse",
        replace=choice.replace,
        sort=choice.sort,
        columns=columns,
        time_unit=choice.time_unit,
        tick=choice.tick,
        lot=choice.lot,
        traded_as=None if choice.traded_as is None else InstrumentKind(choice.traded_as),
    )


def _catalog(folder: Path | None) -> Catalog:
    return Catalog(folder if folder is not None else here().catalog)


def _name(manifest: Manifest) -> str:
    key = manifest.key
    return f"{key.venue}/{key.instrument}/{key.interval or key.kind}"


def _series_object(manifest: Manifest) -> dict[str, object]:
    return {
        "series": _name(manifest),
        "kind": manifest.kind,
        "rows": manifest.rows,
        "first_ns": manifest.first_ns,
        "last_ns": manifest.last_ns,
        "files": len(manifest.files),
        "absent": sum(entry.missing for entry in manifest.files),
        "increments": None if manifest.increments is None else msgspec.to_builtins(manifest.increments),
    }


def _verdict(problems: tuple[str, ...]) -> str:
    return "in order" if not problems else f"{len(problems)} problems"

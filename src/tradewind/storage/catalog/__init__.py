"""The catalog of market data: Parquet files of scaled integers with a manifest per series."""

from tradewind.storage.catalog.catalog import Catalog
from tradewind.storage.catalog.importing import ImportOptions, ImportReport
from tradewind.storage.catalog.manifest import Increments, Manifest
from tradewind.storage.catalog.series import Convention, Kind, SeriesKey, interval_ns
from tradewind.storage.catalog.table import BarTable
from tradewind.storage.catalog.tree import TreeReport
from tradewind.storage.catalog.verifying import VerifyReport

__all__ = [
    "BarTable",
    "Catalog",
    "Convention",
    "ImportOptions",
    "ImportReport",
    "Increments",
    "Kind",
    "Manifest",
    "SeriesKey",
    "TreeReport",
    "VerifyReport",
    "interval_ns",
]

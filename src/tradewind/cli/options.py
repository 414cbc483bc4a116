"""Options that several commands share. Nothing else is imported here, so that help is quick."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json", negative="", help="End with one JSON object on the last line.")]
Set = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="Any setting: --set limits.instrument_share_max=0.3 (repeatable)."),
]
Profile = Annotated[str | None, Parameter(help="Starting point: research, paper or demo.")]
Strategy = Annotated[
    list[str] | None,
    Parameter(negative="", help="A strategy: built-in name, module:Class or file.py:Class (repeatable)."),
]
Param = Annotated[
    list[str] | None, Parameter(name="--param", negative="", help="A parameter of the strategy: --param fast=12.")
]
Data = Annotated[str | None, Parameter(help="A candle file, or a folder of them. Without it: the catalog.")]
Kind = Annotated[
    Literal["bars", "trades", "quotes", "book"] | None, Parameter(help="What is recorded; all but bars: the catalog's.")
]
Venue = Annotated[str | None, Parameter(help="The venue of the series.")]
Instruments = Annotated[
    list[str] | None,
    Parameter(name="--instrument", negative="", help="Instruments: BTC-USD,ETH-USD. Without it: all in --data."),
]
Interval = Annotated[str | None, Parameter(help="Length of a bar: 1m, 15m, 1h, 1d.")]
From = Annotated[str | None, Parameter(name="--from", help="First moment, UTC: 2024-05-01 or 2024-05-01T12:00.")]
To = Annotated[str | None, Parameter(name="--to", help="Moment after the last, UTC.")]
Cash = Annotated[str | None, Parameter(help="Cash at the start.")]
Fees = Annotated[str | None, Parameter(help="Fees as shares of notional: maker,taker such as 0.0006,0.0010.")]
Shadow = Annotated[
    Path | None, Parameter(help="A candidate beside it: a file (TOML) with what it does otherwise. Nothing is sent.")
]
Seed = Annotated[int | None, Parameter(help="Seed of a generated market.")]


@dataclass(frozen=True, kw_only=True)
class BarOptions:
    """Which bars one strategy is looked at on, with which parameters; None where nothing is said. Taken as `OnBars`."""

    param: Param = None
    data: Data = None
    venue: Venue = None
    instrument: Instruments = None
    interval: Interval = None
    start: From = None
    end: To = None
    fees: Fees = None
    seed: Seed = None
    settings: Set = None

    def run_of(self, strategy: str) -> "RunOptions":
        """Return the run of one strategy on these bars."""
        return RunOptions(strategy=[strategy], **vars(self))


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a command line says about a run; None where it says nothing. A command takes them all as `Run`."""

    strategy: Strategy = None
    param: Param = None
    data: Data = None
    kind: Kind = None
    venue: Venue = None
    instrument: Instruments = None
    interval: Interval = None
    start: From = None
    end: To = None
    cash: Cash = None
    fees: Fees = None
    profile: Profile = None
    seed: Seed = None
    settings: Set = None


SAID_NOTHING = RunOptions()
Run = Annotated[RunOptions, Parameter(name="*")]
NO_BARS = BarOptions()
OnBars = Annotated[BarOptions, Parameter(name="*")]

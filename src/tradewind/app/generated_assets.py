"""The made-up instruments of generated markets, with prices and increments like real ones."""

from typing import NamedTuple


class Asset(NamedTuple):
    """One made-up instrument: its price at the start, tick, lot, and quantity traded in an ordinary bar."""

    name: str
    price: float
    tick: str
    lot: str
    volume: str


ASSETS = (
    Asset("BTC-USD", 60_000.0, "0.01", "0.00000001", "45"),
    Asset("ETH-USD", 3_000.0, "0.01", "0.0000001", "700"),
    Asset("SOL-USD", 150.0, "0.01", "0.00001", "12000"),
    Asset("XRP-USD", 0.6, "0.0001", "0.01", "2500000"),
    Asset("ADA-USD", 0.45, "0.0001", "0.01", "2000000"),
    Asset("LINK-USD", 18.0, "0.001", "0.001", "60000"),
    Asset("AVAX-USD", 35.0, "0.01", "0.001", "30000"),
    Asset("DOGE-USD", 0.15, "0.00001", "0.1", "9000000"),
    Asset("LTC-USD", 85.0, "0.01", "0.0001", "11000"),
    Asset("DOT-USD", 7.0, "0.001", "0.001", "90000"),
    Asset("ATOM-USD", 9.0, "0.001", "0.001", "70000"),
    Asset("UNI-USD", 10.0, "0.001", "0.001", "65000"),
)

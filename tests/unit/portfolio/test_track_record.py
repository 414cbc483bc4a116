"""A bot's closed trades in bps of what they were entered with, before costs and after them."""

from decimal import Decimal

from tradewind.portfolio.edge_gate import KnownEdge, expected_edge
from tradewind.portfolio.track_record import TrackRecord

D = Decimal


def test_a_trade_is_measured_by_all_that_entered() -> None:
    record = TrackRecord()
    record.entered("a", "BTC", D(600))
    record.entered("a", "BTC", D(400))
    record.closed("a", "BTC", 5, D(8), D(2))
    record.entered("a", "BTC", D(1_000))
    record.closed("a", "BTC", 9, D(-11), D(3))
    assert [(each.gross_bps, each.net_bps) for each in record.of("a")] == [(100, 80), (-100, -110)]
    assert [each.ts_ns for each in record.of("a", since_ns=5)] == [9]


def test_what_was_never_seen_to_begin_does_not_count() -> None:
    record = TrackRecord()
    record.closed("a", "BTC", 5, D(8), D(2))
    assert record.of("a") == []


def test_an_edge_is_pulled_towards_none() -> None:
    assert expected_edge(None, []) is None
    assert expected_edge(None, [D(100)] * 20) == 50
    assert expected_edge(KnownEdge(60, D(100)), [D(-100)] * 20) == 40

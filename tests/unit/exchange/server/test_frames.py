"""Subscriptions add up, and frames have the shape of recorded ones."""

import json

from tradewind.exchange.server.frames import Subscriptions, encoded, error_frame, frame


def test_acknowledgements_list_everything_so_far() -> None:
    held = Subscriptions()
    assert held.add("ticker", ["BTC-PERP-INTX", "ETH-PERP-INTX"]) == ["BTC-PERP-INTX", "ETH-PERP-INTX"]
    assert held.add("ticker", ["BTC-PERP-INTX"]) == []
    held.add("heartbeats", ["heartbeats"])
    assert held.acknowledged() == {
        "subscriptions": {"ticker": ["BTC-PERP-INTX", "ETH-PERP-INTX"], "heartbeats": ["heartbeats"]}
    }
    held.remove("ticker", ["ETH-PERP-INTX"])
    assert held.has("ticker", "BTC-PERP-INTX")
    assert not held.has("ticker", "ETH-PERP-INTX")
    held.remove("ticker", [])
    assert held.acknowledged() == {"subscriptions": {"heartbeats": ["heartbeats"]}}
    held.remove("heartbeats", [])
    assert held.acknowledged() == {"subscriptions": {}}


def test_a_channel_can_be_wanted_for_everything() -> None:
    held = Subscriptions()
    held.add("user", ["the user"])
    held.everything.add("user")
    assert held.has("user", "BTC-USD")
    held.remove("user", [])
    assert not held.has("user", "BTC-USD")


def test_a_frame_says_l2_data_for_level2() -> None:
    made = json.loads(frame("level2", 3, 1_757_110_230_260_465_255, encoded([{"type": "snapshot"}])))
    assert made == {
        "channel": "l2_data",
        "client_id": "",
        "timestamp": "2025-09-05T22:10:30.260465255Z",
        "sequence_num": 3,
        "events": [{"type": "snapshot"}],
    }


def test_an_error_has_no_channel() -> None:
    assert json.loads(error_frame("authentication failure")) == {"type": "error", "message": "authentication failure"}

"""Fee tiers by the volume of the last thirty days: it leaves by days, at both venues and in the engine."""

from decimal import Decimal

import pytest

from tests.engine_rig import BTC, Desk, config
from tradewind.model.answers import OrderFilled
from tradewind.model.fees import FeeSchedule, FeeTier, TrailingVolume
from tradewind.model.intents import TargetQuantity
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.reference import ReferenceBarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings

DAY_NS = 86_400 * 10**9
TIERS = (
    FeeTier(Decimal(0), Decimal("0.004"), Decimal("0.006")),
    FeeTier(Decimal(100), Decimal("0.001"), Decimal("0.002")),
)
TRAILING, GROWING = FeeSchedule(TIERS, volume_days=30), FeeSchedule(TIERS)


def test_a_day_leaves_when_thirty_others_have_begun() -> None:
    volume = TrailingVolume(Decimal(7), 30)
    assert volume.add(5, Decimal(10)) == 17
    assert volume.add(DAY_NS, Decimal(20)) == 37
    assert volume.at(30 * DAY_NS - 1) == 37
    assert volume.at(30 * DAY_NS) == 20
    assert volume.at(31 * DAY_NS) == 0
    assert volume.add(31 * DAY_NS, Decimal(1)) == 1


def test_what_came_late_counts_on_the_latest_day() -> None:
    volume = TrailingVolume(Decimal(0), 2)
    volume.add(5 * DAY_NS, Decimal(1))
    assert volume.add(5 * DAY_NS - 1, Decimal(2)) == 3
    assert volume.at(6 * DAY_NS) == 3
    assert volume.at(7 * DAY_NS) == 0


def test_without_days_nothing_leaves() -> None:
    volume = TrailingVolume(Decimal(7), None)
    volume.add(0, Decimal(10))
    assert volume.at(10_000 * DAY_NS) == 17


@pytest.mark.parametrize("kind", [BarVenue, ReferenceBarVenue])
@pytest.mark.parametrize(
    ("fees", "opening", "rates"),
    [
        (TRAILING, "0", ["0.006", "0.002", "0.002", "0.006", "0.002"]),
        (TRAILING, "100", ["0.002", "0.002", "0.002", "0.006", "0.002"]),
        (GROWING, "0", ["0.006", "0.002", "0.002", "0.002", "0.002"]),
    ],
)
def test_the_tier_rises_and_falls(
    fees: FeeSchedule, opening: str, rates: list[str], kind: type[BarVenue] | type[ReferenceBarVenue]
) -> None:
    """One coin at 100 on days 1, 2, 20, 60 and 61; the rate is that of the day on which the order was placed."""
    venue = kind([BTC], SimulationSettings(fees=fees), OpeningAccount(volume_30d=Decimal(opening)))
    paid = []
    for number, day in enumerate((1, 2, 20, 60, 61)):
        venue.submit(OrderRequest(str(number), BTC.id, Side.BUY, OrderKind.MARKET, 1_000), day * DAY_NS)
        answers = venue.on_event(Bar(BTC.id, day * DAY_NS + 60, 60, *[10_000] * 4))
        paid += [str(each.fee / 100) for each in answers if isinstance(each, OrderFilled)]
    assert [str(Decimal(rate).normalize()) for rate in paid] == rates
    assert venue.report().volume_30d == (200 if fees is TRAILING else 500 + Decimal(opening))


def test_the_engine_expects_the_tier_of_the_day() -> None:
    one, two = TargetQuantity(Decimal(1)), TargetQuantity(Decimal(2))
    desk = Desk(config([one, two], fees=TRAILING))
    desk.bar()
    desk.fill("test-1")
    assert desk.state.tier.taker == Decimal("0.002")
    desk.ts_ns = 40 * DAY_NS
    desk.bar()
    assert desk.state.tier.taker == Decimal("0.006")

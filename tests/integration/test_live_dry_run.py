"""A dry run decides and records and sends nothing; a preview comes before the order; and what was sent adds up."""

from pathlib import Path
from typing import Any

from tests.live_stage import Stage, play, until
from tests.live_venue import CoreVenue, Faults
from tradewind.app.live.dry import DRY_RUN
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.model.entries import Intended
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import PlaceRefused
from tradewind.storage.journal.reader import read_journal


def adds_up(requests: dict[str, Any]) -> bool:
    parts = ("successful", "failed", "in_doubt", "pending")
    return int(requests["attempted"]) == sum(int(requests[part]) for part in parts)


def test_a_dry_run_decides_and_records_and_sends_nothing(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()

        def all_refused() -> bool:
            requests = status(built.session)["requests"]
            return bool(requests["attempted"] == requests["failed"] > 2)

        await until(all_refused)
        told = status(built.session)
        assert told["dry_run"]
        assert not told["real_money"]
        built.session.flatten(None)
        ended = await stage.stop()
        assert ended.is_clean
        assert not venue.placed
        assert venue.exchange.orders(venue.ours) == []
        reasons = {order.reason for order in built.session.engine.state.orders.values()}
        assert any(reason.startswith(DRY_RUN) for reason in reasons)

    play(tmp_path, scene, dry_run=True)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    assert any(isinstance(entry, Intended) for entry in read_journal(next(run.glob("*journal*"))))
    assert replay_run(run).equal


def test_a_dry_run_has_a_state_of_its_own_beside_a_real_session(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await stage.start()
        dry = Stage(tmp_path, venue, dry_run=True)
        built = await dry.start()  # the lease of the account is the other's
        await until(lambda: status(built.session)["requests"]["attempted"])
        await dry.stop()
        assert built.session.trading is not None
        assert built.session.trading.gateway.counts.placed == 0
        await stage.stop()
        stage.settled()

    play(tmp_path, scene)


def test_attempted_is_successful_and_failed_and_what_is_not_known(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        venue.faults = Faults(lose_answer=0.2, lose_request=0.2, delay_s=0.2)

        def both_ends() -> bool:
            requests = status(built.session)["requests"]
            assert adds_up(requests)
            return bool(requests["successful"] and requests["in_doubt"])

        await until(both_ends)
        venue.faults = Faults()
        built.session.halt("enough", "test")
        await until(lambda: not status(built.session)["requests"]["pending"])
        told = status(built.session)["requests"]
        assert adds_up(told)
        assert told["successful"]
        assert told["in_doubt"]
        await stage.die()  # an orderly stop would wait until it is known what arrived

    play(tmp_path, scene)


def test_what_a_preview_refuses_is_not_sent(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        asked: list[str] = []

        async def preview(request: OrderRequest) -> PlaceRefused | None:
            asked.append(request.order_id)
            return PlaceRefused("PREVIEW_NO") if request.instrument == "BTC-USD" else None

        venue.preview = preview  # type: ignore[method-assign]
        built = await stage.start()
        trading = built.session.trading
        assert trading is not None
        await until(lambda: trading.gateway.counts.refused and any("-sl" in name for name in venue.placed))
        await stage.stop()
        sent = {order.product_id for order in venue.exchange.orders(venue.ours)}
        assert sent == {"ETH-USD"}
        exits = {name for name in venue.placed if "-sl" in name}
        assert exits
        assert not exits & set(asked)  # an exit waits for nobody
        stage.settled()

    play(tmp_path, scene, preview=True)

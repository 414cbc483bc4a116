"""What is handed from session to session, what settings mean, and what a profile keeps to itself."""

from decimal import Decimal
from pathlib import Path

import pytest

from tradewind.app.config import resolve
from tradewind.app.home import Home
from tradewind.app.live.opening import new_session, refuse_rights, trouble_of
from tradewind.app.live.plan import live_plan
from tradewind.app.live.standing import HandedOver, Handover, Leftovers, Standing, held_at_start
from tradewind.model.errors import AuthError, ConfigError, StateError
from tradewind.venues.ports import KeyRights, ProductMode, ProductState

HOME = Home(Path("nowhere"))
BTC = HandedOver("BTC-USD", "a", 50, Decimal(10))


def held(
    positions: tuple[HandedOver, ...], found: dict[str, tuple[int, Decimal]], *bots: str
) -> set[tuple[str, str, int]]:
    rows = held_at_start(Handover("r", 1, positions), found, frozenset(bots))
    return {(each.instrument, each.bot, each.quantity) for each in rows}


def test_each_bot_gets_back_what_it_held_and_external_the_rest() -> None:
    found = {"BTC-USD": (70, Decimal(11))}
    assert held((BTC,), found, "a") == {("BTC-USD", "a", 50), ("BTC-USD", "external", 20)}


def test_a_bot_that_is_gone_or_whose_part_is_not_there_gets_nothing() -> None:
    assert held((BTC,), {"BTC-USD": (70, Decimal(11))}) == {("BTC-USD", "external", 70)}
    assert held((BTC,), {"BTC-USD": (30, Decimal(11))}, "a") == {("BTC-USD", "external", 30)}
    assert held((BTC,), {}, "a") == set()


def test_two_bots_share_what_is_there_in_order() -> None:
    other = HandedOver("BTC-USD", "b", 30, Decimal(10))
    assert held((BTC, other), {"BTC-USD": (60, Decimal(1))}, "a", "b") == {
        ("BTC-USD", "a", 50), ("BTC-USD", "external", 10),
    }  # fmt: skip


def test_the_folder_remembers(tmp_path: Path) -> None:
    standing = Standing(tmp_path)
    assert standing.current is None
    assert standing.handover() is None
    assert standing.sessions == ()
    standing.begin("run-0", "0" * 12)
    standing.begin("run-1", "1" * 12)
    standing.leave_behind(Leftovers("run-1", 5, ("x-1",)))
    again = Standing(tmp_path)
    assert again.current == "run-1"
    assert again.sessions == ("0" * 12, "1" * 12)
    left = again.leftovers()
    assert left is not None
    assert left.orders == ("x-1",)
    again.leave_behind(None)
    assert again.leftovers() is None
    (tmp_path / "current.json").write_text("{")
    with pytest.raises(StateError, match="cannot be read"):
        _ = again.current


def test_names_of_sessions_are_never_the_same() -> None:
    names = {new_session("account", 1) for _ in range(1_000)}
    assert len(names) == 1_000
    assert all(len(name) == 12 for name in names)


def test_settings_become_a_plan() -> None:
    config = resolve(
        HOME, {}, profile="dev", overrides={"live": {"orders_every": "5s", "windows": ["mon-fri 08:00-09:00"]}}
    ).config
    plan = live_plan(config)
    assert plan.orders_every_s == 5.0
    assert plan.span_ns == 60_000_000_000
    assert len(plan.windows) == 1


@pytest.mark.parametrize("live", [{"windows": ["always"]}, {"daily_loss_max": "0"}])
def test_settings_that_make_no_sense_are_refused(live: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        live_plan(resolve(HOME, {}, profile="dev", overrides={"live": live}).config)


def test_candles_that_do_not_make_up_those_of_var_are_refused_before_a_run_begins() -> None:
    var = {"share_max": "0.05", "interval": "90s"}
    with pytest.raises(ConfigError, match=r"var\.interval is 1\.5 minutes"):
        live_plan(resolve(HOME, {}, profile="dev", overrides={"var": var}).config)


@pytest.mark.parametrize(
    "key", ["limits.leverage_max", "limits.order_notional_max", "live.ioc_only", "live.daily_loss_max"]
)
def test_what_the_canary_limits_cannot_be_loosened(key: str) -> None:
    section, name = key.split(".")
    with pytest.raises(ConfigError, match=f"{key} is locked by the profile canary"):
        resolve(HOME, {}, profile="canary", overrides={section: {name: "5" if name != "ioc_only" else False}})
    config = resolve(HOME, {}, profile="canary").config
    assert config.limits.order_notional_max == 25
    assert config.live.ioc_only
    assert config.live.daily_loss_max == 10


def test_keys_that_can_too_much_or_too_little_are_refused() -> None:
    refuse_rights(KeyRights(view=True, trade=True, transfer=False))
    with pytest.raises(AuthError, match="transfer"):
        refuse_rights(KeyRights(view=True, trade=True, transfer=True))
    with pytest.raises(AuthError, match="view and trade"):
        refuse_rights(KeyRights(view=False, trade=False, transfer=False))


@pytest.mark.parametrize("mode", [mode for mode in ProductMode if mode is not ProductMode.ONLINE])
def test_only_an_instrument_online_takes_new_risk(mode: ProductMode) -> None:
    assert mode.value in trouble_of(ProductState(instrument="X", mode=mode))
    assert trouble_of(ProductState(instrument="X")) == ""
    assert "closed" in trouble_of(ProductState(instrument="X", session_open=False))


@pytest.mark.parametrize("where", ["section", "bot"])
def test_plans_whose_children_rest_are_refused_where_nothing_may_rest(where: str) -> None:
    bot = {"strategy": "macd", **({"execution": "bands"} if where == "bot" else {})}
    overrides = {"live": {"ioc_only": True}, "bots": [bot]}
    if where == "section":
        overrides["execution"] = {"policy": "maker_first"}
    with pytest.raises(ConfigError, match=r"live.ioc_only lets nothing rest"):
        live_plan(resolve(HOME, {}, profile="dev", overrides=overrides).config)

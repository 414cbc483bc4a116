"""What the doctor makes of what it sees."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from tradewind.app.config import resolve
from tradewind.app.doctor import (
    catalog_finding,
    disk_finding,
    packages_finding,
    python_finding,
    settings_finding,
    skew_s_max,
    writable_finding,
)
from tradewind.app.findings import Finding, Report, Verdict, not_ready, ready, review
from tradewind.app.home import Home
from tradewind.app.venue_findings import judged_products, judged_rights, judged_skew
from tradewind.model.errors import ConfigError
from tradewind.venues.ports import KeyRights, ProductMode, ProductState

HOUR_NS = 3_600_000_000_000
GIB = 1 << 30


def test_the_worst_finding_is_the_verdict() -> None:
    findings = (ready("a", "x"), review("b", "y", "do"), ready("c", "z"))
    assert Report(()).verdict is Verdict.READY
    assert Report(findings).verdict is Verdict.REVIEW
    assert Report((*findings, not_ready("d", "w", "do"))).verdict.words == "NOT READY"


@pytest.mark.parametrize(("version", "verdict"), [((3, 10), Verdict.NOT_READY), ((3, 11), Verdict.READY)])
def test_an_old_python_is_told(version: tuple[int, int], verdict: Verdict) -> None:
    assert python_finding(version).verdict is verdict


def test_a_missing_package_is_named() -> None:
    found = packages_finding({"aiohttp": "", "numpy": "2"})
    assert (found.verdict, "aiohttp" in found.seen, "tradewind[live]" in found.remedy) == (
        Verdict.NOT_READY,
        True,
        True,
    )
    assert packages_finding({"numpy": "2"}).verdict is Verdict.READY


@pytest.mark.parametrize(
    ("free", "verdict"), [(GIB // 2, Verdict.NOT_READY), (2 * GIB, Verdict.REVIEW), (50 * GIB, Verdict.READY)]
)
def test_room_on_the_disk_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert disk_finding(Home(tmp_path / "not" / "there")).verdict is verdict


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert writable_finding(Home(tmp_path)).verdict is Verdict.READY

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    found = writable_finding(Home(tmp_path))
    assert (found.verdict, "Permission denied" in found.seen) == (Verdict.NOT_READY, True)


def test_a_damaged_catalog_is_told(tmp_path: Path) -> None:
    assert catalog_finding(Home(tmp_path)).seen == "0 series"
    folder = tmp_path / "catalog" / "coinbase" / "BTC-USD" / "bars" / "1h"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    assert catalog_finding(Home(tmp_path)).verdict is Verdict.NOT_READY


def settled(tmp_path: Path, profile: str, **overrides: object) -> Finding:
    values: dict[str, object] = {"profile": profile, **overrides}
    return settings_finding(resolve(Home(tmp_path), {}, overrides=values))


def test_settings_without_limits_are_reviewed(tmp_path: Path) -> None:
    assert settled(tmp_path, "canary").verdict is Verdict.READY
    unlocked = settled(tmp_path, "research")
    assert (unlocked.verdict, "drawdown" in unlocked.seen) == (Verdict.REVIEW, True)
    loose = settled(tmp_path, "paper", limits={"leverage_max": "off"})
    assert (loose.verdict, "leverage_max" in loose.seen) == (Verdict.REVIEW, True)
    broken = settings_finding(ConfigError("limits.x: no such key"))
    assert (broken.verdict, broken.seen) == (Verdict.NOT_READY, "limits.x: no such key")


def test_the_session_says_how_far_off_a_clock_may_be(tmp_path: Path) -> None:
    assert skew_s_max(resolve(Home(tmp_path), {}, overrides={"live": {"skew_max": "9s"}})) == 9.0
    assert skew_s_max(ConfigError("x")) == 5.0


@pytest.mark.parametrize(
    ("skew_s", "verdict"),
    [
        (0.2, Verdict.READY),
        (-0.9, Verdict.READY),
        (1.1, Verdict.REVIEW),
        (-4.9, Verdict.REVIEW),
        (5.1, Verdict.NOT_READY),
        (-60.0, Verdict.NOT_READY),
    ],
)
def test_a_clock_is_judged_both_ways(skew_s: float, verdict: Verdict) -> None:
    found = judged_skew(skew_s)
    assert found.verdict is verdict
    assert ("behind" in found.seen) == (skew_s > 0)


@pytest.mark.parametrize("view", [True, False])
@pytest.mark.parametrize("trade", [True, False])
@pytest.mark.parametrize("transfer", [True, False])
def test_only_a_key_that_views_and_trades_and_no_more_is_ready(view: bool, trade: bool, transfer: bool) -> None:
    found = judged_rights(KeyRights(view=view, trade=trade, transfer=transfer))
    assert (found.verdict is Verdict.READY) == (view and trade and not transfer)
    assert found.verdict is not Verdict.REVIEW


def state(name: str, **fields: object) -> ProductState:
    return msgspec.structs.replace(ProductState(instrument=name), **fields)


@pytest.mark.parametrize(
    ("states", "verdict", "word"),
    [
        ([state("A"), state("B")], Verdict.READY, "2 take orders"),
        ([state("A"), state("B", mode=ProductMode.CANCEL_ONLY)], Verdict.REVIEW, "B is cancel_only"),
        ([state("A", session_open=False)], Verdict.NOT_READY, "A is online"),
        ([state("A", expiry_ns=23 * HOUR_NS)], Verdict.REVIEW, "A expires"),
        ([state("A", expiry_ns=25 * HOUR_NS)], Verdict.READY, "1 take orders"),
        ([state("A", mode=ProductMode.DISABLED)], Verdict.NOT_READY, "A is disabled"),
    ],
)
def test_products_are_judged_together(states: list[ProductState], verdict: Verdict, word: str) -> None:
    found = judged_products(states, 0)
    assert (found.verdict, word in found.seen) == (verdict, True)


def test_findings_of_trouble_name_a_remedy() -> None:
    makers: list[Callable[[], Finding]] = [
        lambda: judged_skew(99.0),
        lambda: judged_rights(KeyRights(view=True, trade=True, transfer=True)),
        lambda: judged_products([state("A", mode=ProductMode.DISABLED)], 0),
        lambda: python_finding((3, 8)),
    ]
    assert all(make().remedy for make in makers)


@pytest.mark.parametrize(
    ("overrides", "verdict", "word"),
    [
        ({"limits": {"exposure_share_max": 0}}, Verdict.NOT_READY, "no order could pass"),
        ({"live": {"daily_loss_max": "-1"}}, Verdict.NOT_READY, "daily_loss_max"),
        ({"limits": {"instrument_share_max": 2}}, Verdict.REVIEW, "loose: instrument_share_max 2"),
    ],
)
def test_limits_out_of_range_are_told(
    tmp_path: Path, overrides: dict[str, object], verdict: Verdict, word: str
) -> None:
    found = settled(tmp_path, "dev", **overrides)
    assert (found.verdict, word in found.seen, bool(found.remedy)) == (verdict, True, True)

"""Every setting there is has its class, and the table names no other."""

from collections.abc import Iterator

from msgspec import inspect as types

from tradewind.app.setting_classes import ROWS, WEIGHTS, Weight
from tradewind.app.settings import Config

LISTED = {"bots", "instruments"}


def keys() -> Iterator[str]:
    """Yield the keys of a configuration as the table has them: a list or table inside a section is one."""
    for field in types.type_info(Config).fields:  # type: ignore[union-attr]
        kind = field.type
        if field.encode_name in LISTED:
            kind = kind.item_type if isinstance(kind, types.VarTupleType) else kind.value_type  # type: ignore[union-attr]
        if isinstance(kind, types.StructType):
            yield from (f"{field.encode_name}.{each.encode_name}" for each in kind.fields)
        else:
            yield field.encode_name


def test_every_key_is_classified() -> None:
    schema = list(keys())
    assert len(schema) > 150
    assert [key for key in schema if key not in WEIGHTS] == []


def test_the_table_names_no_key_that_is_gone_and_none_twice() -> None:
    named = [f"{section}.{name}".removeprefix(".") for _, section, names in ROWS for name in names.split()]
    assert sorted(set(named) - set(keys())) == []
    assert len(named) == len(set(named))


def test_what_guards_the_money_is_grave() -> None:
    guards = ("limits.", "protections.", "liquidation.", "breakers.", "var.", "tiers.", "edge.", "guards.", "sizing.")
    assert {weight for key, weight in WEIGHTS.items() if key.startswith(guards)} == {Weight.RISK}
    who = ("live.venue", "live.endpoint", "live.account", "live.keys", "live.real_money", "account.currency")
    assert {WEIGHTS[key] for key in who} == {Weight.CRITICAL}
    assert [key for key, weight in WEIGHTS.items() if weight is Weight.RELOAD] == [
        "bots.strategy",
        "bots.parameters",
        "bots.budget",
        "bots.family",
    ]

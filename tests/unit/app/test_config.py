"""Configuration: layers, origins, hash, and the exact message of everything that can be wrong in a file."""

from decimal import Decimal
from pathlib import Path

import pytest

from tradewind.app.config import (
    Layer,
    assignments,
    check_layer,
    environment_layer,
    file_layer,
    flattened,
    literal,
    resolve,
    schema,
)
from tradewind.app.home import Home, find_home, keep_kernels
from tradewind.app.settings import Config
from tradewind.model.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


WITHOUT_END = "leave it out for a session without an end"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[limits]\ninstrument_share = 0.3",
            "unknown key limits.instrument_share: did you mean limits.instrument_share_max?",
        ),
        ("[acount]\ncash = 1", "unknown key acount: did you mean account?"),
        ("[[bots]]\nstrategy = 'macd'\nbudgt = 1", "unknown key bots[0].budgt: did you mean bots[0].budget?"),
        (
            "[instruments.BTC-USD]\ntik = 1",
            "unknown key instruments.BTC-USD.tik: did you mean instruments.BTC-USD.tick?",
        ),
        ("[market]\nq = 1", "unknown key market.q: the keys here are bars, difficulty, instruments, interval"),
        ("[account]\ncash = 'lots'", "account.cash must be an exact number, was 'lots'"),
        ("[account]\ncash = true", "account.cash must be an exact number, was true"),
        ("[account]\ngap_bars_max = 1.5", "account.gap_bars_max must be a whole number, was 1.5"),
        ("[account]\ngap_bars_max = -1", "account.gap_bars_max must be a whole number >= 0, was -1"),
        ("[simulation]\nfill_on_touch = 1", "simulation.fill_on_touch must be true or false, was 1"),
        ("[exits]\ntime = '4x'", "exits.time must be a duration such as 90s or 4h, was '4x'"),
        ("account = 5", "account must be a table, was 5"),
        ("[data]\ninstruments = 'BTC-USD'", "data.instruments must be a list, was 'BTC-USD'"),
        ("[[bots]]\nid = 'a'", "bots[0] lacks the key strategy: add it"),
        ("[[bots]]\nstrategy = 'macd'\nbudget = 'k'", "bots[0].budget must be an exact number, was 'k'"),
        (
            "[market]\ndifficulty = 'x'",
            "market.difficulty: 'x' is not one of the allowed values: see `tradewind config schema`",
        ),
        ("[limits]\nleverage_max = -1", "limits.leverage_max must be a number of at least 0, was -1"),
        *(
            (
                f"[paper]\nminutes = {minutes}",
                f"paper.minutes must be above 0 and at most 5256000, was {shown}: {WITHOUT_END}",
            )
            for minutes, shown in (("-1", "-1"), ("0", "0"), ("nan", "NaN"), ("inf", "Infinity"), ("1e400", "1E+400"))
        ),
        ("[x", "not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, home: Home, text: str, message: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        resolve(home, {}, file=file)
    assert str(caught.value) == f"{file}: {message}"


def test_missing_file_unknown_profile_and_bad_environment_are_named(tmp_path: Path, home: Home) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError) as caught:
        resolve(home, {}, file=missing)
    assert str(caught.value) == f"{missing}: cannot read the configuration (No such file or directory): check the path"
    with pytest.raises(ConfigError, match=r"there is no profile 'papr': did you mean 'paper'\?"):
        resolve(home, {}, overrides={"profile": "papr"})
    with pytest.raises(ConfigError, match=r"environment: unknown key acount: did you mean account\?"):
        resolve(home, {"TRADEWIND_ACOUNT__CASH": "1"})


def test_later_layers_win_and_origins_say_who_set_what(tmp_path: Path, home: Home) -> None:
    home.root.mkdir()
    home.config_file.write_text("[account]\ncash = 1\ncurrency = 'EUR'\n[fees]\nmaker = 0.1\ntaker = 0.2\n")
    file = written(
        tmp_path, "profile = 'paper'\n[account]\ncash = 2\n[fees]\nmaker = 0.3\n[simulation]\nslippage_bps = 9"
    )
    environment = {"TRADEWIND_ACCOUNT__CASH": "3", "TRADEWIND_HOME": "elsewhere", "HOME": "x"}
    found = resolve(home, environment, file=file, overrides={"account": {"cash": "4"}}, base={"seed": 5})
    config = found.config
    assert (config.account.cash, config.account.currency, config.seed) == (Decimal(4), "EUR", 5)
    assert (config.fees.maker, config.fees.taker) == (Decimal("0.3"), Decimal("0.2"))
    assert config.profile == "paper"
    assert config.limits.instrument_share_max == Decimal("0.20")
    assert config.simulation.slippage_bps == Decimal(9)
    assert found.origins["account.cash"] == "command line"
    assert found.origins["account.currency"] == str(home.config_file)
    assert found.origins["fees.maker"] == str(file)
    assert found.origins["simulation.half_spread_bps"] == "profile paper"
    assert found.origins["seed"] == "command"
    assert "account.volume_30d" not in found.origins


def test_decimals_of_a_file_are_exact_and_off_switches_off(tmp_path: Path, home: Home) -> None:
    file = written(tmp_path, "[account]\ncash = 0.1234567890123456789\n[limits]\nexposure_share_max = 'off'")
    config = resolve(home, {}, file=file).config
    assert config.account.cash == Decimal("0.1234567890123456789")
    assert config.limits.exposure_share_max is None


def test_hash_covers_what_is_done_and_not_where_or_in_which_order(home: Home) -> None:
    def digest(**overrides: object) -> str:
        return resolve(home, {}, overrides=overrides).digest

    base = digest(data={"path": "a", "instruments": ["X", "Y"]}, bots=[{"strategy": "macd"}, {"strategy": "donchian"}])
    same = digest(data={"path": "b", "instruments": ["Y", "X"]}, bots=[{"strategy": "donchian"}, {"strategy": "macd"}])
    other = digest(data={"path": "a", "instruments": ["X", "Z"]}, bots=[{"strategy": "macd"}, {"strategy": "donchian"}])
    assert base == same
    assert base != other
    assert digest(account={"cash": "5"}) != digest(account={"cash": "6"})
    assert digest(flags={"live_display": False}) == digest()


def test_text_means_what_it_means_in_toml_or_itself() -> None:
    assert [literal(text) for text in ("3", "2024-05-01", "1h", "[x", "")] == ["3", "2024-05-01", "1h", "[x", ""]
    assert literal('["a", 0.1]') == ["a", Decimal("0.1")]
    assert literal("{ b = 1 }") == {"b": 1}
    assert assignments(["a.b=1", "a.c=x"]) == {"a": {"b": "1", "c": "x"}}
    assert environment_layer({"TRADEWIND_DATA__FROM": "2024-01-01"}).values == {"data": {"from": "2024-01-01"}}
    for text in ("cash", "=5"):
        with pytest.raises(ConfigError, match="write key=value"):
            assignments([text])
    with pytest.raises(ConfigError, match=r"a.b.c: b is a value, not a section"):
        assignments(["a.b=1", "a.b.c=2"])


def test_text_of_a_command_line_is_read_as_the_settings_type_and_a_files_is_not(tmp_path: Path, home: Home) -> None:
    said = assignments(["paper.speed=3600", "account.gap_bars_max=5", "simulation.fill_on_touch=true", "seed=8"])
    config = resolve(home, {"TRADEWIND_ACCOUNT__CASH": "1.5"}, overrides=said).config
    assert (config.paper.speed, config.account.gap_bars_max, config.seed) == ("3600", 5, 8)
    assert (config.simulation.fill_on_touch, config.account.cash) == (True, Decimal("1.5"))
    with pytest.raises(ConfigError, match=r"command line: account.gap_bars_max must be a whole number, was '1.5'"):
        resolve(home, {}, overrides=assignments(["account.gap_bars_max=1.5"]))
    with pytest.raises(ConfigError, match=r"account.gap_bars_max must be a whole number, was '5'"):
        resolve(home, {}, file=written(tmp_path, "[account]\ngap_bars_max = '5'"))


def test_schema_names_every_section_with_its_keys() -> None:
    definitions = schema()["$defs"]
    assert set(definitions["Config"]["properties"]) == set(Config.__struct_encode_fields__)
    assert {"from", "to", "path"} <= set(definitions["DataSettings"]["properties"])
    assert definitions["AccountSettings"]["additionalProperties"] is False


def test_tables_are_flattened_to_dotted_keys() -> None:
    assert dict(flattened({"a": {"b": 1, "c": {}}, "d": [2]})) == {"a.b": 1, "a.c": {}, "d": [2]}


def test_home_is_named_or_the_platforms_and_kernels_stay_in_it(tmp_path: Path) -> None:
    named = find_home({"TRADEWIND_HOME": str(tmp_path)})
    assert named.root == tmp_path
    assert find_home({}).root.name == "tradewind"
    environment: dict[str, str] = {}
    keep_kernels(named, environment)
    assert environment == {"NUMBA_CACHE_DIR": str(tmp_path / "cache" / "numba")}
    environment = {"NUMBA_CACHE_DIR": "chosen"}
    keep_kernels(named, environment)
    assert environment == {"NUMBA_CACHE_DIR": "chosen"}


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("exits", "stop_loss", "-0.1"),
        ("exits", "stop_loss", "5"),
        ("exits", "trailing", "1"),
        ("exits", "take_profit", "0"),
        ("protections", "drawdown_max", "10"),
        ("protections", "drawdown_max", "0"),
        ("breakers", "daily_loss_max", "-0.05"),
        ("breakers", "daily_loss_max", "3"),
        ("var", "correlation_warn", "7"),
    ],
)
def test_a_protection_that_could_never_act_is_refused(table: str, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} must be a share above 0"):
        check_layer(Layer("file", {table: {key: value}}, text=True))


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("exits", "stop_loss"),
        ("protections", "drawdown_max"),
        ("protections", "low_profit_minimum"),
        ("breakers", "daily_loss_max"),
        ("breakers", "volatility_halt"),
        ("var", "share_max"),
        ("fees", "taker"),
        ("simulation", "half_spread_bps"),
        ("execution", "offset_bps"),
        ("account", "price_allowance"),
    ],
)
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_what_is_no_number_is_refused_in_every_table(table: str, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"file: {key} must be a finite number"):
        check_layer(Layer("file", {table: {key: value}}, text=True))


def test_off_is_nothing_unless_it_is_one_of_the_words(tmp_path: Path, home: Home) -> None:
    text = "[regime]\nenabled = false\n[allocation]\nmethod = 'off'\n[limits]\ninstrument_share_max = 'off'\n"
    found = resolve(home, {}, file=written(tmp_path, text)).config
    assert found.allocation.method == "off"
    assert found.limits.instrument_share_max is None


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(b"[account]\ncash = 1 # \xff\n")
    with pytest.raises(ConfigError, match=r"run\.toml: no text in UTF-8 \(byte 21\): check the path"):
        file_layer(path)

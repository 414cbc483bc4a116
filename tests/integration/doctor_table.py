"""Set-ups that `tradewind doctor` is shown, and what it must make of each; run as a program it prints the table."""

import contextlib
import io
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.local_exchange import local_exchange
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import AccountIdentity, Lease
from tradewind.app.live.standing import Leftovers, Standing
from tradewind.cli.main import main as tradewind

READY, REVIEW, NOT_READY = "READY", "REVIEW", "NOT READY"
BETA = ("--account", "beta")
ONE = ("--instrument", "BTC-USD")
DEV = ("--profile", "dev")


class Bench:
    """An exchange and an empty home; `words` are added to the command line."""

    def __init__(self, exchange: Path, folder: Path) -> None:
        self.exchange = exchange
        self.file: dict[str, Any] = json.loads(exchange.read_text(encoding="utf-8"))
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.words: list[str] = []
        self.cleanup = contextlib.ExitStack()

    def account(self, name: str) -> dict[str, Any]:
        return next(each for each in self.file["accounts"] if each["name"] == name)

    def ask(self, method: str, path: str, body: object = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.file["admin"] + path, data, method=method)
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert answer.status == 200

    def key(self, text: str, mode: int = 0o600) -> None:
        """Use a key file of this text."""
        path = self.folder / "key.json"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        self.words += ["--key", str(path)]

    def account_folder(self, name: str) -> AccountIdentity:
        return AccountIdentity(venue="coinbase", endpoint=self.file["rest"], account=self.account(name)["portfolio"])


Prepare = Callable[[Bench], None]


class Case(msgspec.Struct, frozen=True):
    """A set-up, the verdict, and the check that decides with a word of what it must say."""

    name: str
    verdict: str
    check: str = ""
    seen: str = ""
    words: tuple[str, ...] = (*BETA, *ONE)
    prepare: Prepare = lambda bench: None


class Found(msgspec.Struct, frozen=True):
    """What the doctor said."""

    code: int
    verdict: str
    findings: dict[str, dict[str, str]]

    def wrong(self, case: Case) -> str:
        """Return in what it is not what the case wants, "" when it is."""
        if self.verdict != case.verdict:
            return f"says {self.verdict}: {[each for each in self.findings.values() if each['verdict'] != READY]}"
        if self.code != (1 if case.verdict == NOT_READY else 0):
            return f"exit code {self.code}"
        if not case.check:
            return ""
        found = self.findings.get(case.check, {"verdict": "nothing", "seen": "", "remedy": ""})
        if found["verdict"] != case.verdict or case.seen not in found["seen"] or not found["remedy"]:
            return f"{case.check} says {found}"
        return ""


def examine(case: Case, exchange: Path, folder: Path) -> Found:
    """Return what the doctor says of a set-up, with a home and no key but the set-up's own."""
    bench = Bench(exchange, folder)
    out = io.StringIO()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRADEWIND_", "COINBASE_"))}
    with bench.cleanup, replaced_environment({**kept, "TRADEWIND_HOME": str(bench.home)}):
        case.prepare(bench)
        words = ["--endpoint", str(exchange), *case.words, *bench.words]
        with contextlib.redirect_stdout(out):
            code = tradewind(["doctor", *words, "--json"])
    told = json.loads(out.getvalue().splitlines()[-1])
    return Found(code, told["verdict"], {each["check"]: each for each in told["findings"]})


@contextlib.contextmanager
def replaced_environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# -- how set-ups go wrong --------------------------------------------------------------------------------------------


def faults(*wanted: dict[str, Any]) -> Prepare:
    def prepare(bench: Bench) -> None:
        bench.cleanup.callback(bench.ask, "DELETE", "/faults")
        bench.ask("POST", "/faults", {"faults": list(wanted)})

    return prepare


def skew(seconds: float) -> Prepare:
    return faults({"kind": "clock_skew", "ms": int(seconds * 1_000)})


def mode(product: str, word: str) -> Prepare:
    def prepare(bench: Bench) -> None:
        bench.cleanup.callback(bench.ask, "POST", f"/products/{product}/mode", {"mode": "online"})
        bench.ask("POST", f"/products/{product}/mode", {"mode": word})

    return prepare


def key(make: Callable[[Bench], str], file_mode: int = 0o600) -> Prepare:
    return lambda bench: bench.key(make(bench), file_mode)


def key_text(bench: Bench, name: str = "beta", secret: str = "beta") -> str:
    return json.dumps({"name": bench.account(name)["api_key"], "privateKey": bench.account(secret)["api_secret"]})


def config(text: str) -> Prepare:
    def prepare(bench: Bench) -> None:
        path = bench.folder / "session.toml"
        path.write_text(text.replace("ENDPOINT", str(bench.exchange)), encoding="utf-8")
        bench.words.insert(0, str(path))

    return prepare


def no_folder_for_journals(bench: Bench) -> None:
    (bench.home / "runs").write_text("a file", encoding="utf-8")


def damaged_catalog(bench: Bench) -> None:
    folder = bench.home / "catalog" / "coinbase" / "BTC-USD" / "bars" / "1h"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{", encoding="utf-8")


def known(name: str) -> Prepare:
    """The home has traded the account of this name."""
    return lambda bench: Lease.take(bench.home / "live", bench.account_folder(name)).release()


def traded_now(bench: Bench) -> None:
    bench.cleanup.enter_context(Lease.take(bench.home / "live", bench.account_folder("beta")))


def halted(bench: Bench) -> None:
    known("beta")(bench)
    Latch(bench.home / "live" / bench.account_folder("beta").name).trip("too much lost", 1, "guard")


def left_behind(bench: Bench) -> None:
    known("beta")(bench)
    Standing(bench.home / "live" / bench.account_folder("beta").name).leave_behind(Leftovers("run-1", 1, ("a", "b")))


def damaged_state(bench: Bench) -> None:
    known("beta")(bench)
    (bench.home / "live" / bench.account_folder("beta").name / "current.json").write_text("{", encoding="utf-8")


GOOD_FILE = """
profile = "canary"
[data]
instruments = ["BTC-USD", "ETH-USD"]
[live]
endpoint = "ENDPOINT"
account = "beta"
"""


def setting(text: str) -> tuple[str, ...]:
    return (*BETA, *ONE, *DEV, "--set", text)


CASES = [
    Case("good", READY),
    Case("good, by a configuration file", READY, words=(), prepare=config(GOOD_FILE)),
    Case("good, with an Ed25519 key", READY, words=("--account", "gamma", *ONE)),
    Case("good, by a key file", READY, words=ONE, prepare=key(key_text)),
    Case("good, an account that was traded here", READY, prepare=known("beta")),
    Case("clock 2.5 s behind", REVIEW, "clock", "behind", prepare=skew(2.5)),
    Case("clock 3 s ahead", REVIEW, "clock", "ahead", prepare=skew(-3)),
    Case("clock 8 s behind", NOT_READY, "clock", "behind", prepare=skew(8)),
    Case("clock an hour ahead", NOT_READY, "clock", "ahead", prepare=skew(-3_600)),
    Case("clock 8 s behind, 10 s allowed", REVIEW, "clock", words=setting("live.skew_max=10s"), prepare=skew(8)),
    Case("key may transfer", NOT_READY, "rights", "transfer", ("--account", "mover", *ONE)),
    Case("key may not trade", NOT_READY, "rights", "may view", ("--account", "viewer", *ONE)),
    Case("key file without a secret", NOT_READY, "key", "lacks", ONE, key(lambda bench: "{}")),
    Case("key file that is no JSON", NOT_READY, "key", "", ONE, key(lambda bench: "not a key")),
    Case("key file with half a secret", NOT_READY, "key", "", ONE, key(lambda bench: key_text(bench)[:-90] + '"}')),
    Case("key file that all may read", NOT_READY, "key", "", ONE, key(key_text, 0o644)),
    Case("key with another key's secret", NOT_READY, "rights", "401", ONE,
         key(lambda bench: key_text(bench, secret="alpha"))),
    Case("key that the venue does not know", NOT_READY, "rights", "401", ONE,
         key(lambda bench: key_text(bench).replace(bench.account("beta")["api_key"], "organizations/x/apiKeys/y"))),
    Case("account that is not in the file", NOT_READY, "key", "nobody", ("--account", "nobody", *ONE)),
    Case("account that this home does not know", REVIEW, "session", "has traded", prepare=known("alpha")),
    Case("account that is traded now", NOT_READY, "session", "trades this account", prepare=traded_now),
    Case("account that is halted", REVIEW, "session", "too much lost", prepare=halted),
    Case("account with orders left behind", REVIEW, "session", "2 orders", prepare=left_behind),
    Case("account with a damaged state", NOT_READY, "session", "current.json", prepare=damaged_state),
    Case("journal that cannot be written", NOT_READY, "journal", "Not a directory", prepare=no_folder_for_journals),
    Case("catalog that is damaged", NOT_READY, "catalog", "", prepare=damaged_catalog),
    Case("product that does not exist", NOT_READY, "products", "has no product NOPE-USD",
         (*BETA, "--instrument", "NOPE-USD")),
    Case("one product of two does not exist", NOT_READY, "products", "has no product NOPE-USD",
         (*BETA, "--instrument", "BTC-USD,NOPE-USD")),
    Case("no product named", REVIEW, "products", "none named", BETA),
    Case("product in cancel-only", NOT_READY, "products", "cancel_only", prepare=mode("BTC-USD", "cancel_only")),
    Case("one product of two disabled", REVIEW, "products", "disabled",
         (*BETA, "--instrument", "BTC-USD,ETH-USD"), mode("ETH-USD", "disabled")),
    Case("VaR from the venue's candles", READY,
         words=(*setting("var.share_max=0.05"), "--set", "var.interval=1h")),
    Case("VaR of days that are not there", REVIEW, "fits", "fewer than 100 returns: BTC-USD",
         (*setting("var.share_max=0.05"), "--set", "var.interval=1d")),
    Case("VaR of bars that none make up", NOT_READY, "settings", "var.interval is 1.5 minutes",
         (*setting("var.share_max=0.05"), "--set", "var.interval=90s")),
    Case("limit below nought", NOT_READY, "settings", "leverage_max", setting("limits.leverage_max=-1")),
    Case("limit of nought", NOT_READY, "settings", "no order could pass", setting("limits.exposure_share_max=0")),
    Case("limit that is no number", NOT_READY, "settings", "leverage_max", setting("limits.leverage_max=NaN")),
    Case("limit that does not exist", NOT_READY, "settings", "nonsense", setting("limits.nonsense=1")),
    Case("limit switched off", REVIEW, "settings", "leverage_max", setting("limits.leverage_max=off")),
    Case("limit far too wide", REVIEW, "settings", "loose", setting("limits.leverage_max=20")),
    Case("canary loosened", NOT_READY, "settings", "", (*BETA, *ONE, "--set", "limits.leverage_max=2")),
    Case("loss a day below nought", NOT_READY, "settings", "daily_loss_max", setting("live.daily_loss_max=-5")),
    Case("hours that are none", NOT_READY, "settings", "", prepare=config(GOOD_FILE + 'windows = ["someday"]\n')),
    Case("configuration that cannot be read", NOT_READY, "settings", "", prepare=config("profile = [")),
    Case("venue that answers 503", NOT_READY, "clock", "503", prepare=faults({"kind": "error_before"})),
    Case("venue that drops every connection", NOT_READY, "clock", "no answer", prepare=faults({"kind": "loss"})),
]  # fmt: skip


def main() -> int:
    """Print the table; return 1 when a verdict is not what it has to be."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, local_exchange(Path(folder), "--seed", "3") as exchange:
        for number, case in enumerate(CASES):
            found = examine(case, exchange, Path(folder) / str(number))
            trouble = found.wrong(case)
            wrong += bool(trouble)
            said = found.findings.get(case.check, {}).get("seen", "")
            print(f"{case.name:<40}{found.verdict:<11}{case.check:<10}{said[:110]}")
            if trouble:
                print(f"    WRONG: {trouble}")
    print(f"{len(CASES)} set-ups, {wrong} judged wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

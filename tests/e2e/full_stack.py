"""Everything of the intelligence at once, for rehearsals: budgets, sizes, tiers, edges, plans, VaR, regimes, a shadow.

The limits are wide: what is rehearsed is that all of it runs, recovers and replays, not what it holds back.
"""

import json
import random
from pathlib import Path
from typing import Any

from tests.e2e.live_rig import STRATEGIES, BotProcess, bots_config
from tradewind.app.live.control import ask
from tradewind.app.regime import model_of_hash
from tradewind.app.strategies import load_source, recorded_loader
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.replay import replay
from tradewind.engine.resolved import engine_config
from tradewind.model.commands import Fitted
from tradewind.model.errors import StateError
from tradewind.orders.order import OrderRole
from tradewind.risk.tail_book import TAIL
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import JOURNAL_FILE

STACKS = ("results", "regime")
"""What budgets go by; the regimes also hold entries back, and cut sizes, in the second."""
BARRED = "lean-3"  # the one that the edge gate lets open nothing
INSTRUMENTS = ("ADA-USD", "AVAX-USD", "LINK-USD", "DOT-USD", "DOGE-USD", "LTC-USD")
LEANERS = ("lean-0", "lean-1", "lean-2", BARRED, "plan-0", "plan-1")
BUDGETS = {
    "results": 'method = "exponentiated_gradient"\nevery = "1m"\nband = 0',
    "regime": 'method = "blend"\nband = 0.01',
}
SECTIONS = """
[allocation]
{allocation}
[regime]
enabled = true
block = {block}
[sizing]
method = "kelly"
volatility = 0.5
probe = 0.01
regime = {block}
[tiers]
enabled = true
confidence_min = 0
table = [{{ name = "all", from = 0, positions = 20, size_min = 1, risk_daily = 1, risk_total = 1 }}]
[execution]
normal = "8s"
slices = 2
[var]
share_max = 1
correlation_max = 1
[breakers]
volatility_warn = 5
losses_in_row_max = 100000
errors_per_hour_max = 100000
[exits]
trailing = 0.05
time = "30s"
[shadow]
candidate = {candidate}
[edge]
gate = "block"
[edge.override]
"""


def full_config(path: Path, stack: str, *, seconds: int = 1) -> Path:
    """Write a configuration with all of it on, and return its path; `stack` says what budgets go by."""
    bots_config(path, bots=12, seconds=seconds, beside=INSTRUMENTS)
    names = [f"bot-{number:02d}" for number in range(12)] + [each for each in LEANERS if each != BARRED]
    candidate = path.with_name("candidate.toml")
    tried = f'[[bots]]\nid = "lean-0"\nstrategy = "{STRATEGIES}:Leaner"\nparameters = {{ stop_loss = 0.01 }}\n'
    candidate.write_text(tried, encoding="utf-8")
    told = SECTIONS.format(
        allocation=BUDGETS[stack], block=json.dumps(stack == "regime"), candidate=json.dumps(str(candidate))
    )
    lines = [told.strip(), *(f'{name} = "rehearsal: let it trade"' for name in names)]
    for number, name in enumerate(LEANERS):
        lines += [
            "[[bots]]",
            f'id = "{name}"',
            f'strategy = "{STRATEGIES}:Leaner"',
            f'instruments = ["{INSTRUMENTS[number]}"]',
            f'family = "{("trend", "momentum", "mean_reversion")[number % 3]}"',
            f"parameters = {{seconds = {seconds + number % 2}}}",
            *(['execution = "maker_first"'] if name.startswith("plan") else []),
        ]
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def meddle(bot: BotProcess, chance: random.Random) -> None:
    """Do with a bot of the session what an operator might."""
    name = chance.choice([each for each in LEANERS if each != BARRED])
    what: dict[str, Any] = chance.choice(
        [
            {"do": "pause_bot"},
            {"do": "resume_bot"},
            {"do": "disable_bot", "flatten": True},
            {"do": "budget_bot", "budget": chance.choice(["0.02", "0.05", "0.08"])},
            {"do": "reload_bot", "parameters": {"stop_loss": 0.04}},
            {"do": "promote", "bot": "lean-0"},
            {"do": "roll_back", "bot": "lean-0"},
        ]
    )
    try:
        ask(bot.folder, {"bot": name, "reason": "rehearsal", **what}, 10.0)
    except StateError as error:
        if "Error" in str(error):
            raise
    ask(bot.folder, {"do": "resume_bot", "bot": name}, 10.0)


def shortcomings(bot: BotProcess, stack: str, result: dict[str, Any]) -> list[str]:
    """Return what was not as it should be: a replay that differs, or a part that is not on record at all."""
    reader = read_journal(bot.home / "runs" / result["run"] / JOURNAL_FILE)
    assert reader.session is not None
    config = engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash)
    model = ReadModel(config.instruments)
    done = replay(config, reader, heard=model.take, load=load_source)
    found = [] if done.difference is None else [f"replay: {done.difference}"]
    if done.closed is None:
        found.append("replay: the journal has no end")
    recorded: dict[str, object] = {
        "a size": model.sizes,
        "a regime": model.regimes,
        "a fit of VaR": [each for each in model.commands if isinstance(each, Fitted) and each.kind == TAIL],
        "a child of a plan": [order for order in done.state.orders.values() if order.role is OrderRole.CHILD],
        "an entry that a gate refused": model.refusals["entry_gate"],
    }
    if stack == "results":
        recorded["a budget that moved"] = model.budgets
    found += [f"not on record: {what}" for what, there in recorded.items() if not there]
    if any(BARRED in row.bots and row.filled for row in model.orders.values()):
        found.append(f"{BARRED} has traded, and its edge does not let it")
    return found

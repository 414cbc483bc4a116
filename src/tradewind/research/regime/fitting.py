"""`tradewind regime train`: everything that is fitted for regimes, from the training seeds to the files that ship.

Four files: the model and its card, which the platform reads, and the ceiling and the rivals, which only the bench does.
"""

from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from tradewind.model.errors import ConfigError
from tradewind.numeric.regime_chain import Difficulty
from tradewind.regime.inputs import FEATURES
from tradewind.regime.model_file import decode_model, encode_model, fingerprint
from tradewind.research.regime.bench import BenchReport, Contest, run_bench
from tradewind.research.regime.comparators import Comparators, fit_comparators
from tradewind.research.regime.kinds import LONG, USUAL, VARIED
from tradewind.research.regime.markets import TRAINING_SEEDS, VALIDATION_SEEDS, LabelledMarket, scored_rows
from tradewind.research.regime.training import ahead_names, ceiling_file, labelled, model_file

TEST_SEEDS = range(10, 16)
MODEL, CARD, CEILING, RIVALS = "model.json", "model-card.json", "ceiling.json", "comparators.json"


class Fitted(NamedTuple):
    """The four files by name."""

    files: dict[str, bytes]
    reports: tuple[BenchReport, ...]


def fit(*, say: Callable[[str], None] = lambda text: None) -> Fitted:
    """Return the files trained on the training seeds, with a card that tells how they do on unseen ones.

    Raises  ConfigError when the extra `research` is not installed.
    """
    say("growing the model on long and on varied markets")
    grown = {MODEL: encode_model(model_file())}
    say("growing the ceiling on the usual ones")
    usual = list(labelled(TRAINING_SEEDS, [USUAL]))
    grown[CEILING] = encode_model(ceiling_file(usual))
    say("fitting the rivals")
    grown[RIVALS] = msgspec.json.encode(_rivals(usual)) + b"\n"
    contenders = contest_of(grown)
    reports = []
    for level in Difficulty:
        say(f"scoring {level.value}")
        reports.append(run_bench(contenders, level, TEST_SEEDS))
    card = msgspec.json.format(msgspec.json.encode(_card(grown, reports)), indent=2) + b"\n"
    return Fitted({**grown, CARD: card}, tuple(reports))


def contest_of(fitted: dict[str, bytes]) -> Contest:
    """Return the contenders that some files hold."""
    return Contest(
        model=decode_model(fitted[MODEL], fingerprint(fitted[MODEL])),
        ceiling=decode_model(fitted[CEILING], fingerprint(fitted[CEILING]), ahead_names()),
        comparators=msgspec.json.decode(fitted[RIVALS], type=Comparators),
    )


def contest(folder: Path | None = None) -> Contest:
    """Return the contest of the model in a folder, by default the shipped one, against what was fitted beside it.

    Raises  ConfigError when a file is missing or not the one that the model's card names.
    """
    beside, own = files("tradewind.research.regime"), files("tradewind.regime")
    places = {MODEL: own, CARD: own, CEILING: beside, RIVALS: beside}
    try:
        held = {name: (folder or place).joinpath(name).read_bytes() for name, place in places.items()}
        card: Any = msgspec.json.decode(held[CARD])
        named = {MODEL: card["sha256"], **card["beside"]}
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise ConfigError(
            f"the files of the bench cannot be read: {error}: make them with `tradewind regime train`"
        ) from error
    for name, sha256 in named.items():
        if fingerprint(held[name]) != sha256:
            raise ConfigError(
                f"{name} is not the one that {CARD} names: install the package again, or train anew with "
                "`tradewind regime train`"
            )
    return contest_of(held)


def write(fitted: Fitted, folder: Path) -> list[Path]:
    """Write the files into a folder and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in sorted(fitted.files.items()):
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths


def _rivals(training: list[LabelledMarket]) -> Comparators:
    """Fitted without labels on two assets of each market; the labels only name the states."""
    series = [
        (each.features[scored_rows(each), asset], each.labels[scored_rows(each), asset])
        for each in training
        for asset in (0, 3)
    ]
    return fit_comparators(np.stack([one for one, _ in series]), np.stack([one for _, one in series]))


def _card(grown: dict[str, bytes], reports: list[BenchReport]) -> dict[str, Any]:
    return {
        "what": "regime of an hourly market among TRENDING, RANGING, CHOPPY, CRISIS, as calibrated probabilities",
        "sha256": fingerprint(grown[MODEL]),
        "bytes": len(grown[MODEL]),
        "beside": {name: fingerprint(grown[name]) for name in (CEILING, RIVALS)},
        "grown_with": f"scikit-learn {version('scikit-learn')}, HistGradientBoostingClassifier",
        "training_seeds": list(TRAINING_SEEDS),
        "validation_seeds": list(VALIDATION_SEEDS),
        "training_markets": {"long": LONG, **VARIED},
        "levels": [level.value for level in Difficulty],
        "test_seeds": list(TEST_SEEDS),
        "features": list(FEATURES),
        "scores": {
            report.level: {
                name: {key: getattr(report.contenders[name], key) for key in CARD_FIGURES}
                for name in ("model", "rules", "ceiling")
            }
            for report in reports
        },
        "limits": [
            "trained on generated markets: real candles have no truth, and the labels mean what the generator means",
            "needs three instruments and 520 bars of each; otherwise the rules answer",
            "hourly bars; other timeframes have other usual dwells",
        ],
    }


CARD_FIGURES = (
    "accuracy balanced_accuracy macro_f1 gate_accuracy crisis_recall crisis_precision delay_median ece brier "
    "switches_per_1000"
).split()

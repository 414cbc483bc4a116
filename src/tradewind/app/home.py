"""The one folder where tradewind keeps what outlives a command: catalog, runs, flags, compiled kernels."""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import msgspec
import platformdirs

HOME_VARIABLE = "TRADEWIND_HOME"


class Home(msgspec.Struct, frozen=True):
    """A folder and the places in it. Nothing is made before something is written there."""

    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / "catalog"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def config_file(self) -> Path:
        return self.root / "config.toml"

    @property
    def flags_file(self) -> Path:
        return self.root / "flags.toml"

    @property
    def kernels(self) -> Path:
        return self.root / "cache" / "numba"


def find_home(environment: Mapping[str, str]) -> Home:
    """Return the folder that TRADEWIND_HOME names, else the platform's folder for application data."""
    named = environment.get(HOME_VARIABLE)
    return Home(Path(named).expanduser() if named else Path(platformdirs.user_data_dir("tradewind", appauthor=False)))


def keep_kernels(home: Home, environment: MutableMapping[str, str] = os.environ) -> None:
    """Let compiled kernels be kept in our own folder, unless somebody chose another; call it before Numba is loaded."""
    environment.setdefault("NUMBA_CACHE_DIR", str(home.kernels))

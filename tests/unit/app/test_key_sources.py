"""Keys from a file, a sealed file and the keyring; no message shows what they hold."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.venues.coinbase.test_keys import EC_PEM as SECRET
from tradewind.app import key_sources
from tradewind.app.home import Home
from tradewind.app.key_sources import keep_in_keyring, read_key, seal_key_file
from tradewind.app.sealing import is_sealed, seal, unseal
from tradewind.app.venue_access import find_access
from tradewind.model.errors import ConfigError

PASSPHRASE = "a canary sings over the sea"
GIVEN = {"COINBASE_KEY_PASSPHRASE": PASSPHRASE}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"name": "canary", "privateKey": SECRET}))
    path.chmod(0o600)
    return path


@pytest.fixture
def sealed(tmp_path: Path, plain: Path) -> Path:
    out = tmp_path / "key.sealed"
    seal_key_file(plain, out, PASSPHRASE)
    return out


def quiet(error: pytest.ExceptionInfo[ConfigError]) -> str:
    """The message, and proof that it and what led to it hold no secret."""
    told = str(error.getrepr(style="long", showlocals=False))
    assert PASSPHRASE not in str(error.value)
    assert SECRET.splitlines()[1] not in str(error.value)
    assert SECRET.splitlines()[1] not in told
    return str(error.value)


def test_a_sealed_file_opens_with_its_passphrase_alone(sealed: Path) -> None:
    content = sealed.read_bytes()
    assert is_sealed(content)
    assert sealed.stat().st_mode & 0o077 == 0
    for hidden in (SECRET.splitlines()[1], "canary", PASSPHRASE):
        assert hidden.encode() not in content
    key, source = read_key(sealed, GIVEN)
    assert (key.name, key.secret.reveal(), source) == ("canary", SECRET, f"the sealed key file {sealed}")
    with pytest.raises(ConfigError, match="passphrase is another one") as error:
        read_key(sealed, {"COINBASE_KEY_PASSPHRASE": PASSPHRASE + "!"})
    quiet(error)


def test_every_change_to_a_sealed_file_is_seen(sealed: Path) -> None:
    whole = json.loads(sealed.read_bytes())
    changes = [
        {"text": whole["text"][:-8] + "AAAAAAA="}, {"nonce": "AAAAAAAAAAAAAAAA"}, {"salt": "AAAA"}, {"cost": 1 << 14},
        {"cost": 1 << 40}, {"cost": 0}, {"cost": 3}, {"sealed": 2}, {"nonce": "AAAA"}, {"text": "?"}, {"salt": 5},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(ConfigError) as error:
            unseal(json.dumps(whole | change).encode(), PASSPHRASE, "the file")
        assert quiet(error).startswith("the file")


def test_two_seals_of_one_text_differ_and_a_short_passphrase_is_refused() -> None:
    assert seal("text", PASSPHRASE) != seal("text", PASSPHRASE)
    with pytest.raises(ConfigError, match="at least 12"):
        seal("text", "short")


def test_others_may_not_read_it_and_somebody_has_to_say_the_passphrase(
    sealed: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(ConfigError, match="nobody is there to ask: set COINBASE_KEY_PASSPHRASE"):
        read_key(sealed, {})
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(key_sources.getpass, "getpass", lambda _: PASSPHRASE)
    assert read_key(sealed, {})[0].name == "canary"
    sealed.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_key(sealed, GIVEN)
    with pytest.raises(ConfigError, match="exists"):
        seal_key_file(plain, sealed, PASSPHRASE)


def test_the_environment_may_name_a_file_of_either_kind(tmp_path: Path, sealed: Path, plain: Path) -> None:
    home = Home(tmp_path / "home")
    for path in (sealed, plain):
        access = find_access(home, {"COINBASE_KEY_FILE": str(path), **GIVEN})
        assert access.key is not None
        assert access.key.name == "canary"
    kept = home.root / "secrets" / "coinbase.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(sealed.read_bytes())
    kept.chmod(0o600)
    assert find_access(home, GIVEN).source == f"the sealed key file {kept}"


def put_keyring(monkeypatch: pytest.MonkeyPatch, *, broken: bool = False) -> dict[tuple[str, str], str]:
    """A keyring as the package of that name has it, with or without somewhere to keep things."""
    kept: dict[tuple[str, str], str] = {}
    errors = ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    no_backend = type("NoKeyringError", (errors.KeyringError,), {})

    def set_password(service: str, name: str, text: str) -> None:
        if broken:
            raise no_backend(f"no backend for {text}")
        kept[service, name] = text

    def get_password(service: str, name: str) -> str | None:
        if broken:
            raise no_backend("no backend")
        return kept.get((service, name))

    ring = ModuleType("keyring")
    ring.set_password, ring.get_password = set_password, get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_a_key_in_the_keyring_is_named_and_found(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = put_keyring(monkeypatch)
    keep_in_keyring(plain, "main")
    assert list(kept) == [("tradewind", "main")]
    key, source = read_key(Path("keyring:main"), {})
    assert (key.name, source) == ("canary", "'main' of the keyring")
    with pytest.raises(ConfigError, match="no key 'other'"):
        read_key(Path("keyring:other"), {})
    kept["tradewind", "main"] = "{"
    with pytest.raises(ConfigError, match="holds no JSON"):
        read_key(Path("keyring:main"), {})


def test_a_machine_without_a_keyring_says_what_to_do(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_keyring(monkeypatch, broken=True)
    with pytest.raises(ConfigError, match="as on a machine without a desktop: use a sealed file"):
        read_key(Path("keyring:main"), {})
    with pytest.raises(ConfigError, match="sealed file") as error:
        keep_in_keyring(plain, "main")
    assert "NoKeyringError" in quiet(error)
    monkeypatch.setitem(sys.modules, "keyring", None)  # as if it were not installed
    with pytest.raises(ConfigError, match="pip install keyring"):
        read_key(Path("keyring:main"), {})

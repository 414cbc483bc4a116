"""The certificate made at start is one that a verifying client accepts for loopback, and for nothing else."""

import ssl
import time

import pytest

from tradewind.exchange.server.certificates import Credentials, make_credentials, server_context


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return make_credentials(time.time_ns())


def shake(credentials: Credentials, name: str) -> None:
    """Do a TLS handshake between a server with these credentials and a client that trusts their authority."""
    trusting = ssl.create_default_context(cadata=credentials.authority.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context(credentials).wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    for turn in range(10):
        if not pending:
            return
        side = pending[turn % len(pending)]
        try:
            side.do_handshake()
            pending.remove(side)
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_clients_that_trust_the_authority_accept_loopback(credentials: Credentials, name: str) -> None:
    shake(credentials, name)


@pytest.mark.parametrize("name", ["api.coinbase.com", "127.0.0.2"])
def test_other_names_are_not_covered(credentials: Credentials, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(credentials, name)

"""Coinbase Advanced Trade spoken over the exchange core: REST, WebSocket, faults, an admin port."""

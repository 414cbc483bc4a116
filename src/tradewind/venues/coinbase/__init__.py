"""Coinbase Advanced Trade: pure translation and protocol, with thin shells that hold the connections."""

"""The local exchange: a venue of our own that speaks like Coinbase Advanced Trade.

Reads   `model` only, so that its rules are written separately from the simulated venue's and can be held against it.
Holds   `core`, a matching engine for several accounts without clock or I/O; `server`, what speaks for it over loopback.
Promise its books are exact and conserve every currency, and any client of the venue may be pointed at it.
"""

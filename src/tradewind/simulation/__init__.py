"""The simulated venue: matching on bars and on books, fees, latency, queues, funding, margin and liquidation.

Reads   `model`, `numeric`, `market`; the engine does not know it, only `venues`, `research` and `app` plug it in.
Holds   a slow, obvious matcher and a fast one that must agree with it.
Promise the same commands give the same answers, in the same order, on every machine.
"""

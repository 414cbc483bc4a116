"""Regimes: what kind of market an instrument is in, how sure that is, and what said so.

Reads   `model`, `numeric`, `market`; never a sibling: a strategy or an allocation reads a regime as a value of `model`.
Holds   scale-free features of a panel of instruments, two tiers (rules, a boosted model), calibration, hysteresis.
Promise causal and O(1) per bar; no file is opened here (the model arrives as bytes); in doubt the answer is UNKNOWN.
"""

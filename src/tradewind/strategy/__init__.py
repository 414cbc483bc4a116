"""Strategies: guests that read a view and return intents.

Reads   `model`, `numeric`, `market`; never a sibling: a regime, an order or a position reaches it as a value.
Holds   the base a strategy is written against, the registry of names and parameters, and the built-in strategies.
Promise a strategy cannot find out which mode it runs in; its state is declared values, part of every snapshot.
"""

"""The review every order passes before it exists: `Approved`, or `Refused` with reasons.

Reads   `model`, `numeric`, `market`.
Holds   limits, circuit breakers and the budget, as pure functions of the state they are handed.
Promise missing or stale input refuses new risk; cancels and reductions stay possible.
"""

"""The life of an order: a transition table, identities, fills accepted once, and the exits that protect a position.

Reads   `model`, `numeric`, `market`.
Holds   open orders and what is known of them; UNKNOWN is a state and not an error.
Promise a fill counts once by its identity, late or not; no order leaves a final state.
"""

"""Who holds what: the ledger, positions per bot and per account, allocation and sizing.

Reads   `model`, `numeric`, `market`.
Holds   cash, positions, realised and unrealised results, funding and fees, each an exact decimal.
Promise every amount has a counterpart, and the positions of the bots always add up to the account's.
"""

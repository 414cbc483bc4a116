"""A session and the candidate that ran beside it, compared trade by trade.

Reads   the views of two record streams, whole or as far as they go.
Holds   round trips with what their fills cost, pairs and what only one side had, what the candidate does otherwise, and
        one page.
Promise no trade is in two pairs, and every difference is the shadow's less the session's.
"""

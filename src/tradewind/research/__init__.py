"""Questions asked of history: backtests, metrics, comparisons and the reports that answer them.

Reads   `app` and below.
Holds   runs over recorded or generated data, their metrics, and pages that open without a network.
Promise a result names its data, its configuration and its seed, and the same three give the same digest.
"""

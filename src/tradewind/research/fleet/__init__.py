"""The fleet scorecard: what the whole stack is worth against a naive fleet, on the same data, in numbers.

Reads   `app` and below, and this package's backtests and metrics; nothing is computed beside the engine.
Holds   the arms, the random trader, the figures of an arm, paired comparisons, and one page.
Promise it reports what it finds: a goal that is missed is called missed, beside the arm that says why.
"""

"""tradewind: one crypto trading engine for backtest, paper and live.

Importing this package loads nothing else, so that `tradewind --version` answers at once. Each package below it opens
with a docstring that says what it is for, what it may read and what it promises.
"""

__version__ = "0.1.0"

"""VaR and expected shortfall held against what came: forecasts made a bar ahead, tests of coverage, one page.

Reads   `app.price_history` through what the command line hands over, `numeric`.
Holds   the methods, the backtest and its page.
Promise a forecast for a bar knows the bars before it only; every cell is reported, also those that fail.
"""

"""Arrays in, arrays out: indicators, statistics and the compiled kernels behind them.

Reads   `model` at most; NumPy always, Numba only inside the functions that compile.
Holds   each indicator twice, as a batch over arrays and as a stream of one value at a time.
Promise both serve the same bits; output `t` uses input up to `t`; missing is NaN and never filled.
"""

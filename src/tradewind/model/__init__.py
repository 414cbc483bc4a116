"""The values everything else speaks in: instruments, orders, fills, events, commands, views and errors.

Reads   nothing of tradewind; the standard library and msgspec only.
Holds   frozen values and the exact rules that belong to them: rounding to increments, fees, margin.
Promise money is never a float here, a value never changes once made, and every value survives its codec unchanged.
"""

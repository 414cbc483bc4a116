"""The state of the market: order book, bars being built, marks, their ages and the windows over them.

Reads   `model`, `numeric`.
Holds   what has been seen of each instrument and when it was seen.
Promise a value knows its age, a book is never crossed in silence, and a gap is reported as a gap.
"""

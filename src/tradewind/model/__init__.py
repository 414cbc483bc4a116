"""Values, events, commands and errors, and the exact rules for fees and margin.

Contract: everything here is a value or a pure function of values; nothing knows a clock, a file or another floor.
Prices and quantities are integers of an instrument's units, amounts of money are exact decimals.
"""

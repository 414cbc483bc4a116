"""The built-in strategies, one module each.

All of them read closed bars (the market maker: the touch), decide deterministically, and name their reason. Sizing is
not theirs: a target of 1 is the whole budget of the bot. An entry is asked for while its rule holds and the position is
not there yet; an exit is repeated until the position is gone, so neither a refusal nor a late fill leaves one behind.
"""

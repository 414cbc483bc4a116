"""A session on a real venue: the same driver as backtest and paper, with clock, journal and network round it.

Nothing here decides. Requests leave when their intent is on the disk, answers come back as events, and whatever is not
known stays UNKNOWN until the venue has said it.
"""

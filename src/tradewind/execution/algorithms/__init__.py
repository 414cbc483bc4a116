"""Working a parent order over time as a state machine: `step(state, observation) -> (state, child intents)`.

Reads   `model`; quotes, volume and the fate of its children reach it as observations.
Holds   TWAP, VWAP, participation of volume, iceberg, Almgren-Chriss and an adaptive one, each as a plain value that
        goes on from wherever it was written down.
Promise what has filled and what may still fill never add up to more than the parent.
"""

"""The composition root: configuration, wiring, the run loop, recovery and the doctor.

Reads   everything below it; the only package that plugs adapters into the engine.
Holds   small functions that build one thing each, and the lifecycle that runs them.
Promise a wrong setting is found before anything starts, and is named together with its remedy.
"""

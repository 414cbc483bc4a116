"""`process(state, event) -> effects`: the one place where a decision is composed from its stages.

Reads   everything below it except `simulation`.
Holds   the state, the sequencer, the ports it calls, the audit of every event and the read model folded from it.
Promise no clock, no input or output, no chance, one thread: the same events give the same state and effects.
"""

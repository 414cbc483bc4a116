"""What cost-aware execution is worth: the same parent orders by a plan and by one market order, on the same books.

Reads   everything below `research`; plans, algorithms and the simulated venue are the product's own.
Holds   tapes, trials of one parent, the study over many, its page.
Promise both sides of a comparison see the same market, and what did not fill is charged.
"""

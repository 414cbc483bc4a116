"""From an approved order to child orders, and what their execution cost.

Reads   `model`, `numeric`, `market`; working orders reach it as views.
Holds   policies, scheduling algorithms and transaction-cost analysis.
Promise the children of a parent never add up to more than the parent.
"""

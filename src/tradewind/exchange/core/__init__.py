"""The matching core of the local exchange: books, accounts, holds, fees, triggers and futures of several clients.

Reads   `model` only. Every call is told the time; nothing here has a clock, draws chance or touches the world.
Holds   `Exchange` (exchange.py) and what it is made of. Inside, prices and quantities are integers of the product's
        scales and money is an integer of 1e-18; `Decimal` is spoken at the edge.
Promise the same calls give the same answers, ids included; every currency is conserved; holds are the sum of orders.
"""

"""Venues that exist: adapters that turn a far side's words into our values, and our requests into its words.

Reads   `engine` and below.
Holds   one package per venue; protocols of what a venue can do stand in `ports`.
Promise a write without an answer is in doubt, never repeated under a new name; numbers are exact; keys are never shown.
"""

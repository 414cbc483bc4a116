"""Every message of Advanced Trade as a typed value: what the venue writes, with exact numbers and nothing guessed.

`values` says how a text becomes a number, a time or a word; the other modules say which fields a message has. A field
that we do not know is left out and can be listed; an empty string, null and a missing field all mean "no value".
"""

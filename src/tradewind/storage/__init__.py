"""What is kept on disk: the catalog of market data, the journal, snapshots and the records of runs.

Reads   `engine` and below.
Holds   Parquet with scaled integers and a manifest, and an append-only journal whose records are chained by hash.
Promise a file is whole or absent, a bad row is refused or reported, and nothing is filled in silently.
"""

"""TWAP: an order worked in slices of equal size at equal times between its start and its end.

At each slice's time it takes what the plan is behind, at its limit or better; what it does not get is carried to the
next slice. At its end the rest expires. All fills belong to the one order.
"""

import msgspec


class Schedule(msgspec.Struct, frozen=True):
    """When the slices are due: `buckets` of `bucket_ns` from `start_ns`."""

    start_ns: int
    buckets: int
    bucket_ns: int

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.buckets * self.bucket_ns

    def due_ns(self, index: int) -> int:
        """Return when slice `index` (from 0) is due."""
        return self.start_ns + index * self.bucket_ns

    def target(self, index: int, quantity: int, lot: int) -> int:
        """Return what should be filled after slice `index`: even shares on the lot, the last takes the rest."""
        if index + 1 >= self.buckets:
            return quantity
        share = quantity * (index + 1) // self.buckets
        return share - share % lot

"""Who gets which part of a fill, and which opposite wishes meet inside the account (DESIGN: bots share an account)."""

from collections.abc import Sequence

from tradewind.model.decisions import Share


def attribute(quantity: int, shares: Sequence[Share], lot: int, already: Sequence[int]) -> list[int]:
    """Return how many units of a fill each share receives: pro rata of the whole order, largest remainder, ties by bot.

    `already` is what each share has received from earlier fills, so that the sum over all fills of an order never gives
    a share more than its quantity, whatever the fills' sizes. The parts sum to `quantity`, in multiples of `lot` where
    the fill is one.
    """
    if len(shares) == 1:
        return [quantity]
    step = lot if quantity % lot == 0 else 1
    total = sum(share.quantity for share in shares)
    done = sum(already) + quantity
    parts = []
    remainders = []
    for index, share in enumerate(shares):
        room = share.quantity - already[index]
        exact = share.quantity * done
        due = exact // total - already[index]
        due = max(0, min(room, due - due % step))
        parts.append(due)
        remainders.append((-(exact - (already[index] + due) * total), share.bot, share.intent, index))
    left = quantity - sum(parts)
    remainders.sort()
    while left > 0:
        for _, _, _, index in remainders:
            room = shares[index].quantity - already[index] - parts[index]
            extra = min(left, room, step)
            parts[index] += extra
            left -= extra
            if left == 0:
                break
    while left < 0:
        for _, _, _, index in reversed(remainders):
            back = min(-left, parts[index], step)
            parts[index] -= back
            left += back
            if left == 0:
                break
    return parts


def cross(wishes: Sequence[tuple[str, int]]) -> tuple[list[tuple[str, str, int]], list[tuple[str, int]]]:
    """Return (crossings, what is left): opposite wishes (bot, signed quantity) meet first-come by bot id.

    A crossing is (buyer, seller, quantity). What is left is all on one side, in the order of bot ids.
    """
    left = dict(sorted(wishes))
    crossings: list[tuple[str, str, int]] = []
    for buyer in [bot for bot, quantity in left.items() if quantity > 0]:
        for seller in [bot for bot, quantity in left.items() if quantity < 0]:
            quantity = min(left[buyer], -left[seller])
            if quantity > 0:
                crossings.append((buyer, seller, quantity))
                left[buyer] -= quantity
                left[seller] += quantity
    return crossings, [(bot, quantity) for bot, quantity in left.items() if quantity]

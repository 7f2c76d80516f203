"""Where a live order is (`ORDER.state`), roles in a contingency ring, and internal flags."""

FREE = 0
BOOK = 1  # in a price level, or in the market queue of a call phase
TRIGGER = 2  # waits for the last price
PARKED = 3  # waits for an auction
WAITING = 4  # waits until its minimum quantity is on the other side
HELD = 5  # waits for a linked order
READY = 6  # released, trades next
WORKING = 7  # trades now
UNPRICED = 8  # pegged without a reference

PEER = 1
PARENT = 2
CHILD = 3

# bits of ORDER.exec_inst that the engine sets; the customer's are domain.codes.ExecInst
QUOTE_LEG = 1024
UNLIMITED = 2048  # no limit price: `price` is the execution cap
LINKED = 4096
MINIMUM = 8192  # its minimum quantity has not traded yet
ICEBERG = 16384
CHAINED = 32768  # in one of its book's chains
CUSTOMER_FLAGS = 1023

# kinds of tree in a book; odd ones are best at their lowest price
BIDS = 0
ASKS = 1
FALL = 2  # triggers at or below a price
RISE = 3  # triggers at or above a price

# BOOK.dirty
STIRRED = 2  # waiting orders have not been looked at since the book changed
CHANGED = 1 | STIRRED  # the book has changed: publish, move pegged orders
TRADED = 4  # the last price may have changed: move trailing stops, look at triggers

# what a step returns
DONE = 0
SUSPENDED = 1  # no room for reports or rows: Python makes room and calls again

# the chains of a book
PEGS = 0
TRAILING = 1
CALL_ONLY = 2  # orders that live for one auction

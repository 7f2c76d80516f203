"""The reference exchange: docs/rules.md as plain Python, one concept a file.

model        orders, instruments, nodes, positions, refusals
book         price levels, queues, what a side offers
world        everything an exchange knows, and the rows it has written
rows         what a report row shows
prices       ticks, caps, bands, pegs, trailing stops
money        fees, margin, positions, cash
accounts     reservations and fills on every level of the hierarchy
lifecycle    how an order ends; linked orders
matching     continuous trading
auction      call phases, auction price, uncross
settling     triggers, waiting orders, pegged orders
reading      may this row be understood
checks_*     may this order enter
orders, quotes, sweeps, phases, administration      the commands
laws         what must hold after every row
exchange     the public class
"""

"""How steps of plans are done: two wires, one that blocks and one for asyncio.

Lives here: channels and their options, statuses turned into errors, the queues and background work
of sessions, and the seam to the fast transport for order entry. No retry, no numbering: those are
plans (`gridworks.client.plans`).

Who may import it: gridworks.client.
"""

"""What streams know: where they stand, how they go on after a loss, what their messages mean.

No wire and no waiting: `gridworks.client.plans.follow` connects and reads.

Who may import it: gridworks.client.
"""

"""The unary calls: what people write into rows, and rows into what people read.

Lives here: decimal text and times (`decimals`), resource names, codes, masks and the directory
they are looked up in (`names`), requests into commands (`orders`), reports into executions
(`executions`). Ordinary Python, microseconds a message; the streams do not come here.

Does not live here: whether an order is allowed.

Who may import it: server, tests.
"""

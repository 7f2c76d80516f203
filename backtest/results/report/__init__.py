"""A result for people: the page that is shown around, and the table in the terminal.

Lives here: which figures and tables a report has and what is in them. How a page looks is the
matter of `pages`.

Who may import it: backtest.results.
"""

"""Readers of market data files, and the book that a file describes.

Lives here: one module per file format (`lobster`, `itch`, `orders`, `bitstamp`, `binance`), the
row they all produce (`facts`), the translation of facts into COMMAND rows (`commands`), the plain
book that serves as oracle (`rebuild`), and `replaying`: file -> exchange -> check -> picture.
`formats` is the front door: `open_feed` and `read`.

Does not live here: matching. A file is data: its adds, cancels and executions become commands, and
whatever trades then is decided by `engine.exchange`. No format is guessed at: a record that is not
understood raises `BadRecord` with the file, the line or byte, the field, the value and what is
allowed.

Who may import it: backtest, gridworks and benches. It imports engine and domain.
"""

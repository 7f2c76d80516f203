"""A file through the exchange: facts to commands, the check against a plain book, the picture.

Lives here: `commands` and its kernels `translate`, the oracle `rebuild`, the run itself
(`running`) with what it compares (`compare`), and `picture`.

Does not live here: file formats (one folder up) and the printing (`gridworks.cli.replay`).

Who may import it: backtest, gridworks and benches. It imports engine and domain.
"""

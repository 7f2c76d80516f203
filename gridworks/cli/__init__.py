"""The `gridworks` command: one module per subcommand.

Lives here: `main`, which collects the subcommands, and for each of them a module with
`register(app)`. A module is cheap to import: numpy, numba and the engine are imported inside the
function that needs them, so that `gridworks --help` answers at once.

Does not live here: what a command does beyond reading options and printing. That belongs to the
package whose work it is.

Who may import it: the console script and tests.
"""

from pathlib import Path

import typer


def writable(path: Path | None) -> Path | None:
    """For options that name a file to write: before an hour's work, not after it."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")
    return path

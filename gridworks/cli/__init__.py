"""The `gridworks` command: one module per subcommand.

Lives here: `main`, which collects the subcommands, and for each of them a module with
`register(app)`. A module is cheap to import: numpy, numba and the engine are imported inside the
function that needs them, so that `gridworks --help` answers at once.

Does not live here: what a command does beyond reading options and printing. That belongs to the
package whose work it is.

Who may import it: the console script and tests.
"""

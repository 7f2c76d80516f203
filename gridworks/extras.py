"""Which extra brings a missing module, so that an ImportError tells what to type."""

EXTRA = {
    "numpy": "engine",
    "numba": "engine",
    "pandas": "engine",
    "cryptography": "server",
    "exchange_calendars": "server",
    "opentelemetry": "otel",
    "joblib": "research",
    "matplotlib": "research",
    "optuna": "research",
    "plotly": "research",
    "pyarrow": "research",
    "django": "portal",
    "psycopg": "portal",
    "pytest": "dev",
}


def hint(error: ModuleNotFoundError) -> str:
    """One line for the user: the missing module and the command that installs it.

    >>> hint(ModuleNotFoundError("No module named 'numba'", name="numba"))
    "No module named 'numba'; install it with: pip install 'gridworks-infra[engine]'"
    """
    missing = (error.name or "").partition(".")[0]
    if missing not in EXTRA:
        return str(error)
    return f"{error}; install it with: pip install 'gridworks-infra[{EXTRA[missing]}]'"

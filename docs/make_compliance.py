"""Writes the tables of docs/compliance.md again, out of the profiles.

    python docs/make_compliance.py
"""

from pathlib import Path

from gridworks.profiles.table import tables

PAGE = Path(__file__).parent / "compliance.md"
START = "<!-- The tables below are written by docs/make_compliance.py. -->\n"


def main() -> None:
    """The page up to the mark stays as it is."""
    head = PAGE.read_text(encoding="utf-8").partition(START)[0]
    PAGE.write_text(f"{head}{START}\n{tables()}", encoding="utf-8")


if __name__ == "__main__":
    main()

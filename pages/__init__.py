"""Pages for people: one self-contained HTML file from cards, tables and figures.

Lives here: `Page` and its parts, the style sheet, the script, and how plotly.js gets into the file
once. A page needs no network, follows the reader's light or dark setting, and prints.

Does not live here: what a page says. Whoever has results hands over texts, tables of cells and
figures as plain plotly dictionaries.

Who may import it: backtest, gridworks, benches, tests. It imports only domain, and plotly (extra
`research`) when a page with figures is written.
"""

from pages.page import Page
from pages.parts import Cards, Figure, Section, Table, Text

__all__ = ["Cards", "Figure", "Page", "Section", "Table", "Text"]

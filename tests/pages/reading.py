"""Reads a page as a browser would: well-formed elements, texts, figures, and what it would load."""

import json
from html.parser import HTMLParser

import plotly.graph_objects as go

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Elements must close in order; `figures` are checked by plotly itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.scripts = [""]
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"
        data = next(s for s in self.scripts if s.startswith("["))
        self.figures = [go.Figure(figure) for figure in json.loads(data)]

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href") and not value.startswith("#"):
                self.loads.append(value)
            if name == "id":
                self.ids.append(value)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        elif self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

"""Which markup running text may hold: what the editor's buttons make, and nothing else (S7)."""

from html.parser import HTMLParser

ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("h2", "h3", "p", "ul", "ol", "li", "b", "strong", "i", "em", "br"), frozenset[str]()
    ),
    "a": frozenset({"href", "linktype", "id"}),
}
# Put on every block by the editor; it names nothing on the page.
EDITOR_KEY = "data-block-key"
SCHEMES = ("https://", "http://", "mailto:", "/", "#")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.foreign.append(f"<{tag}>")
            return
        for name, value in attrs:
            is_known = name == EDITOR_KEY or name in ALLOWED[tag]
            if not is_known or (name == "href" and not (value or "").startswith(SCHEMES)):
                self.foreign.append(f'<{tag} {name}="{value or ""}">')

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self.foreign.append(data)

    def handle_decl(self, decl: str) -> None:
        self.foreign.append(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"<!--{data}-->")

    def unknown_decl(self, data: str) -> None:
        self.foreign.append(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self.foreign.append(f"<?{data}>")


def foreign_markup(text: str) -> list[str]:
    """Return what the text holds beyond allowed tags and links, in order; empty is fine."""
    reader = _Reader()
    reader.feed(text)
    # A tag that never ends is still waiting here. Newer parsers drop it at the end of the text, but
    # on the page it would swallow what follows.
    if "<" in reader.rawdata:
        return [*reader.foreign, reader.rawdata]
    reader.close()
    return reader.foreign

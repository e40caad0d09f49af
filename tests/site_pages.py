"""What is wrong with built pages: addresses that are loaded from elsewhere, links that lead nowhere"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {("script", "src"), ("img", "src"), ("img", "srcset"), ("source", "src"), ("source", "srcset"),
          ("iframe", "src"), ("object", "data"), ("embed", "src"), ("video", "src"), ("audio", "src"),
          ("image", "href"), ("use", "href")}
FETCHED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "dns-prefetch", "preconnect",
                 "apple-touch-icon", "manifest"}
ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")
SERVERS = re.compile(r"(?:cdn|jsdelivr|unpkg|cloudflare|googleapis|gstatic)[\w.-]*\.(?:net|com|org)", re.IGNORECASE)


class Page(HTMLParser):
    """The addresses that a page loads, those that it links to, and the places in it"""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads, self.links, self.places = list[str](), list[str](), set[str]()
        self.in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name.removeprefix("xlink:"): value or "" for name, value in attributes}
        self.places |= {named[name] for name in ("id", "name") if name in named}
        self.in_style = tag == "style"
        self.loads += [value for name, value in named.items() if (tag, name) in LOADED]
        self.loads += in_style(named.get("style", ""))
        if tag == "link" and FETCHED_LINKS & set(named.get("rel", "").split()):
            self.loads.append(named["href"])
        if tag == "a" and "href" in named:
            self.links.append(named["href"])

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.loads += in_style(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False


def in_style(text: str) -> list[str]:
    return [imported or address for address, imported in IN_STYLE.findall(text)]


def faults(folder: Path) -> list[str]:
    """A line for each thing that is wrong in the pages, style sheets and scripts of a folder"""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))
             if "_static" not in path.parts}                 # where the theme leaves a template of its own
    found = [f"{path.relative_to(folder)}: {fault}" for path, page in pages.items()
             for fault in [*from_elsewhere(page.loads), *nowhere(path, page.loads + page.links, pages, folder)]]
    for path in sorted(folder.rglob("*.css")):
        addresses = in_style(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(folder)}: {fault}"
                  for fault in [*from_elsewhere(addresses), *nowhere(path, addresses, pages, folder)]]
    for path in sorted(folder.rglob("*.js")):
        found += [f"{path.relative_to(folder)}: names {server}"
                  for server in SERVERS.findall(path.read_text(encoding="utf-8"))]
    return found


def from_elsewhere(addresses: list[str]) -> list[str]:
    return [f"loads {address[:80]}" for address in addresses if ELSEWHERE.match(address)]


def nowhere(path: Path, addresses: list[str], pages: dict[Path, Page], folder: Path) -> list[str]:
    """Addresses inside the site whose file, or place in it, is not there"""
    found = []
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not address.strip():
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file() or not target.is_relative_to(folder):
            found.append(f"leads to {address}, which is not there")
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
            found.append(f"leads to {address}: no such place in that page")
    return found

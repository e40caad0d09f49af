"""The HTML page is well formed, needs nothing else, escapes what it is told, and shows the errors where they are"""

import base64
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance.checking import CheckReport, compare
from minicrt.conformance.checking.heatmap import CYAN, GREY, MOST, coarsened, coloured, heat_map, png
from minicrt.conformance.checking.page import page
from tests.conformance.checking.hand_made import affine_case, computed, drawn, one_tensor

VOID = {"meta", "image", "rect", "stop", "br"}


class Tags(HTMLParser):
    """Collects the open tags, and fails where one closes that is not the last opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def report(case, **changes):
    return CheckReport(compare(case, computed(case) | changes))


def parsed(html):
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


def test_the_page_is_well_formed_and_needs_nothing_else():
    case = affine_case()
    html = page([report(case), report(case, d_w=-case["d_w"].value, d_b=np.full(6, np.nan), y=np.zeros((3, 2)))])
    tags = parsed(html)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in tags.links)
    assert tags.seen.count("figure") == 2
    assert "1 of 2 cases wrong" in html
    assert "y: its shape is (3, 2), expected (2, 3, 6)" in html
    assert len(set(re.findall(r' id="(\w+-[^"]+)"', html))) == 2


def test_everything_that_others_wrote_is_escaped():
    case = affine_case()
    html = page([report(case, **{"<script>alert(1)</script>": np.zeros(2), "y": np.zeros(3)})], "<b>theirs&</b>")
    parsed(html)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;theirs&amp;&lt;/b&gt;" in html


@given(st.lists(st.integers(1, 4), min_size=0, max_size=4), st.integers(0, 99))
def test_a_map_of_any_shape_is_well_formed(shape, seed):
    case = one_tensor(drawn(seed, shape))
    row = compare(case, {"y": case["y"].value + 1})["y"]
    parsed(heat_map(row, ["an axis"] * len(shape)))
    assert pixels(heat_map(row, [])).shape == (int(np.prod(shape[:-1])), shape[-1] if shape else 1, 3)


def test_a_large_map_shows_the_worst_of_each_group():
    relative = np.zeros((5 * MOST - 3, 7))
    relative[-1, 3] = 0.5
    view, rows, columns = coarsened(relative)
    assert (view.shape, rows, columns) == ((MOST, 7), 5, 1)
    assert view[-1, 3] == 0.5
    assert np.count_nonzero(view) == 1


def test_colours_say_what_agrees_what_does_not_and_what_is_not_finite():
    colours = coloured(np.array([[0, 1e-11, 1e-9, 1, np.inf]]), 1e-10)[0]
    assert tuple(colours[0]) == tuple(colours[1]) == GREY
    assert tuple(colours[4]) == CYAN
    assert colours[2].sum() > colours[3].sum()


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_the_picture_holds_the_pixels(height, width, seed):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    assert np.array_equal(pixels(png(values)), values)


def pixels(text):
    """The picture out of a data URI, by the format's own description."""
    data = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", text)[1])
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    length = struct.unpack(">I", data[33:37])[0]
    assert data[37:41] == b"IDAT"
    lines = np.frombuffer(zlib.decompress(data[41:41 + length]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)

"""The pictures of what a memory does, and words coloured by surprisal"""

import html.parser
import re

import numpy as np
import pytest

from minicrt import plotting
from minicrt.errors import InputError
from tests.test_plotting import png_size, texts


def labelled(axes):
    """The lines by their names in the legend, whose own lines look alike"""
    names = {(line.get_color(), line.get_linestyle(), line.get_linewidth()): text.get_text() for line, text in
             zip(axes.get_legend().get_lines(), axes.get_legend().get_texts(), strict=True)}
    found = {names.get((line.get_color(), line.get_linestyle(), line.get_linewidth())): line for line in axes.lines}
    return {name: line for name, line in found.items() if name is not None}


def test_the_loss_by_place_is_a_mean_in_a_band_of_its_error():
    losses = np.random.default_rng(0).gamma(3.0, 1.0, (40, 7))
    losses[3, 2] = np.nan                                    # not scored
    figure = plotting.loss_by_place({"$a_": losses, "b": losses[:, :3]}, "a figure")
    axes, = figure.axes
    first, second = labelled(axes)["$a_"], labelled(axes)["b"]
    np.testing.assert_allclose(first.get_ydata(), np.nanmean(losses, 0))
    np.testing.assert_array_equal(second.get_xdata(), [1, 2, 3])
    assert first.get_linestyle() != second.get_linestyle() and first.get_color() != second.get_color()
    band = axes.collections[0].get_paths()[0].vertices
    column = losses[np.isfinite(losses[:, 2]), 2]
    np.testing.assert_allclose(np.ptp(band[band[:, 0] == 3, 1]), 2 * column.std() / np.sqrt(39))
    assert {"a figure", "$a_", "loss (nats per token)"} <= texts(figure)
    linear, = plotting.loss_by_place({"a": losses}, log=False).axes
    assert axes.get_xscale() == "log" and linear.get_xscale() == "linear"
    png_size(figure)


def test_recall_has_a_thin_line_for_each_seed_and_a_thick_one_for_the_mean():
    shares = np.array([[1.0, 0.9, 0.5], [1.0, 0.7, 0.1]])
    figure = plotting.recall_by_distance([1, 2, 8], {"CRT": shares, "cut": shares / 4}, chance=0.125)
    axes, = figure.axes
    thin = [line for line in axes.lines if line.get_linewidth() < 1]
    np.testing.assert_array_equal([line.get_ydata() for line in thin[:2]], shares)
    mean = labelled(axes)["CRT"]
    np.testing.assert_allclose(mean.get_ydata(), shares.mean(0))
    assert mean.get_linewidth() > 2 and mean.get_marker() != labelled(axes)["cut"].get_marker()
    assert labelled(axes)["chance"].get_ydata()[0] == 0.125
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "8"]
    png_size(figure)


def test_the_way_of_a_memory_lies_in_the_plane_of_most_variance():
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.standard_normal((9, 2)))[0]
    flat = rng.standard_normal((4, 5, 2)) * [3, 1]
    figure = plotting.memory_trajectory(flat @ plane.T + 7, ["a", "b", "a", "$c"], "ways")
    axes, = figure.axes
    ways = [line for line in axes.lines if line.get_marker() == "."]
    drawn = np.array([ways[k].get_xydata() for k in (0, 2, 1, 3)])                   # those of one name together
    marks = [line for line in axes.lines if line.get_marker() != "."]
    assert len({line.get_marker() for line in marks}) == 3
    ends = np.concatenate([line.get_xydata() for line in marks])
    np.testing.assert_array_equal(ends, drawn[[0, 2, 1, 3], -1])
    distances = np.linalg.norm(flat[:, 1:] - flat[:, :-1], axis=-1)                  # what is flat keeps its distances
    np.testing.assert_allclose(np.linalg.norm(drawn[:, 1:] - drawn[:, :-1], axis=-1), distances)
    colours = [line.get_color() for line in ways]
    assert colours[0] == colours[1] and len(set(colours)) == 3
    shares = [int(re.search(r"\((\d+)%", axis.get_label_text())[1]) for axis in (axes.xaxis, axes.yaxis)]
    assert abs(sum(shares) - 100) <= 1 and shares[0] > shares[1]
    assert {"a", "b", "$c", "ways"} <= texts(figure)
    png_size(figure)
    png_size(plotting.memory_trajectory(np.ones((1, 1, 1)), ["alone"]))              # nothing moves


class Parsed(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.words, self.open, self.tags = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style", "title"}
        if tag != "br":
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "span":
            self.words.append((data, self.open[-1][1]))


def lightness(style):
    rgb = re.search(r"background-color: rgb\((\d+), (\d+), (\d+)\)", style)
    return np.dot([int(part) for part in rgb.groups()], [0.2126, 0.7152, 0.0722])


def test_words_are_the_darker_the_more_they_surprise_and_nothing_is_loaded():
    tokens = ["the", "<unk>", "&", "<eos>", "cat"]
    shown = plotting.tokens_by_surprisal(tokens, [None, 1.5, 6.0, 2.0, 12.0], title="a<b")
    parsed = Parsed(shown._repr_html_())
    assert not parsed.open and parsed.tags == {"div", "p", "strong", "span", "br"}
    words = dict(parsed.words)
    assert "not predicted" in words["the"]["title"] and "1.50 bits" in words["<unk>"]["title"]
    shades = [lightness(words[word]["style"]) for word in ("<unk>", "&", "cat")]
    assert shades == sorted(shades, reverse=True) and len(set(shades)) == 3
    assert not re.search(r"https?:|url\(|<script|<link|class=|src=", shown.html) and "a&lt;b" in shown.html
    assert repr(shown) == "a<b: the <unk>(1.5) &(6.0) <eos>(2.0) cat(12.0)"


def test_a_difference_is_blue_and_underlined_where_less_and_orange_where_more():
    shown = plotting.tokens_by_surprisal(["a", "b", "c"], [2.0, 5.0, 3.0], beside=[5.0, 2.0, 3.0])
    words = {word: attributes for word, attributes in Parsed(shown.html).words if word in "abc"}
    rgb = {word: [int(part) for part in re.search(r"rgb\((.*?)\)", one["style"])[1].split(",")]
           for word, one in words.items()}
    assert rgb["a"][2] > rgb["a"][0] and rgb["b"][0] > rgb["b"][2] and rgb["c"] == [255] * 3
    assert ["border-bottom" in words[word]["style"] for word in "abc"] == [True, False, False]
    assert words["a"]["title"] == "2.00 bits, 5.00 otherwise" and str(shown) == "a(-3.0) b(+3.0) c(+0.0)"


@pytest.mark.parametrize("call, words", [
    (lambda: plotting.loss_by_place([np.eye(2)]), "losses is a list"),
    (lambda: plotting.loss_by_place({"a": [1, 2]}), r"a: got int64 of shape \(2,\), expected real numbers"),
    (lambda: plotting.loss_by_place({"a": [[1, np.nan]]}), "a: nothing is scored at place 2"),
    (lambda: plotting.recall_by_distance([0, 1], {}), "a distance is 0"),
    (lambda: plotting.recall_by_distance([1, 2], {"a": [[1, 1, 1]]}), "a has 3 columns and there are 2 distances"),
    (lambda: plotting.memory_trajectory(np.ones((2, 3, 4)), ["a"]), "there are 2 ways and 1 names"),
    (lambda: plotting.memory_trajectory(np.ones((2, 3)), ["a", "b"]), r"paths: got float64 of shape \(2, 3\)"),
    (lambda: plotting.tokens_by_surprisal(["a"], [1, 2]), "there are 1 tokens and 2 figures in bits"),
    (lambda: plotting.tokens_by_surprisal(["a"], ["b"]), "bits: got <U1 of shape"),
    (lambda: plotting.tokens_by_surprisal(["a"], [1.0], beside=[]), "1 tokens and 0 figures in beside")])
def test_what_cannot_be_drawn_is_refused_in_a_line(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_a_line_behind_a_legend_does_not_cross_its_words():
    axes, = plotting.lines(np.arange(3.0), {"a": np.arange(3.0), "b": np.ones(3)}, "x", "y").axes
    legend = axes.get_legend()
    assert legend.get_frame_on() and legend.get_frame().get_facecolor()[:3] == (1, 1, 1)
    assert legend.get_frame().get_alpha() > 0.8

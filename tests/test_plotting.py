import io
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from minicrt import picture, plotting
from minicrt.errors import InputError

ROWS = [{"epoch": e, "valid_perplexity": 400 / e, "train_loss": np.log(300 / e)} for e in (0.5, 1.0, 1.5)]
SUMMARY = {"valid_perplexity": 60.0, "valid_perplexity_memory_cut": 66.0, "valid_perplexity_positions_cut": 62.0,
           "valid_perplexity_state_cut": 70.0}
CELLS = [{"label": label, "segment_length": length, "flops_per_token": flops, "valid": valid,
          "valid_deviation": None if label == "b" else 1.5}
         for label, length, flops, valid in [("a", 35, 4e6, 120.0), ("a", 70, 4.1e6, 119.0), ("b", 35, 3.8e6, 150.0)]]


def texts(figure):
    return {text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))}


def causal_weights(heads, queries, memory_tokens):
    weights = np.random.default_rng(0).random((heads, queries, queries)) * np.tri(queries)
    return weights / weights.sum(-1, keepdims=True)


def test_learning_curves_show_what_was_measured():
    figure = plotting.learning_curves(ROWS, unigram=687.0, title="a run")
    perplexity, loss = figure.axes
    np.testing.assert_array_equal(perplexity.lines[0].get_xydata(), [(r["epoch"], r["valid_perplexity"]) for r in ROWS])
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), [r["train_loss"] for r in ROWS])
    assert perplexity.get_ylim()[0] < 400 / 1.5 < 687 < perplexity.get_ylim()[1]
    assert {"a run", "unigram model 687", f"{400 / 1.5:.1f}", "epochs", "loss (nats per token)"} <= texts(figure)


@pytest.mark.parametrize("rows", [[], ROWS[:1]])
def test_learning_curves_of_a_run_that_has_just_begun(rows):
    assert png_size(plotting.learning_curves(rows, unigram=687.0)) > (500, 200)


def test_cut_bars_leave_out_what_is_missing():
    figure = plotting.cut_bars(SUMMARY)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [60, 62, 66, 70]
    partial = plotting.cut_bars({**SUMMARY, "valid_perplexity_positions_cut": None})
    assert [bar.get_width() for bar in partial.axes[0].patches] == [60, 66, 70]


@pytest.mark.parametrize("heads", [1, 2, 4, 5])
def test_attention_map_has_a_panel_a_head_and_a_column_a_row(heads):
    weights = causal_weights(heads, 6, 1)
    figure = plotting.attention_map(weights, ["the", "with", "statement", "is", "a"])
    images = [image for axes in figure.axes for image in axes.images][:heads]
    for image, expected in zip(images, weights, strict=True):
        np.testing.assert_array_equal(image.get_array().filled(0), expected)
        np.testing.assert_array_equal(np.ma.getmaskarray(image.get_array()), expected == 0)      # white, not dark
        assert image.get_cmap()(np.ma.masked)[3] == 0
    assert {"memory", "statement", f"head {heads}"} <= texts(figure)
    png_size(figure)


def test_vector_over_time_is_symmetric_about_zero_unless_it_is_a_gate():
    values = np.random.default_rng(0).standard_normal((20, 5))
    image = plotting.vector_over_time(values, segment_length=8).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), values.T)
    assert image.get_clim() == (-abs(values).max(), abs(values).max())
    gate = plotting.vector_over_time(1 / (1 + np.exp(-values)), name="update gate").axes[0].images[0]
    assert gate.get_clim() == (0, 1)
    figure = plotting.vector_over_time(np.zeros((3, 2)), list("abc"))
    assert {"a", "b", "c"} <= texts(figure)
    png_size(figure)


def test_of_a_long_vector_twelve_units_are_drawn_and_a_white_line_starts_a_segment():
    values = np.random.default_rng(0).standard_normal((40, 96))
    axes = plotting.vector_over_time(values, segment_length=16).axes[0]
    drawn = axes.images[0].get_array().T
    units = [int(text.get_text()) for text in axes.get_yticklabels()]
    assert len(units) == 12 and units[0] == 0 and units[-1] == 95
    np.testing.assert_array_equal(drawn, values[:, units])
    assert [(line.get_xdata()[0], line.get_color()) for line in axes.lines] == [(15.5, "white"), (31.5, "white")]
    assert "unit of the memory vector (12 of 96)" in texts(axes.figure)


@pytest.mark.parametrize("draw", [lambda: plotting.attention_map(causal_weights(4, 40, 1), ["word"] * 39),
                                  lambda: plotting.vector_over_time(np.eye(300)),
                                  lambda: plotting.gradient_error(np.eye(90), np.ones((90, 90)))])
def test_no_figure_is_wider_than_a_page_of_a_notebook(draw):
    figure = draw()
    assert figure.get_figwidth() * figure.dpi <= 1200


@pytest.mark.parametrize("colours", ["viridis", "cividis"])
def test_colours_grow_lighter_with_the_value(colours):
    rgb = matplotlib.colormaps[colours](np.linspace(0, 1, 50))[:, :3]
    assert (np.diff(rgb @ [0.2126, 0.7152, 0.0722]) > 0).all()
    pictures = [plotting.vector_over_time(np.eye(3)), plotting.vector_over_time(-np.eye(3))]
    assert colours in [figure.axes[0].images[0].get_cmap().name for figure in pictures]


def test_the_error_of_a_gradient_is_bright_where_it_is_wrong():
    reference = np.array([[1.0, 2.0], [-4.0, 0.5]])
    wrong = reference + [[0, 0], [0.4, 0]]
    error = plotting.gradient_error(wrong, reference).axes[0].images[0].get_array()
    np.testing.assert_allclose(error, [[-17, -17], [-1, -17]], rtol=1e-12)
    png_size(plotting.gradient_error(np.zeros((1, 1)), np.zeros((1, 1))))
    with pytest.raises(InputError, match=r"shape \(2, 2\) and reference \(1, 2\), expected the same"):
        plotting.gradient_error(reference, reference[:1])


def test_lines_differ_in_colour_and_in_form():
    axes, = plotting.lines([1, 2, 4], {"one": [3, 2, 1], "$two_": [1, 1, 1]}, "steps", "loss", log="xy",
                           levels={"chance": 0.5}).axes
    first, second, level = axes.lines
    np.testing.assert_array_equal(first.get_xydata(), [(1, 3), (2, 2), (4, 1)])
    assert first.get_color() != second.get_color() and first.get_linestyle() != second.get_linestyle()
    assert level.get_ydata()[0] == 0.5 and axes.get_xscale() == axes.get_yscale() == "log"
    assert {"one", "$two_", "chance", "steps", "loss"} <= texts(axes.figure)
    assert {"0.5", "1", "2"} <= {text.get_text() for text in axes.get_yticklabels()}
    with pytest.raises(InputError, match="one has 2 values and x has 3, expected as many"):
        plotting.lines([1, 2, 3], {"one": [1, 2]}, "x", "y")


def test_groups_have_a_point_and_a_bar_each():
    axes, = plotting.by_group(["1", "2-4"], [0.5, 0.1], [0.05, 0.01], "place", "loss").axes
    points = next(line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_ydata(), [0.5, 0.1])
    assert {"1", "2-4", "place", "loss"} <= texts(axes.figure)
    with pytest.raises(InputError, match="2 names, 2 means and 1 errors; expected as many of each"):
        plotting.by_group(["1", "2"], [1, 2], [1], "place", "loss")


def test_a_confusion_map_shows_shares_of_rows_and_numbers_of_samples():
    matrix = np.array([[30, 10, 0], [0, 0, 0], [1, 0, 3]])
    figure = plotting.confusion_map(matrix, ["walk", "sit", "cook"], "a run")
    image = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(image.filled(-1), [[0.75, 0.25, 0], [-1, -1, -1], [0.25, 0, 0.75]])
    assert {"walk", "sit", "cook", "30", "10", "1", "3", "a run", "taken for"} <= texts(figure)
    large = plotting.confusion_map(np.eye(130, dtype=int))
    assert png_size(large)[0] <= 1200 and len(large.axes[0].get_xticks()) <= 60 and not large.axes[0].texts
    for wrong, words in [(lambda: plotting.confusion_map(np.eye(2)), "is float64"),
                         (lambda: plotting.confusion_map([[1, 2]]), "expected numbers of samples"),
                         (lambda: plotting.confusion_map([[1]], ["a", "b"]), "2 names for 1 classes")]:
        with pytest.raises(InputError, match=words):
            wrong()


def test_a_film_strip_has_a_row_a_clip_and_points_where_joints_are_seen():
    frames = np.random.default_rng(0).random((2, 3, 4, 6, 3))
    joints = np.arange(2 * 3 * 2 * 3.0).reshape(2, 3, 2, 3)
    visible = np.array([[[True, False]] * 3] * 2)
    figure = plotting.film_strip(frames, ["first", "second"], joints, visible, "a video")
    assert len(figure.axes) == 6 and {"first", "second", "a video", "0", "1", "2"} <= texts(figure)
    for number, axes in enumerate(figure.axes):
        row, t = divmod(number, 3)
        np.testing.assert_array_equal(axes.images[0].get_array(), frames[row, t])
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), [joints[row, t, 0, :2], [np.nan] * 2])
        assert axes.images[0].get_extent() == [0, 6, 4, 0]               # of pixels from the upper left corner
    long = plotting.film_strip(frames[:, np.arange(40) % 3, :, :, :1])
    assert len(long.axes) == 32 and png_size(long)[0] <= 1200
    for wrong, words in [(lambda: plotting.film_strip(frames[0]), "expected real numbers of shape"),
                         (lambda: plotting.film_strip(frames[..., :2]), r"expected \(R, F, H, W, 3\), or 1 in grey"),
                         (lambda: plotting.film_strip(frames, ["one"]), "1 names for 2 rows"),
                         (lambda: plotting.film_strip(frames, joints=joints[:1]), r"expected \(2, 3, J, 2 or more\)"),
                         (lambda: plotting.film_strip(frames, joints=joints, visible=joints), "expected truth values")]:
        with pytest.raises(InputError, match=words):
            wrong()


def test_a_notebook_shows_a_figure_without_pyplot():
    assert plotting.cut_bars(SUMMARY)._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("backend", ["", "nonsense"])
def test_neither_pyplot_nor_a_display_is_asked_for(backend):
    code = "import sys, os, minicrt.plotting; print('matplotlib.pyplot' in sys.modules, os.environ['MPLBACKEND'])"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True,
                            env={**os.environ, "MPLBACKEND": backend})
    assert result.stdout.rstrip("\n") == f"False {backend}", result.stderr


def test_a_backend_that_matplotlib_knows_holds_for_the_rest_of_the_program(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    monkeypatch.delitem(sys.modules, "matplotlib")
    with matplotlib.rc_context():
        with picture.backend_not_demanded():
            assert "MPLBACKEND" not in os.environ
        assert matplotlib.rcParams["backend"] == "svg" == os.environ["MPLBACKEND"]


def test_the_style_is_the_packages_own():
    """text.usetex without LaTeX, fonts that there are not, white on white: what a matplotlibrc can ask for."""
    unusual = matplotlib.rc_context({"text.usetex": True, "font.family": "no such font", "savefig.dpi": 20,
                                     "text.color": "white", "axes.grid": True, "lines.linewidth": 9})
    drawings = [lambda: plotting.learning_curves(ROWS, 687.0, "a run"), lambda: plotting.cut_bars(SUMMARY, "a run"),
                lambda: plotting.attention_map(causal_weights(1, 4, 1), list("abc")),
                lambda: plotting.vector_over_time(np.eye(4)), lambda: plotting.comparison(CELLS),
                lambda: plotting.lines([1, 2], {"a": [1, 2], "b": [2, 1]}, "x", "y", "a figure"),
                lambda: plotting.by_group("ab", [1, 2], [1, 1], "x", "y"),
                lambda: plotting.roofline(1e9, 1e9, {"a": (1, 5e8)}, "a figure"),
                lambda: plotting.gradient_error(np.eye(2), np.ones((2, 2))),
                lambda: plotting.film_strip(np.ones((1, 2, 4, 4, 3)), ["a clip"]),
                lambda: plotting.confusion_map(np.array([[3, 1], [0, 0]])),
                lambda: plotting.loss_by_place({"a": np.eye(2), "b": np.ones((2, 2))}, "a figure"),
                lambda: plotting.recall_by_distance([1, 2], {"a": np.eye(2)}, 0.5, "a figure"),
                lambda: plotting.memory_trajectory(np.eye(4).reshape(2, 2, 4), "ab", "a figure")]
    usual = [draw().png() for draw in drawings]
    with unusual:
        assert [draw().png() for draw in drawings] == usual
        assert matplotlib.rcParams["text.usetex"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["cost$5_$6.txt", "_ $caf\udce9$ ملف 字\n$"])
def test_text_is_drawn_as_it_is_written(name):
    drawn = name.replace("\udce9", r"\udce9")
    figures = [plotting.learning_curves(ROWS, title=name), plotting.cut_bars(SUMMARY, name),
               plotting.attention_map(causal_weights(1, 13, 1), [name, *"abcdefghijk"], title=name),
               plotting.vector_over_time(np.eye(3), [name, "a", "b"], title=name, label=name),
               plotting.comparison([{**CELLS[0], "label": name}]),
               plotting.film_strip(np.zeros((1, 1, 2, 2, 1)), [name]),
               plotting.confusion_map(np.eye(2, dtype=int), [name, "a"]),
               plotting.lines([1, 2], {name: [1, 2], "b": [2, 1]}, "x", "y"),
               plotting.loss_by_place({name: np.eye(2)}, ylabel=name), plotting.recall_by_distance([1], {name: [[1]]}),
               plotting.memory_trajectory(np.eye(4)[None], [name], name)]
    for figure in figures:
        assert {drawn, f"A  {drawn}"} & texts(figure)
        assert figure.png().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_what_is_too_long_for_a_figure_is_cut_short():
    name = 100_000 * "W"
    p, right, confusion = np.eye(2), np.array([0, 1]), np.eye(2, dtype=int)
    figures = [plotting.class_probabilities([0, 1], p, [name, "a"], right, name, f"{name}\n{name}"),
               plotting.confusion_map(confusion, [name, "a"], name), plotting.sensor_curves([], "error", name),
               plotting.forecast([0, 1], [1, 2], [2, 1], name, name, name),
               plotting.comparison([{**CELLS[0], "label": name}]), plotting.cut_bars(SUMMARY, name),
               plotting.vector_over_time(np.eye(2), [name, "a"]),
               plotting.attention_map(causal_weights(1, 13, 1), [name, *"abcdefghijk"]),
               plotting.film_strip(np.zeros((1, 1, 2, 2, 1)), [name]), plotting.by_group([name], [1], [1], "x", "y"),
               plotting.lines([1, 2], {name: [1, 2], "b": [2, 1]}, "x", "y"),
               plotting.memory_trajectory(np.eye(4)[None], [name], name)]
    for figure in figures:
        assert any(text.endswith("W…") or "W… (" in text for text in texts(figure))
        assert max(map(len, texts(figure))) < 330
        assert figure.png().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_curves_of_a_run_that_has_diverged():
    rows = [{"epoch": 1, "valid_perplexity": 400.0, "valid_loss": np.log(400), "train_loss": 6.0},
            {"epoch": 2, "valid_perplexity": None, "valid_loss": 900.0, "train_loss": 950.0},
            {"epoch": 3, "valid_perplexity": float("inf"), "valid_loss": 800.0, "train_loss": 850.0},
            {"epoch": 4, "valid_perplexity": 1e304, "valid_loss": 700.0, "train_loss": 700.0},
            {"epoch": 5, "valid_perplexity": 1e100, "valid_loss": np.log(1e100), "train_loss": 700.0}]
    perplexity, loss = plotting.learning_curves(rows, unigram=362.0).axes
    np.testing.assert_array_equal(perplexity.lines[0].get_ydata(), [400, np.nan, np.nan, np.nan, 1e100])
    np.testing.assert_allclose(loss.lines[1].get_ydata(), [np.log(400), 900, 800, 700, np.log(1e100)])
    for some in (rows, rows[1:3], []):
        png_size(plotting.learning_curves(some, unigram=362.0))
    assert len(plotting.cut_bars({**SUMMARY, "valid_perplexity_memory_cut": None}).axes[0].patches) == 3


def png_size(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    header = buffer.getvalue()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


@pytest.mark.parametrize("rows, words", [
    (None, "the list of rows is None"), (3, "the list of rows is an int"), ("a", "a row is a str"),
    ([{}], "a row of the comparison lacks label and segment_length and flops_per_token"),
    ([{**CELLS[0], "flops_per_frame": 1.0}], "lacks frames"),
    ([{**CELLS[0], "label": 3}], "a label of the comparison is an int"),
    ([{**CELLS[0], "segment_length": "35"}], "segment_length is '35'"),
    ([{**CELLS[0], "flops_per_token": None}], "flops_per_token is None"),
    ([{**CELLS[0], "valid": "120"}], "valid is '120', expected a number, or None")])
def test_rows_of_no_comparison_are_refused(rows, words):
    with pytest.raises(InputError, match=words):
        plotting.comparison(rows)


def test_a_comparison_of_many_models_has_room_for_them():
    """The legend of 36 pressed the axes together, to nothing."""
    figure = plotting.comparison([{**CELLS[0], "label": f"model-{n:02}", "valid": 100.0 + n} for n in range(60)])
    figure.png()
    axes, = figure.axes
    legend, whole = axes.get_legend().get_window_extent(), figure.bbox
    assert axes.get_window_extent().height > 0.8 * whole.height
    assert legend.y0 >= whole.y0 and legend.y1 <= whole.y1


def test_comparison_has_a_point_for_every_row():
    axes, = plotting.comparison([*CELLS, {**CELLS[0], "valid": None, "valid_deviation": None}]).axes
    points = [line.get_xydata()[0].tolist() for line in axes.lines if len(line.get_xydata()) == 1
              and line.get_marker() in "os"]
    assert {(4.0, 120.0), (4.1, 119.0), (3.8, 150.0)} <= {tuple(point) for point in points}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["A  a", "B  b"]
    assert sorted(text.get_text() for text in axes.texts) == ["A 35", "A 70", "B 35"]
    assert "MFLOP" in axes.get_xlabel() and "perplexity" in axes.get_ylabel()


def test_classes_over_time_of_which_nobody_knows_the_right_one_have_no_mark():
    p = np.full((3, 2), 0.5)
    for right, legends in ((np.array([0, -1, 1]), 1), (np.full(3, -1), 0)):
        assert len(plotting.class_probabilities(np.arange(3.0), p, ["a", "b"], right, "s").legends) == legends

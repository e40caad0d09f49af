"""What a figure tells apart it tells apart without colours: in print, and to the colour-blind"""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from minicrt import plotting

RUN = [{"epoch": e, "valid_perplexity": 300 / e, "train_loss": 6 - e, "valid_loss": 6 - e / 2, "train_error": 2 / e,
        "valid_error": 3 / e, "valid_mean_class_accuracy": 0.1 * e, "valid_accuracy": 0.15 * e} for e in (1, 2, 3)]
SEEDS = np.linspace(0, 1, 15).reshape(3, 5)
NAMES = [f"line {number}" for number in range(9)]
MODELS = [{"label": name, "segment_length": 35, "flops_per_token": 1e6 * (number + 1), "valid": 100.0 + number,
           "valid_deviation": 1.0} for number, name in enumerate([f"model {k}" for k in range(30)])]
FIGURES = {
    "attention_map": lambda: plotting.attention_map(np.tri(3)[None] / 3, ["a", "b"]),
    "by_group": lambda: plotting.by_group("ab", [1, 2], [1, 1], "place", "loss"),
    "class_probabilities": lambda: plotting.class_probabilities(np.arange(5.0), SEEDS.T, "abc",
                                                                np.array([0, 1, 2, 0, -1]), "seconds"),
    "comparison": lambda: plotting.comparison(MODELS),
    "confusion_map": lambda: plotting.confusion_map(np.eye(3, dtype=int)),
    "cut_bars": lambda: plotting.cut_bars({"valid_perplexity": 5.0, "valid_perplexity_memory_cut": 6.0}),
    "forecast": lambda: plotting.forecast(np.arange(9.0), np.arange(9.0), np.ones(9), "seconds", "mV"),
    "gradient_error": lambda: plotting.gradient_error(np.eye(3), np.ones((3, 3))),
    "learning_curves": lambda: plotting.learning_curves(RUN, unigram=400.0),
    "lines": lambda: plotting.lines(np.arange(40.0), {name: np.full(40, k) for k, name in enumerate(NAMES)}, "x", "y",
                                    levels={"all": 1.5, "none": 0.5}),
    "loss_by_place": lambda: plotting.loss_by_place({name: SEEDS + k for k, name in enumerate(NAMES)}),
    "memory_trajectory": lambda: plotting.memory_trajectory(np.random.default_rng(0).random((9, 4, 3)), NAMES),
    "patch_attention": lambda: plotting.patch_attention(np.ones((1, 4, 4, 3)), np.full((1, 4), 0.2)),
    "recall_by_distance": lambda: plotting.recall_by_distance(range(1, 6), dict.fromkeys(NAMES, SEEDS), 0.1),
    "roofline": lambda: plotting.roofline(1e9, 1e9, {name: (k + 1.0, 1e8) for k, name in enumerate(NAMES[:8])}),
    "sensor_curves": lambda: plotting.sensor_curves(RUN, "error", "mV", 4.0),
    "vector_over_time": lambda: plotting.vector_over_time(np.eye(3) - 0.5),
    "video_curves": lambda: plotting.video_curves(RUN)}
NO_LINES = {"film_strip", "tokens_by_surprisal"}             # pictures, and words, which are the darker the more


def lightness(colour):
    """L* of CIE 1976, from 0 to 1"""
    rgb = np.array(to_rgb(colour))
    y = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    return float(1.16 * np.cbrt(y) - 0.16 if y > 0.008856 else 9.033 * y)


def told_apart(one, other):
    forms = [(line.get_linestyle(), line.get_marker(), line.get_linewidth()) for line in (one, other)]
    return forms[0] != forms[1] or abs(lightness(one.get_color()) - lightness(other.get_color())) > 0.25


def test_every_figure_is_looked_at():
    assert set(FIGURES) | NO_LINES == {name for name in plotting.__all__ if name.islower()}


@pytest.mark.parametrize("name", ["forecast", "learning_curves", "lines", "loss_by_place", "memory_trajectory",
                                  "recall_by_distance", "roofline", "sensor_curves", "video_curves"])
def test_two_lines_of_a_figure_differ_in_form_or_in_lightness(name):
    for axes in FIGURES[name]().axes:
        legends = [legend for legend in (axes.get_legend(), *axes.figure.legends) if legend is not None]
        # What is named beside its end has a mark there; the other lines of an axis are the seeds of one that is named.
        named = [line for legend in legends for line in legend.get_lines()] or [
            line for line in axes.lines if line.get_marker() not in (".", "None")]
        for one, other in itertools.combinations(named, 2):
            assert told_apart(one, other), (name, one.get_label(), other.get_label())


def test_a_model_is_told_by_its_letter():
    axes, = FIGURES["comparison"]().axes                     # 30 models have more colours than anybody tells apart
    letters = [text.get_text().split()[0] for text in axes.get_legend().get_texts()]
    assert len(set(letters)) == len(MODELS)
    assert sorted(text.get_text() for text in axes.texts) == sorted(f"{letter} 35" for letter in letters)


def test_the_right_class_is_seen_on_white_and_on_dark_blue():
    mark, = FIGURES["class_probabilities"]().axes[0].lines
    assert lightness(mark.get_markerfacecolor()) - lightness(mark.get_markeredgecolor()) > 0.9


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_shades_are_ordered_and_axes_are_labelled(name):
    figure = FIGURES[name]()
    for axes in figure.axes:
        for shaded in (*axes.images, *axes.collections):
            if shaded.get_array() is not None and shaded.get_array().ndim == 2:
                steps = np.diff([lightness(colour[:3]) for colour in shaded.cmap(np.linspace(0, 1, 50))])
                assert (steps > 0).all() or (steps < 0).all(), (name, shaded.cmap.name)
        if axes.axison and len(axes.images) == len(axes.patches) == 0 and "<colorbar>" not in axes.get_label():
            assert axes.get_xlabel() and axes.get_ylabel(), name

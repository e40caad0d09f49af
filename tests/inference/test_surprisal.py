import re

import numpy as np
import pytest

from minicrt.errors import InputError
from minicrt.inference import surprisal
from minicrt.inference.surprise_page import MOST, colour, surprise_page
from tests.inference.test_generation import logits_of_stream, small_crt


def test_it_is_minus_the_logarithm_of_the_probability_that_was_given():
    model, parameters = small_crt()
    text = np.random.default_rng(0).integers(0, 11, 10).tolist()
    first, *others = surprisal(model, parameters, text)
    assert first is None
    for t, bits in enumerate(others, 1):
        p = np.exp(logits_of_stream(model, parameters, text[:t]))
        assert bits == pytest.approx(-np.log2(p[text[t]] / p.sum()))


def test_what_is_no_text_is_refused_and_a_model_that_has_diverged():
    model, parameters = small_crt()
    with pytest.raises(InputError, match="the text has the id 11"):
        surprisal(model, parameters, [1, 11])
    assert list(surprisal(model, parameters, [])) == []
    parameters.flat[:] = np.nan
    with pytest.raises(InputError, match="diverged"):
        list(surprisal(model, parameters, [1, 2]))


def test_the_page_has_every_word_escaped_and_loads_nothing():
    page = surprise_page(["<b>", "red", "<eos>", "zebra"], [True, True, True, False], [None, 1.0, 3.0, 20.0], "a & b")
    assert "&lt;b&gt;" in page and "a &amp; b" in page and "<br>" in page
    assert page.count("class=\"unknown\"") == 1 and "3 tokens predicted, 8.00 bits each: perplexity 256.0" in page
    assert not re.search(r"https?:|src=|@import|url\(", page)


def test_colours_go_from_white_to_one_that_black_text_is_read_on():
    def luminance(text):
        parts = [int(part) / 255 for part in re.findall(r"\d+", text)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    shades = [luminance(colour(bits)) for bits in np.linspace(0, MOST, 9)]
    assert colour(0) == "rgb(255, 255, 255)" and shades == sorted(shades, reverse=True)
    assert colour(MOST) == colour(1e9) == colour(float("inf"))
    assert (shades[-1] + 0.05) / 0.05 > 4.5                  # the contrast that WCAG asks of text

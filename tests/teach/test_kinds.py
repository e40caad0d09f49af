"""What a small change is called is what it is: nothing is said to be about brackets only because no other word fits"""

from typing import Any

import numpy as np
import pytest

from minicrt import teach
from minicrt.teach.diagnosing.kinds import ELSE, kind_of_edit
from tests.teach.wrong_answers import function_of, through_time


class Said:
    def __init__(self, words):
        self.words = words


@pytest.mark.parametrize("words, key", [
    ("d_y were d_y * gain", "factor"), ("d_y were gain * d_y", "factor"), ("x were 2 * x", "factor"),
    ("p were p / 2", "factor"), ("g were 0 * g", "term"), ("square of d_y @ v.T were taken", "factor"),
    ("square were left out of centred", "factor"), ("sqrt of variance were taken", "function"),
    ("k were its mean over the batch, in every row of it", "mean"), ("W[0] were its mean over all rows", "mean"),
    ("q were that of the first row of the batch in every row", "time"), ("j were min(j + 1, 2)", "time"),
    ("in np.tri(T, dtype=bool) each query saw one key more (the next one): the diagonal is off by one", "mask"),
    ("g were clipped at ±5", "function"),
    ("the scan ran in chunks of 2 steps, and g was 0 at the start of each", "loop"),
    ("mean(d_x_hat, -1, True) went over all rows as well, and not over each by itself", "axis"),
    ("e were e.T", "transposed"), ("W.T were only given the transposed shape", "transposed"), ("0 were -1", "number"),
    ("-1 were 0", "number"), ("the base 2 stood for e in exp(y)", "function"),
    ("q @ k.T were k.T @ q", "order"), ("g * (1 - z) were g * 1 - z", "order"),
    ("gain came in behind the rest, and not in d_x_hat", "order")])
def test_a_change_is_called_what_it_is(words, key):
    said: Any = Said(words)
    assert kind_of_edit(said).key == key


def test_what_has_no_name_is_not_called_a_matter_of_brackets():
    said: Any = Said("the update gate were 1 - r and something else")
    assert kind_of_edit(said) == ELSE


def test_where_small_values_vanish_every_softmax_is_the_same_and_none_is_called_right():
    def of_squares(y):
        e = (y - y.min(1, keepdims=True)) ** 2 + 1
        return e / e.sum(1, keepdims=True)

    assert "small values" not in repr(teach.grade("softmax", of_squares))
    without_slope = function_of(through_time, "gru_step_backward", {" * (1 - n ** 2)": ""})
    assert "For small values it is right" in repr(teach.grade("gru_step_backward", without_slope))


def test_two_mistakes_in_different_terms_are_both_named():
    def two(g, h, u, r, z, n, c):
        u_r, u_z, u_n = np.split(u, 3, axis=1)
        d_a_n = g * (1 - z) * (1 - n * n)
        d_a_z = g * (h - n) * z
        return g * z + d_a_z @ u_z.T + (d_a_n * r) @ u_n + (d_a_n * c * r * (1 - r)) @ u_r.T

    said = repr(teach.grade("gru_step_backward", two))
    assert "more than one mistake" in said and "transposed" in said and "one factor is left out" in said

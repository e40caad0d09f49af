"""The confusion matrix, and the two accuracies that are read off it"""

import numpy as np
import pytest

from minicrt.errors import InputError
from minicrt.training import accuracy, class_weights, confusion_matrix, mean_class_accuracy

LABELS, TAKEN = [0, 0, 0, 0, 1, 1, 3], [0, 0, 0, 1, 1, 3, 0]


def test_a_matrix_counted_by_hand():
    matrix = confusion_matrix(LABELS, TAKEN, 4)
    np.testing.assert_array_equal(matrix, [[3, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])
    assert accuracy(matrix) == 4 / 7
    found = mean_class_accuracy(matrix)
    np.testing.assert_array_equal(found.by_class, [3 / 4, 1 / 2, np.nan, 0])
    assert found.mean == pytest.approx((3 / 4 + 1 / 2 + 0) / 3, rel=1e-15) and found.without == (2,)


def test_batches_add_up_and_an_empty_one_adds_nothing():
    rng = np.random.default_rng(0)
    labels, taken = rng.integers(0, 5, (2, 200))
    parts = [confusion_matrix(labels[a:b], taken[a:b], 5) for a, b in ((0, 70), (70, 70), (70, 200))]
    np.testing.assert_array_equal(sum(parts), confusion_matrix(labels, taken, 5))
    assert not confusion_matrix([], [], 3).any()


def test_the_two_accuracies_agree_where_classes_are_alike_and_differ_where_they_are_not():
    even = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], 2)
    assert accuracy(even) == mean_class_accuracy(even).mean == 0.75
    skewed = confusion_matrix([0] * 9 + [1], [0] * 10, 2)
    assert accuracy(skewed) == 0.9 and mean_class_accuracy(skewed).mean == 0.5


def test_weights_of_classes():
    counts = np.array([60, 30, 0, 10])
    weights = class_weights(counts)
    assert weights.dtype == np.float32 and weights[2] == 0
    np.testing.assert_allclose((counts * weights)[counts > 0], 100 / 3, rtol=1e-6)           # all weigh alike
    np.testing.assert_array_equal(class_weights(counts, 0), [1, 1, 0, 1])
    half = class_weights(counts, 0.5)
    np.testing.assert_allclose([half[0] / half[3], (counts * half).sum()], [6 ** -0.5, 100], rtol=1e-6)


@pytest.mark.parametrize("call, words", [
    (lambda: confusion_matrix([0, 1], [0], 2), "2 labels and 1 predictions, expected as many"),
    (lambda: confusion_matrix([0, 2], [0, 1], 2), r"labels are int64 of shape \(2,\), from 0 to 2; expected .* 0 to 1"),
    (lambda: confusion_matrix([0, 1], [0, -1], 2), "predictions are int64 .* from -1 to 0"),
    (lambda: confusion_matrix([0.0], [0], 2), "labels are float64"),
    (lambda: confusion_matrix([[0]], [0], 2), r"shape \(1, 1\)"),
    (lambda: confusion_matrix(["a"], [0], 2), "labels are <U1"),
    (lambda: confusion_matrix([], [], 0), "classes is 0"),
    (lambda: accuracy(np.zeros((2, 2), int)), "holds no sample"),
    (lambda: mean_class_accuracy(np.zeros((0, 0), int)), "holds no sample"),
    (lambda: mean_class_accuracy(np.eye(2)), "is float64 of shape"),
    (lambda: mean_class_accuracy([[1, 2]]), r"shape \(1, 2\)"),
    (lambda: accuracy([[1, -2], [0, 1]]), "expected numbers of samples"),
    (lambda: class_weights([0, 0]), "one of them above 0"), (lambda: class_weights([1, -1]), "counts are int64"),
    (lambda: class_weights([]), "counts are"), (lambda: class_weights([0.5]), "counts are float64"),
    (lambda: class_weights([1], -1), "power is -1"),
    (lambda: class_weights([1], 1.5), "power is 1.5, expected 0 to 1")])
def test_what_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()

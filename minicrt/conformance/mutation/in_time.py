"""What a mutant may put in the place of a tensor that has steps or rows: another one, or all of them at once

Of scores and probabilities, which have four axes, the heads are in the place of the steps.
"""

from typing import Any

import numpy as np

from minicrt.conformance.mutation.functions import concatenated, mean

WORDS = {"rolled": "that of the {} before, and the last one's at the first", "rolled_back": "that of the {} behind",
         "reversed_in_time": "in reverse order of its {}s", "previous": "that of the {} before, and 0 at the first",
         "last_step": "that of the last {} everywhere", "mean_of_all": "its mean over all {}s",
         "mean_of_batch": "its mean over the batch, in every row of it",
         "first_of_batch": "that of the first row of the batch in every row",
         "row_before": "that of the row before in the batch, and the last one's in the first",
         "following": "that of the {} behind, and 0 at the last"}


def words_of(name: str, value: Any) -> str:
    """What stands for {} with such a change"""
    of = {1: "row", 4: "head"}.get(np.ndim(value), "step")
    return f"{{}} were {WORDS[name].format(of)}" if name in WORDS else "{} were {new}"


def rolled(x: Any, by: int = 1) -> Any:
    """One step later along time (axis 1 of several, else the first), the last one in front"""
    return np.roll(x, by, min(np.ndim(x) - 1, 1))


def reversed_in_time(x: Any) -> Any:
    return x[:, ::-1] if np.ndim(x) > 1 else x[::-1]


def last_step(x: Any) -> Any:
    """The last step's, at every step"""
    return x[:, -1:] + 0.0 * x


def mean_of_all(x: Any) -> Any:
    """The mean over the steps, at every step"""
    return mean(x, 1, True) + 0.0 * x


def mean_of_batch(x: Any) -> Any:
    return mean(x, 0, True) + 0.0 * x


def first_of_batch(x: Any) -> Any:
    return x[:1] + 0.0 * x


def row_before(x: Any) -> Any:
    return np.roll(x, 1, 0)


def late(x: Any, start: Any) -> Any:
    """The step before's, and what was carried in at the first, of which an LSTM has c behind h"""
    return concatenated([start[:, None, :x.shape[2]], x[:, :-1]], 1)


def one_unit(new: Any, old: Any, unit: int) -> Any:
    """The old one with one unit of the new one"""
    found = np.array(old, np.result_type(new, old))
    found[..., unit] = new[..., unit]
    return found


def keys_more(mask: Any, by: int) -> Any:
    """Of (queries, keys): the key behind the last one that a query sees is seen as well, or that last one is not"""
    none = np.zeros_like(mask[:, :1])
    if by > 0:
        return mask | np.concatenate([none, mask[:, :-1]], -1)
    return mask & np.concatenate([mask[:, 1:], none], -1)


def cached_keys_more(mask: Any, by: int) -> Any:
    """The same, where there are keys from before"""
    return keys_more(mask, by) if mask.shape[0] < mask.shape[1] else mask


def previous(x: Any) -> Any:
    """The step before's, and zeros at the first"""
    return concatenated([0.0 * x[:, :1], x[:, :-1]], 1)


def following(x: Any) -> Any:
    """The step behind's, and zeros at the last"""
    return concatenated([x[:, 1:], 0.0 * x[:, :1]], 1)


def alone(x: Any, axis: int, place: int) -> Any:
    """What stands at one place of an axis; zeros elsewhere"""
    there = np.zeros(np.shape(x)[axis])
    there[place] = 1.0
    return x * there.reshape([-1 if k == axis else 1 for k in range(np.ndim(x))])


def rolled_back(x: Any) -> Any:
    """One step earlier along time, the first one at the end"""
    return rolled(x, -1)

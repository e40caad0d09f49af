import json

import pytest

from minicrt.strict_json import finite, to_json

INFINITE = float("inf")


def strictly(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")
    return json.loads(text, parse_constant=refuse)


def test_what_is_not_finite_is_null_at_any_depth():
    value = {"a": INFINITE, "b": [1.5, -INFINITE, {"c": float("nan")}], "d": (INFINITE,), "e": None, "f": 1e308}
    expected = {"a": None, "b": [1.5, None, {"c": None}], "d": [None], "e": None, "f": 1e308}
    assert finite(value) == expected
    assert strictly(to_json(value)) == strictly(to_json(value, indent=1)) == expected


@pytest.mark.parametrize("number", [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2**60, True])
def test_numbers_read_back_to_the_same_bits(number):
    assert strictly(to_json([number])) == [number]

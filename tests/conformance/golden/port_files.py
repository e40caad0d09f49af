"""The case that ports are read for in these tests, and what reading a wrong one ends in"""

import pytest

from minicrt.conformance.golden import case, files
from minicrt.errors import ConformanceError

GRU = case("gru")


def refused(folder, *words, golden=GRU, names=None):
    with pytest.raises(ConformanceError) as caught:
        files.read_port(folder, golden, names)
    message = str(caught.value)
    assert "\n" not in message and all(word in message for word in words), message
    return message

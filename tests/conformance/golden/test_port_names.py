"""A port's own names for a case's tensors, and what can be wrong with them"""


import numpy as np
import pytest

from minicrt.conformance.golden import files
from minicrt.conformance.golden.names import Names, read_names
from minicrt.errors import ConformanceError
from tests.conformance.golden.port_files import GRU, refused


def test_names_are_mapped(tmp_path):
    np.save(tmp_path / "x.grad.npy", np.ones(2))
    np.save(tmp_path / "output.npy", np.zeros(2))
    np.save(tmp_path / "extra.npy", np.ones(1))
    (tmp_path / "names.toml").write_text('[names]\nd_x = "x.grad"\nq = "queries"\nh = "hidden"\n[cases."gru"]\n'
                                         'h = "output"\n[cases."lstm"]\ns = "other"\n', encoding="utf-8")
    found = files.read_port(tmp_path, GRU, tmp_path / "names.toml")
    assert found.keys() == {"d_x", "h", "extra"} and not found["h"].any() and found["d_x"].all()


def test_names_that_lead_nowhere(tmp_path):
    np.save(tmp_path / "output.npy", np.zeros(2))
    np.save(tmp_path / "d_x.npy", np.zeros(2))
    message = refused(tmp_path, "hh is no tensor of gru", names=Names(cases={"gru": {"hh": "output"}}))
    assert "did you mean" in message
    message = refused(tmp_path, "outputs is not in", names=Names(cases={"gru": {"h": "outputs"}}))
    assert message.endswith("did you mean output?")
    refused(tmp_path, "has output, which the names map to d_x, and also d_x itself", names=Names({"d_x": "output"}))


@pytest.mark.parametrize("text, words", [
    ("names = 3", "[names] is 3"),
    ("[names]\nd_x = 3", "expected lines such as d_x ="),
    ("[nmaes]\nd_x = 'x'", "has 'nmaes'"),
    ("cases = 1", "cases is 1"),
    ("[cases]\ngru = 'x'", "[cases.\"gru\"] is 'x'"),
    ("[names]\nd_x.grad = 'x'", "goes into quotes"),
    ("[names", "is not TOML"),
    ("[names]\nh = 'a'\nh = 'b'", "is not TOML"),
    (b"\xff", "is not TOML"),
    (None, "cannot read"),
])
def test_a_names_file_that_is_none(tmp_path, text, words):
    if text is not None:
        (tmp_path / "names.toml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(ConformanceError) as caught:
        read_names(tmp_path / "names.toml")
    assert words in str(caught.value) and "\n" not in str(caught.value)

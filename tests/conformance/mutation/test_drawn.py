"""Mutants drawn at random as ports: none is accepted, none crashes the checker, nearly all are named"""

import collections

from tests.conformance.mutation.drawn import judged, ports

CASES = ["layer_norm", "attention", "linear_cross_entropy", "modrelu", "glu", "scaled_cayley", "linear", "gelu",
         "embedding-repeated"]


def test_drawn_mutants():
    table = collections.Counter(judged(port)[0] for port in ports(40, 1, CASES))
    assert not table["accepted"] and not table["misnamed"]
    assert table["named"] + table["pattern"] + table["gradients"] >= 34

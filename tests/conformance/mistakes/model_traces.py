"""What ports of whole models with some of the catalogue's mistakes compute"""

import numpy as np

from minicrt.conformance.golden.models import run
from minicrt.conformance.mistakes.models import combine, model_mistakes_of

TOLERANCE = 1e-9


def named(case, name):
    return next(variant for variant in model_mistakes_of(case.configuration) if variant.name == name)


def tensors(case, *names):
    variants = [named(case, name) for name in names]
    for variant in variants[1:]:
        variants[0] = combine(variants[0], variant)
    with np.errstate(all="ignore"):
        return run(case.configuration, case.given(), variants[0] if variants else None)


def differ(a, b):
    return a.shape != b.shape or not np.abs(a - b).max(initial=0) <= TOLERANCE * np.abs(b).max(initial=0)


def diverging(case, found):
    """The case's tensors that a port has otherwise, in order"""
    return [tensor.name for tensor in case.computed()
            if tensor.name in found and differ(found[tensor.name], tensor.value)]

"""The catalogue of wrong variants: the checker rejects every one of them, and none of their right counterparts"""

import pytest

from minicrt import ops
from minicrt.conformance.mistakes.operations import FAULTY, VARIANTS
from minicrt.conformance.mistakes.operations.judging import judge_variants


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.exhaustive)])
def judgements(request):
    return judge_variants(request.param)


def test_every_wrong_variant_is_rejected(judgements):
    wrong, _ = judgements
    assert len(wrong) == len(VARIANTS) >= 30
    assert [j.variant.name for j in wrong if not j.rejected] == []


def test_no_right_counterpart_is_rejected(judgements):
    _, right = judgements
    assert len(right) == len(FAULTY)
    assert [(j.variant.name, j.relative_error) for j in right if j.rejected] == []
    assert max(j.relative_error for j in right) < 1e-11


def test_even_the_smallest_mistake_is_far_from_the_tolerance(judgements):
    wrong, _ = judgements
    assert min(j.relative_error for j in wrong) > 1e-7


def test_every_operation_has_variants():
    operations = {name.removesuffix("_backward") for name in ops.__all__ if name.endswith("_backward")}
    assert {variant.operation for variant in VARIANTS} == operations


def test_names_are_unique_and_every_mistake_is_a_sentence():
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    for variant in VARIANTS:
        assert len(variant.mistake) > 5 and variant.mistake.endswith("."), variant.name

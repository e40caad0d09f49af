"""Every deliberately wrong port of the other models is rejected, and its diagnosis names the mistake."""

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from tests.ports.wrong import comparators, ordinary_models  # noqa: E402
from tests.ports.wrong.checked import assert_rejected_and_named, ports_of  # noqa: E402

torch.set_num_threads(1)

PORTS = ports_of((comparators, ordinary_models))


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected_and_named(name):
    assert_rejected_and_named(PORTS[name])

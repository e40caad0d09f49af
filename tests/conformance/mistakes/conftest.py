import pytest

from minicrt.conformance.golden.models import model_cases


@pytest.fixture(scope="session")
def cases():
    return {name: make() for name, make in model_cases().items()}

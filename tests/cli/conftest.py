import pytest

from tests.cli.running import SMALL, run_minicrt, write_text


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """(the text, the run folder, what was printed) of a short training."""
    folder = tmp_path_factory.mktemp("trained")
    text = write_text(folder / "colours.txt")
    result = run_minicrt("train", "--corpus", text, "--epochs", "2", "--out", folder / "run", "--seed", "3", *SMALL,
                         cwd=folder)
    assert result.returncode == 0, result.stderr
    return text, folder / "run", result.stdout

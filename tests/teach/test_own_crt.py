"""Chapter 07 on functions as students write them: the right ones are used, the wrong ones not, the model is right"""

import sys
from pathlib import Path

import pytest

from tests.teach.wrong_answers import attention, block, crt, gradients, through_time

FOLDER = Path(__file__).parents[2] / "tutorials"
SOURCE = FOLDER / "source" / "07_crt.py"
TWICE = "\n".join(table.STUDENT for table in (gradients, attention, block, through_time, crt))
STUDENT = TWICE.replace(block.STUDENT, block.STUDENT.replace("slope(", "slope_of_gelu("))
AS_THE_STUBS_BEGIN = """
def cross_entropy_backward(d_loss, y, classes):
    one_hot = np.eye(y.shape[1])[classes]
    p = reference.softmax(y)
    return d_loss * (p - one_hot) / len(y)

def feed_forward_backward(d_y, x, a, w_in, w_out):
    f, cache = ops.gelu(a)
    d_a = ops.gelu_backward(d_y @ w_out.T, cache)
    return d_a @ w_in.T, x.T @ d_a, d_a.sum(0), f.T @ d_y, d_y.sum(0)
"""


def chapter(pasted):
    """The names after the chapter's comparison with the package's model, `pasted` where the reader's functions go."""
    sys.path.insert(0, str(FOLDER))
    import build

    names = {}
    for cell in build.read(SOURCE):
        if cell.kind == "exercise":
            exec(cell.text[:cell.text.index("teach.grade(")], names)
        elif cell.kind == "code":
            exec(pasted if cell.text.startswith("# Yours:") else cell.text, names)
            if "package_loss" in cell.text:
                break
    return names


@pytest.mark.skipif(not SOURCE.exists(), reason="the course is not beside the tests")
def test_what_the_stubs_of_its_chapters_use_is_there():
    names = chapter(AS_THE_STUBS_BEGIN)
    assert {"cross_entropy_backward", "feed_forward_backward"} <= set(names["yours"])


@pytest.mark.skipif(not SOURCE.exists(), reason="the course is not beside the tests")
@pytest.mark.parametrize("pasted, not_used", [
    (STUDENT, set()),
    (STUDENT.replace("carried + d_h[:, t]", "d_h[:, t]"), {"gru_backward"}),
    (TWICE, {"feed_forward_backward"}),                      # two of its chapters have a helper named slope
    ("", None)], ids=["right", "one wrong", "helpers of one name", "nothing"])
def test_a_model_of_a_students_functions_is_the_packages(pasted, not_used):
    names = chapter(pasted)
    course = {function.__name__ for function in names["COURSE"]}
    assert set(names["yours"]) == (course - not_used if pasted else set())
    assert names["error"] < 1e-14

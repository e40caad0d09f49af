"""Chapter 05: orthogonal memory"""

import numpy as np

from minicrt import ops
from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import orthogonal


def entries(rng):
    """n, free numbers of a skew-symmetric n × n matrix, and how many signs are negative: some and not all."""
    n = int(rng.integers(3, 7))
    return n, rng.standard_normal(n * (n - 1) // 2), int(rng.integers(1, n))


def cayley_inputs(rng):
    """Half of them without a negative sign"""
    n, a, negatives = entries(rng)
    return a, negatives * int(rng.integers(2)), n


def cayley_back_inputs(rng):
    n, a, negatives = entries(rng)
    return rng.standard_normal((n, n)), *ops.scaled_cayley(a, negatives, n)[1]


def neumann_inputs(rng):
    n, a, _ = entries(rng)
    step = 0.3 * rng.standard_normal(n * (n - 1) // 2)
    return ops.cayley_inverse(a, n), ops.skew_symmetric(step, n), int(rng.integers(2, 4))


def step_back_inputs(rng):
    """Each unit's threshold lies between the sizes of its v: some are above, some below."""
    B, D = unequal(rng, 2, least=3)
    g, h, v, a_r, a_z = rng.standard_normal((5, B, D))
    r, z, b_n = ops.sigmoid(a_r)[0], ops.sigmoid(a_z)[0], -np.abs(v).mean(0)
    return g, h, rng.standard_normal((D, 3 * D)), r, z, ops.modrelu(v, b_n)[0], v, b_n


CAYLEY = Exercise(
    "scaled_cayley", orthogonal.scaled_cayley, cayley_inputs, ["U"],
    hints=["Three matrices: A from the numbers, the inverse of I + A, and S. Then one product.",
           "Fill the places above the diagonal of a matrix of zeros, and subtract its transpose.",
           "np.linalg.inv(np.eye(n) + A) is the inverse; S multiplies from the right, so it changes signs of columns.",
           "return np.linalg.inv(np.eye(n) + A) @ (np.eye(n) - A) @ S"],
    questions={
        "upper - upper.T": "Is your A the negative of its transpose?",
        "np.eye(n) - A": "Two factors of U have A in them: which is the second, and with which sign?",
        "inverse @ (np.eye(n) - A) @ S": "On which side do the signs stand?",
        "n - negatives": "Which columns have their sign changed, the first or the last?",
        "transposed": "Is your A the negative of its transpose?",
        "term": "Is U' U the identity? If not, which of the two factors is not as in the formula?",
        "": "Is U' U the identity? And has it as many negative signs as asked?"},
    mistakes=[
        Mistake({"np.linalg.inv(np.eye(n) + A)": "(np.eye(n) + A)"}, "nothing is inverted",
                "The formula is a quotient of two matrices: what does it mean to divide by one?"),
        Mistake({"upper - upper.T": "upper.T - upper"}, "A has the other sign, or the other factor is inverted",
                "Where does the first number stand, with which sign? And which of I + A and I − A is inverted?"),
        Mistake({"upper[np.triu_indices(n, 1)]": "upper[np.tril_indices(n, -1)]"},
                "the numbers stand below the diagonal, row by row", "Where do the numbers stand, and in which order?"),
        Mistake({"upper[np.triu_indices(n, 1)]": "upper.T[np.tril_indices(n, -1)]"},
                "the numbers stand above the diagonal column by column",
                "Where do the numbers stand, and in which order?"),
        Mistake({"upper - upper.T": "upper + upper.T"}, "A is symmetric and not skew-symmetric",
                "Is your A the negative of its transpose?"),
        Mistake({"inverse @ (np.eye(n) - A) @ S": "S @ inverse @ (np.eye(n) - A)"}, "the signs stand on the left",
                "S changes columns. On which side does such a matrix stand?"),
        Mistake({"n - negatives, 1, -1": "negatives, -1, 1"}, "the first entries of S are negative and not the last",
                "Which entries of S are −1?"),
        Mistake({"np.arange(n) < n - negatives": "(np.arange(n) < n - negatives) & (negatives > 0)"},
                "without negatives all signs are turned", "Which part of s is s[-0:]?"),
        Mistake({"(np.eye(n) - A) @ S": "(np.eye(n) - A)"}, "S is missing", "What is the determinant of your U?")])

CAYLEY_BACK = Exercise(
    "scaled_cayley_backward", orthogonal.scaled_cayley_backward, cayley_back_inputs, ["d_a"],
    hints=["Two steps: the gradient of A as if all its entries were free, then that of the numbers a.",
           "From dU = −inverse dA (U + S): what stands on the left of dA stays there, transposed; so on the right.",
           "(S + U)' = S + U': S is diagonal. So Q = inverse.T @ d_U @ (np.diag(sign) + U.T), and −Q is that of A.",
           "a_ij stands at (i, j) with a plus and at (j, i) with a minus: its gradient is −Q_ij + Q_ji."],
    questions={
        "inverse.T": "What stood on the left of dA comes back how?",
        "np.diag(sign)": "Which two matrices stand behind dA?",
        "U.T": "What stood on the right of dA comes back how?",
        "Q.T - Q": "In how many places does each number stand, and with which signs?",
        "transposed": "Which way round does a matrix stand on the way back?",
        "sign": "Raise a number a little on paper, n = 2: which way does the angle turn?",
        "term": "Look for all places where A occurs in (I + A) U = (I − A) S.",
        "factor": "In how many places does each number of a stand?",
        "shape": "How many free numbers has a skew-symmetric matrix?",
        "": "Take n = 2: the gradient must be that of cos and sin of 2 arctan a."},
    mistakes=[
        Mistake({"Q.T - Q": "Q - Q.T"}, "its sign is the other way round",
                "What is the sign of dU in your derivation?"),
        Mistake({"Q.T - Q": "-Q"}, "a number's second place is left out",
                "In how many places does each number stand, and with which signs?"),
        Mistake({"Q.T - Q": "-2 * Q"}, "a number's first place counts twice, its second not",
                "Is Q skew-symmetric? Add what comes from both places."),
        Mistake({"inverse.T @ d_U @ (np.diag(sign) + U.T)": "(np.diag(sign) + U.T) @ d_U @ inverse.T"},
                "the factors stand in the reverse order",
                "What stood on the left of dA: on which side does it come back?"),
        Mistake({"np.triu_indices(len(U), 1)": "np.tril_indices(len(U), -1)"},
                "the entries below the diagonal are returned", "Where do the numbers stand, and in which order?"),
        Mistake({"Q.T - Q": "Q.T + Q"}, "the two places count with the same sign",
                "Which sign has a below the diagonal?"),
        Mistake({"inverse.T": "inverse"}, "the inverse is not transposed",
                "What stood on the left of dA comes back how?"),
        Mistake({"np.diag(sign) + U.T": "U.T"}, "of the two matrices behind dA one is missing",
                "A occurs on both sides of (I + A) U = (I − A) S: what does each of them give?"),
        Mistake({"np.diag(sign) + U.T": "np.eye(len(U)) + U.T"}, "S is taken for the identity",
                "Is it right for negatives = 0? What then is different otherwise?"),
        Mistake({"np.diag(sign) + U.T": "np.diag(sign) + U"}, "U is not transposed",
                "What stood on the right of dA comes back how?")])

NEUMANN = Exercise(
    "neumann_inverse", orthogonal.neumann_inverse, neumann_inputs, ["inverse"],
    hints=["Add up the powers of X from the 0th on, then multiply by the inverse.",
           "Horner's way needs one product an order: total = inverse + X @ total, begun at the inverse.",
           "for _ in range(order): total = inverse + X @ total"],
    questions={
        "inverse @ delta_A": "From (I + A − ΔA)⁻¹ = ((I + A)(I − X))⁻¹: what is X, in which order?",
        "X @ total": "On which side do the powers of X stand?",
        "range(order)": "Which is the highest power of X in your sum?",
        "number": "Which is the highest power of X in your sum?",
        "order": "Do the products stand in the order of the formula? Matrices do not commute.",
        "sign": "1/(1 − x) = 1 + x + x² + …: which signs has it?",
        "": "Take order = 1: the result must be (I + X) times the inverse."},
    mistakes=[
        Mistake({"inverse @ delta_A": "delta_A @ inverse"}, "X has its factors in the other order",
                "From (I + A − ΔA)⁻¹ = ((I + A)(I − X))⁻¹: what is X, in which order?"),
        Mistake({"inverse + X @ total": "inverse - X @ total"}, "the signs alternate, as in 1/(1 + x)",
                "1/(1 − x) = 1 + x + x² + …: which signs has it?"),
        Mistake({"inverse + X @ total": "inverse + total @ X"}, "the powers stand on the other side of the inverse",
                "(I − X)⁻¹ (I + A)⁻¹: which of the two stands first?"),
        Mistake({"range(order)": "range(order - 1)"}, "the highest power is missing",
                "Which is the highest power of X in your sum?"),
        Mistake({"range(order)": "range(order + 1)"}, "there is one power too many",
                "Which is the highest power of X in your sum?"),
        Mistake({"total = inverse\n": "total = np.eye(len(X))\n", "inverse + X @ total": "np.eye(len(X)) + X @ total"},
                "the sum of powers is not multiplied by the inverse", "What is left of your sum for ΔA = 0?"),
        Mistake({"    return total": "    powers = sum(X ** k for k in range(1, order + 1))\n"
                                     "    return (np.eye(len(X)) + powers) @ inverse"},
                "the powers are those of single entries", "Which product of two matrices is X²: * or @?"),
        Mistake({"inverse + X @ total": "X @ total"}, "there is one power alone and no sum",
                "How many terms has the series?"),
        Mistake({"inverse + X @ total": "total + X @ total"}, "the powers are multiplied up, (I + X) to the order",
                "Multiply it out for order = 2: which coefficient has X?")])

NC_STEP_BACK = Exercise(
    "ncgru_step_backward", orthogonal.ncgru_step_backward, step_back_inputs, ["d_h"],
    hints=["As in chapter 04: go back line by line, and count where h occurs.",
           "modReLU's slope with respect to v is 1 where |v| + b_n > 0, else 0. The signs cancel.",
           "d_rh = d_v @ u_n.T is the gradient of r * h; it goes to h times r, and to r times h.",
           "return g * z + d_rh * r + d_a_z @ u_z.T + d_a_r @ u_r.T"],
    questions={
        "g * z": "Freeze the gates: what coefficient has h in the next state?",
        "d_rh * r": "h stands beside r inside the candidate: what comes back to it there?",
        "d_a_z @ u_z.T": "The update gate has seen h as well: where does its gradient go?",
        "d_a_r @ u_r.T": "The reset gate has seen h as well: where does its gradient go?",
        "h - n": "Raise z: does the next state move towards h or towards n?",
        "1 - z": "Close the update gate (z = 1): how much does the candidate still count?",
        "np.abs(v) + b_n > 0": "For which v is the candidate 0, and how steep is it there?",
        "d_rh * h": "What is the reset gate multiplied by, in this form of the candidate?",
        "z * (1 - z)": "How steep is the logistic function where the gate is closed?",
        "r * (1 - r)": "How steep is the logistic function where the gate is closed?",
        "u_n.T": "Which way round does a matrix stand on the way back?",
        "transposed": "D = 1 passes, D = 3 fails: what can a single number not show?",
        "": "Put all four terms beside the complex step, one at a time: which one differs?"},
    mistakes=[
        Mistake({"d_v = d_n * (np.abs(v) + b_n > 0)": "d_v = d_n"}, "the candidate's threshold is not looked at",
                "For which v is the candidate 0, and how steep is it there?"),
        Mistake({"d_v = d_n * (np.abs(v) + b_n > 0)": "d_v = d_n * np.sign(v) * (np.abs(v) + b_n > 0)"},
                "the sign of v stays in the slope", "n as a function of v: does it fall anywhere?"),
        Mistake({"d_v = d_n * (np.abs(v) + b_n > 0)": "d_v = d_n * (1 - n * n)"}, "the slope is that of tanh",
                "Which function makes the candidate here?"),
        Mistake({"d_v = d_n * (np.abs(v) + b_n > 0)": "d_v = d_n * (v + b_n > 0)"}, "the slope is that of a plain relu",
                "What becomes of a large negative v?"),
        Mistake({"u_z.T": "u_z", "u_n.T": "u_n", "u_r.T": "u_r"}, "none of the recurrent matrices is transposed",
                "D = 1 passes, D = 3 fails: what can a single number not show?"),
        Mistake({"d_r = d_rh * h": "d_r = d_v * (h @ u_n)", " + d_rh * r": " + (d_v * r) @ u_n.T"},
                "it is the backward pass of the other form, in which the reset gate acts behind the product",
                "What exactly is multiplied by u_n here?"),
        Mistake({"d_rh * h": "d_rh * r", "+ d_rh * r +": "+ d_rh * h +"},
                "the two factors of the candidate's product are exchanged: each gets itself and not the other",
                "Of a product of two, which factor multiplies the gradient of which?"),
        Mistake({" * z * (1 - z)": " * (1 - z * z)", " * r * (1 - r)": " * (1 - r * r)"},
                "the slope of tanh stands for that of the logistic function in both gates",
                "How steep is the logistic function where the gate is open, and where it is closed?"),
        Mistake({" * z * (1 - z)": " * z", " * r * (1 - r)": " * r"},
                "half of the logistic function's slope is lost in both gates",
                "How steep is the logistic function where the gate is open, and where it is closed?"),
        Mistake({" * z * (1 - z)": " * (1 - z)", " * r * (1 - r)": " * (1 - r)"},
                "half of the logistic function's slope is lost in both gates",
                "How steep is the logistic function where the gate is open, and where it is closed?"),
        Mistake({" * z * (1 - z)": "", " * r * (1 - r)": ""},
                "the slope of the logistic function is lost in both gates",
                "How steep is the logistic function where the gate is closed?")])

EXERCISES = (
    Answer("05.row", {"U_11": 0.6, "U_12": -0.8}, {
        0.8: "Which sign has the second number of the first row of I − A?",
        1.2: "What does the inverse divide by?", 0.75: "What does the inverse divide by?"},
        hints=["The inverse is (1, −½; ½, 1)/1.25, and I − A is (1, −½; ½, 1) once more.",
               "The square of (1, −½; ½, 1) has the first row (¾, −1)."]),
    Answer("05.slope", {"of U_11": -1.28, "of U_21": 0.96}, {
        1.28: "As a grows from ½, does the cosine of the angle grow?", -0.8: "How fast does the angle grow with a?",
        0.6: "How fast does the angle grow with a?"},
        hints=["The angle is 2 arctan a, so it grows by 2/(1 + a²) = 1.6.",
               "cos and sin of the angle are 0.6 and 0.8."]),
    Answer("05.x", {"X_11": 0.04, "X_12": 0.08}, {
        -0.04: "Below the diagonal of ΔA stands −0.1: which entries of the inverse meet it?",
        -0.08: "Is ΔA the old A minus the new one?"},
        hints=["ΔA is (0, 0.1; −0.1, 0).", "Row (0.8, −0.4) times ΔA: (−0.4)(−0.1), then 0.8 · 0.1."]),
    Answer("05.modrelu", {"the value": -1.5, "by v": 1.0, "by b": -1.0}, {
        1.5: "Which sign does modReLU keep?", -2.5: "Does b = −½ make the size smaller or larger?"},
        hints=["|v| + b = 1.5 is above 0.", "Where v < 0 the value is −(−v + b) = v − b."]),
    CAYLEY, CAYLEY_BACK, NEUMANN, NC_STEP_BACK)

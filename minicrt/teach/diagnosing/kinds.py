"""What a small change of a solution is, in few words that give nothing away"""

import ast
import re

from minicrt.conformance.mutation.program import Edit

Kind = tuple[str, str]                                       # the key of a question, and what is wrong, a clause
KEYS = ("term", "sign", "factor", "transposed", "complement", "time", "sum", "mean", "function", "blocks", "axis",
        "order", "operator", "other", "number", "zero", "width", "small", "precision", "shape", "")
TERM, SIGN = ("term", "one term is left out"), ("sign", "one sign is the other way round")
FACTOR, TIME = ("factor", "one factor is left out"), ("time", "one array is taken at another time step")
TRANSPOSED = ("transposed", "one matrix is transposed, or should be and is not")
COMPLEMENT = ("complement", "something stands for what it adds up to 1 with")
BY_WORDS: tuple[tuple[str, Kind], ...] = (
    (r"^the term .* left out$", TERM), (r"^the factor .* left out$", FACTOR),
    (r"^the divisor .* left out$", ("factor", "one divisor is left out")),
    (r"^(total|rows_sum) were left out", ("sum", "one sum is left out")),
    (r"^mean were left out", ("mean", "one mean is left out")),
    (r"^transposed were left out|not transposed$|were transposed$", TRANSPOSED),
    (r"were left out of", ("function", "one function is left out")),
    (r"^the sign of .* were plus$| were (subtracted|added) in ", SIGN),
    (r"the index were|were that of step|rolled|reversed_in_time|other way round", TIME),
    (r"^the blocks were", ("blocks", "the blocks stand in another order")),
    (r" went over axis ", ("axis", "a sum, a mean or a join goes along another axis")),
    (r"were multiplied by ", ("factor", "there is one factor too many")),
    (r"(were added to|were subtracted from) ", ("term", "there is one term too many")),
    (r"were doubled$", ("factor", "there is a factor of 2 too many")),
    (r"were halved$", ("factor", "there is a factor of ½ too many")),
    (r" stood for ", ("function", "one function stands in the place of another")),
    (r"were 0$", TERM), (r"were written over|came before it$", ("order", "the lines work in another order")))


def kind_of_edit(edit: Edit) -> Kind:
    """The first thing that fits: what became of the expression, or the words that the mutation search has for it."""
    words = edit.words
    by_words = next((kind for pattern, kind in BY_WORDS if re.search(pattern, words)), None)
    return by_words or of_expressions(*replaced_by(words)) or ("order", "one expression is put together in another way")


def replaced_by(words: str) -> tuple[str, str]:
    """ "a were b" """
    old, found, new = re.sub(r"^the (first|second|third|fourth|fifth|sixth) ", "", words).partition(" were ")
    return (old, new) if found else ("", "")


def of_expressions(old: str, new: str) -> Kind | None:
    try:
        one, other = (ast.parse(text, mode="eval").body for text in (old, new))
    except SyntaxError:
        return None
    first, second = ast.unparse(one), ast.unparse(other)
    if second in (f"-{first}", f"-({first})") or first == f"-{second}" or is_turned(one, other):
        return SIGN
    if adds_up(first, other) or adds_up(second, one):
        return COMPLEMENT
    if isinstance(one, ast.Call) and isinstance(other, ast.Call) and {name_of(one), name_of(other)} <= {
            "total", "mean", "rows_sum", "rows_mean", "unbiased_mean"}:
        mean_of_sum = "mean" in name_of(one)
        return "mean", "a sum stands for a mean" if mean_of_sum and "sum" in name_of(other) + "_sum" * (
            name_of(other) == "total") else "a mean stands for a sum, or is taken over another number"
    if isinstance(one, ast.Subscript) and isinstance(other, ast.Subscript) and base(one) == base(other):
        return TIME
    if isinstance(one, ast.Name | ast.Subscript) and isinstance(other, ast.Name | ast.Subscript):
        return "other", "one array stands in the place of another of the same shape"
    if isinstance(one, ast.BinOp) and isinstance(other, ast.BinOp) and type(one.op) is not type(other.op) and (
            ast.unparse(one.left), ast.unparse(one.right)) == (ast.unparse(other.left), ast.unparse(other.right)):
        return "operator", "two things are put together by another operation"
    if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub) and second == ast.unparse(one.right):
        return TERM
    if isinstance(other, ast.Call) and first in [ast.unparse(argument) for argument in other.args]:
        return "function", "there is one function too many"
    if isinstance(one, ast.Attribute) and second == ast.unparse(one.value):
        return TRANSPOSED
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
        return "number", "one number is another one"
    return None


def is_turned(one: ast.expr, other: ast.expr) -> bool:
    """a - b and b - a"""
    return (isinstance(one, ast.BinOp) and isinstance(other, ast.BinOp) and isinstance(one.op, ast.Sub)
            and isinstance(other.op, ast.Sub) and ast.unparse(one.left) == ast.unparse(other.right)
            and ast.unparse(one.right) == ast.unparse(other.left))


def adds_up(text: str, node: ast.expr) -> bool:
    """Whether the node is 1 - text."""
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and ast.unparse(node.left) == "1"
            and ast.unparse(node.right).strip("()") == text.strip("()"))


def name_of(node: ast.Call) -> str:
    return ast.unparse(node.func)


def base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)

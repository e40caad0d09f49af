"""What a small change is, in few words that give nothing away: of the right function, or back to it"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from minicrt.conformance.mutation.program import Edit


class Kind(NamedTuple):
    """The key of a question; what is wrong where the right function has the change; and where the change repairs it."""

    key: str
    there: str
    repaired: str = ""

    @property
    def clause(self) -> str:
        """Of a repair."""
        return self.repaired or self.there


KEYS = ("term", "sign", "factor", "transposed", "complement", "time", "sum", "mean", "function", "blocks", "axis",
        "order", "operator", "other", "number", "loop", "mask", "zero", "width", "small", "precision", "finite",
        "whole", "again", "shape", "")
LESS_TERM = Kind("term", "one term is left out", "there is one term too many")
MORE_TERM = Kind("term", LESS_TERM.repaired, LESS_TERM.there)
LESS_FACTOR = Kind("factor", "one factor is left out", "there is one factor too many")
MORE_FACTOR = Kind("factor", LESS_FACTOR.repaired, LESS_FACTOR.there)
LESS_FUNCTION = Kind("function", "one function is left out", "there is one function too many")
MORE_FUNCTION = Kind("function", LESS_FUNCTION.repaired, LESS_FUNCTION.there)
SIGN = Kind("sign", "one sign is the other way round")
TIME = Kind("time", "one array is taken at another time step, or at another place")
TRANSPOSED = Kind("transposed", "one matrix is transposed, or should be and is not")
COMPLEMENT = Kind("complement", "something stands for what it adds up to 1 with")
FOR_MEAN = Kind("mean", "a sum stands for a mean", "a mean stands for a sum, or is taken over another number")
FOR_SUM = Kind("mean", FOR_MEAN.repaired, FOR_MEAN.there)
OTHER = Kind("other", "one array stands in the place of another of the same shape")
NUMBER = Kind("number", "one number is another one", "one number is not the one that it should be")
RESHAPED = Kind("transposed", "a matrix is given the transposed shape by reshape, which leaves its numbers in their "
                              "order", "a matrix is transposed where its shape alone should change")
ELSE = Kind("other", "something else stands in one place")
FOR_ROWS = Kind("mean", "a mean over all rows stands for each of them", "each row stands for a mean over all of them")
BRACKETS = Kind("order", "something stands inside of a bracket or a function that should stand outside, or the other "
                         "way round")
BY_WORDS: tuple[tuple[str, Kind], ...] = (
    (r"^the term .* left out$", LESS_TERM), (r"^the factor .* left out$", LESS_FACTOR),
    (r"^the divisor .* left out$", Kind("factor", "one divisor is left out", "there is one divisor too many")),
    (r"^(total|rows_sum) were left out", Kind("sum", "one sum is left out", "there is one sum too many")),
    (r"^mean were left out", Kind("mean", "one mean is left out", "there is one mean too many")),
    (r"were only given the transposed shape$", RESHAPED),
    (r"^transposed were left out|not transposed$|were transposed$", TRANSPOSED),
    (r"^square were left out of", LESS_FACTOR), (r"were left out of", LESS_FUNCTION),
    (r"^the sign of .* were plus$| were (subtracted|added) in ", SIGN),
    (r"the index were|that of (the )?(last )?(step|row)|in reverse order|mean over all steps|other way round", TIME),
    (r"^square of .* were taken$", MORE_FACTOR), (r" of .* were taken$", MORE_FUNCTION),
    (r"were clipped at ", Kind("function", "something is clipped")),
    (r" mean over (the batch|all rows|all heads)", FOR_ROWS),
    (r"that of the (first row|head|last head|row)|that of the \w+ (before|behind)|read one step late|slice were", TIME),
    (r"^(?:the \w+ )?(\w+) were (min|max)?\(\1 [+-] 1\b", TIME),
    (r"^the exponent .* left out$", Kind("number", "an exponent is left out", "there is an exponent too many")),
    (r"^in .* each query saw one key ", Kind("mask", "the edge of a mask is off by one")),
    (r"what it was in front of it|ran in chunks", Kind("loop", "a turn of a loop does not go on with what the one "
                                                      "before it left")),
    (r"^the blocks were", Kind("blocks", "the blocks stand in another order")),
    (r" went over (axis|all rows) ", Kind("axis", "a sum, a mean or a join goes along another axis")),
    (r"were multiplied by ", MORE_FACTOR), (r"(were added to|were subtracted from) ", MORE_TERM),
    (r"were doubled$", Kind("factor", "there is a factor of 2 too many", "there is a factor of ½ too many, or one of 2 "
                                      "too few")),
    (r"were halved$", Kind("factor", "there is a factor of ½ too many", "there is a factor of 2 too many")),
    (r" stood for ", Kind("function", "one function stands in the place of another")),
    (r"^-?[\d.]+ were 0$", NUMBER), (r"were (0|zeros)$|^(np\.)?ones\b.* were 1 - ", LESS_TERM),
    (r"were written over", Kind("order", "the lines work in another order", "what is made is not used further down, "
                                "where what it is made of still stands")),
    (r"came before it$", Kind("order", "the lines work in another order")),
    (r"^every turn ", Kind("loop", "of a sum over a loop only the last turn is left", "a loop adds up what it should "
                                   "replace")),
    (r"^the last turn ", Kind("loop", "a loop adds up what it should replace", "of a sum over a loop only the last "
                                      "turn is left")))


def kind_of_edit(edit: Edit) -> Kind:
    """The first that fits: the words that the mutation search has for it, or what became of the expression."""
    words = edit.words
    by_words = next((kind for pattern, kind in BY_WORDS if re.search(pattern, words)), None)
    return by_words or of_expressions(*replaced_by(words)) or (
        BRACKETS if regrouped(*replaced_by(words)) or "came in behind" in words else ELSE)


def replaced_by(words: str) -> tuple[str, str]:
    """ "a were b", perhaps "… wherever it is read" """
    old, found, new = re.sub(r"^the (first|second|third|fourth|fifth|sixth) ", "", words).partition(" were ")
    return (old, new.removesuffix(" wherever it is read")) if found else ("", "")


def of_expressions(old: str, new: str) -> Kind | None:
    try:
        one, other = (ast.parse(text, mode="eval").body for text in (old, new))
    except SyntaxError:
        return None
    first, second = ast.unparse(one), ast.unparse(other)
    if second == f"0 * {first}":
        return LESS_TERM
    if second in (f"-{first}", f"-({first})") or first == f"-{second}" or is_turned(one, other):
        return SIGN
    if adds_up(first, other) or adds_up(second, one):
        return COMPLEMENT
    if is_made_of(first, other, ast.Add, ast.Sub):
        return MORE_TERM
    if is_made_of(first, other, ast.Mult, ast.Div):
        return MORE_FACTOR
    return of_kinds(one, other)


def of_kinds(one: ast.expr, other: ast.expr) -> Kind | None:
    """By what the two expressions are."""
    first, second = ast.unparse(one), ast.unparse(other)
    if isinstance(one, ast.Call) and isinstance(other, ast.Call) and {name_of(one), name_of(other)} <= {
            "total", "mean", "rows_sum", "rows_mean", "unbiased_mean"}:
        return FOR_MEAN if "mean" in name_of(one) and "mean" not in name_of(other) else FOR_SUM
    if isinstance(one, ast.Subscript) and isinstance(other, ast.Subscript) and base(one) == base(other):
        return TIME
    if isinstance(one, ast.Name | ast.Subscript) and isinstance(other, ast.Name | ast.Subscript):
        return OTHER
    if isinstance(one, ast.BinOp) and isinstance(other, ast.BinOp) and type(one.op) is not type(other.op) and (
            ast.unparse(one.left), ast.unparse(one.right)) == (ast.unparse(other.left), ast.unparse(other.right)):
        return Kind("operator", "two things are put together by another operation")
    if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub) and second == ast.unparse(one.right):
        return LESS_TERM
    if isinstance(other, ast.Call) and first in [ast.unparse(argument) for argument in other.args]:
        return MORE_FACTOR if name_of(other) == "square" else MORE_FUNCTION
    if isinstance(one, ast.Attribute) and second == ast.unparse(one.value) or second == f"{first}.T":
        return TRANSPOSED
    if isinstance(one, ast.BinOp) and second == ast.unparse(ast.BinOp(one.right, one.op, one.left)):
        return Kind("order", "two things are put together in the other order")
    return NUMBER if isinstance(other, ast.Constant) or isinstance(one, ast.Constant) else None


def is_turned(one: ast.expr, other: ast.expr) -> bool:
    """a - b and b - a"""
    return (isinstance(one, ast.BinOp) and isinstance(other, ast.BinOp) and isinstance(one.op, ast.Sub)
            and isinstance(other.op, ast.Sub) and ast.unparse(one.left) == ast.unparse(other.right)
            and ast.unparse(one.right) == ast.unparse(other.left))


def adds_up(text: str, node: ast.expr) -> bool:
    """Whether the node is 1 - text."""
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and ast.unparse(node.left) == "1"
            and ast.unparse(node.right).strip("()") == text.strip("()"))


def is_made_of(text: str, node: ast.expr, *operators: type[ast.operator]) -> bool:
    """Whether the node is text and something more."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators) and text in (
        ast.unparse(node.left), ast.unparse(node.right))


def regrouped(old: str, new: str) -> bool:
    """Whether they are made of the same names, numbers and operations."""
    try:
        return bool(old) and sorted(parts(old)) == sorted(parts(new))
    except SyntaxError:
        return False


def parts(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Name | ast.Constant | ast.operator):
            yield ast.dump(node)


def name_of(node: ast.Call) -> str:
    return ast.unparse(node.func)


def base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)

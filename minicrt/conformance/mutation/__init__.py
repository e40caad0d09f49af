"""Mistakes that nobody had to think of: small changes of the specification, made from its source

Each operation is written in `equations` once more, one equation a line. `mutators` change a line in the ways in which
people get one wrong; a port whose numbers are those of a changed line has probably made that change. The backward pass
of a changed forward pass is either right for it, as where a library differentiates, or the reference's. Whether a
port's gradients are those that are right for a changed forward pass, the complex step tells (`complex_step`).
Mutants only name what is wrong. Whether a port is wrong is never theirs to decide.
"""

from minicrt.conformance.mutation.mutants import Mutant
from minicrt.conformance.mutation.program import has_source
from minicrt.conformance.mutation.search import mutant_explanations
from minicrt.conformance.mutation.with_known import with_known

__all__ = ["Mutant", "has_source", "mutant_explanations", "with_known"]

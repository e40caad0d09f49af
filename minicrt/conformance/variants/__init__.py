"""The catalogue of wrong variants: plausible mistakes in a backward pass, every one of which a check must reject.

Each operation's backward pass is written here a second time, from its inputs alone, and carries its mistakes as named
defects at the very line where they are made. Without a defect it is right, so that a variant is rejected for its
mistake and for nothing else.

    for variant in VARIANTS:
        variant.forward(**inputs) -> y, cache
        variant.backward(d_y, cache) -> the gradients, wrong
"""

from minicrt.conformance.variants.attention import ATTENTION
from minicrt.conformance.variants.comparators import COMPARATORS
from minicrt.conformance.variants.composed import COMPOSED
from minicrt.conformance.variants.elementwise import ELEMENTWISE
from minicrt.conformance.variants.family import Family, Variant
from minicrt.conformance.variants.loss import LOSS
from minicrt.conformance.variants.recurrent import RECURRENT
from minicrt.conformance.variants.relative import RELATIVE
from minicrt.conformance.variants.rowwise import ROWWISE

__all__ = ["FAMILIES", "VARIANTS", "Family", "Variant"]

FAMILIES: tuple[Family, ...] = (*ROWWISE, *ELEMENTWISE, *ATTENTION, *COMPOSED, *RECURRENT, *LOSS,
                                *RELATIVE, *COMPARATORS)
VARIANTS: tuple[Variant, ...] = tuple(variant for family in FAMILIES for variant in family.variants)

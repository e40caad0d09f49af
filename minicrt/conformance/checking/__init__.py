"""The checker of ports: whether one is right, which tensor goes wrong first, and what the mistake probably is.

    distance.py    how far two arrays are apart            all_gradients.py  what was done to all gradients alike
    comparison.py  a port's tensors next to a case's       factors.py    constant factors, and what they stand for
    catalogue.py   the known mistakes of a case            patterns.py   what simple change makes theirs of ours
    search.py      which of them give a port's numbers     terms.py      a term or a factor too many or too few
    precision.py   float32 where float64 was promised      extent.py     which part of a tensor is right
    diagnosis.py   what the mistake is, in sentences       appearance.py what an error looks like besides
    unnamed.py     what is said where no name fits         report.py     the result as text and JSON
    problems.py    why a tensor cannot be compared
    causal.py      what goes wrong first in time           arithmetic/   ports of another precision
    port.py        check_port(port, case)                  page.py       the result as HTML; heatmap.py its pictures
"""

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, compare
from minicrt.conformance.checking.diagnosis import Diagnosis, diagnose
from minicrt.conformance.checking.port import CheckReport, case_names, check_port
from minicrt.conformance.checking.search import Experience

__all__ = ["CheckReport", "Comparison", "Diagnosis", "Experience", "TensorComparison", "case_names", "check_port",
           "compare", "diagnose"]

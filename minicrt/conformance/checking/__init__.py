"""The checker of ports: whether one is right, which tensor goes wrong first, and what the mistake probably is.

    distance.py    how far two arrays are apart            factors.py   constant factors, and what they stand for
    comparison.py  a port's tensors next to a case's       parts.py     which part of a tensor is right
    diagnosis.py   what the mistake is                     patterns.py  what simple change makes theirs of ours
    port.py        check(port, case)                       report.py    the result as text and JSON; page.py as HTML
"""

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, compare
from minicrt.conformance.checking.diagnosis import Diagnosis, diagnose
from minicrt.conformance.checking.port import CheckReport, case_names, check
from minicrt.conformance.checking.search import Experience

__all__ = ["CheckReport", "Comparison", "Diagnosis", "Experience", "TensorComparison", "case_names", "check", "compare",
           "diagnose"]

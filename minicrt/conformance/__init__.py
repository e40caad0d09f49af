"""What a right implementation passes: gradient checks, golden cases for ports, and the mistakes that both know.

    from minicrt.conformance import case_names, check

    check(my_gru, "gru").raise_if_wrong()
"""

from minicrt.conformance.checking import CheckReport, Diagnosis, case_names, check

__all__ = ["CheckReport", "Diagnosis", "case_names", "check"]

"""Exercises that say what is wrong: the course's checker, on the gradient checker and the port checker.

    from minicrt import teach

    teach.grade("gru_backward", my_function)     # not attempted, not comparable, wrong (what, and a question), or right
    teach.hint("gru_backward", 1)                # from a nudge to the line
    teach.solution("gru_backward")               # the code, on request
    teach.answer("04.h1", 0.5, -0.25)            # numbers predicted on paper
    teach.contents()                            # all names

`grade` runs the student's own function on random arguments of unequal sizes, beside a solution. What it says of a wrong
one fits every number exactly; it never shows the equation. `python -m minicrt.teach` looks whether all is there that
the course needs.
"""

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.grading import grade
from minicrt.teach.predicting import answer
from minicrt.teach.reading import contents, hint, solution, source, stub
from minicrt.teach.verdict import Grade

__all__ = ["Answer", "Exercise", "Grade", "Mistake", "answer", "contents", "grade", "hint", "solution", "source",
           "stub", "unequal"]

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

__all__ = ["Answer", "Exercise", "Grade", "Mistake", "answer", "contents", "grade", "hint", "solution", "source",
           "stub", "unequal"]

TYPE_CHECKING = False                                        # as in minicrt itself
if TYPE_CHECKING:
    from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
    from minicrt.teach.grading import grade
    from minicrt.teach.predicting import answer
    from minicrt.teach.reading import contents, hint, solution, source, stub
    from minicrt.teach.verdict import Grade
else:
    _HOMES = {"exercise": ("Answer", "Exercise", "Mistake", "unequal"), "grading": ("grade",),
              "predicting": ("answer",), "reading": ("contents", "hint", "solution", "source", "stub"),
              "verdict": ("Grade",)}

    def __getattr__(name: str) -> object:
        """Imported at its first use, so that `python -m minicrt.teach` can say that NumPy is missing."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                globals()[name] = getattr(import_module(f"minicrt.teach.{home}"), name)
                return globals()[name]
        raise AttributeError(f"minicrt.teach has no {name!r}", name=name)

    def __dir__() -> list[str]:
        return sorted({*__all__, "__doc__"})

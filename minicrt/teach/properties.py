"""Exercises in which the student writes a property: what must hold for every input, tried on right and broken functions

A property is a function of the function under test and of inputs. It returns True where the inputs show nothing wrong,
and False where they do; an AssertionError is a False.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicrt.arguments import kind_of
from minicrt.teach.exercise import Written
from minicrt.teach.running import Outcome, cannot_be_called, is_undone, raised_by_student, written_to
from minicrt.teach.verdict import STUCK, Grade, listed, sentence

DRAWS = 10                  # so many times inputs are drawn
UNUSED = "Which inputs must the function be called with, to find out?"
BITS = 64                   # inputs that are multiples of 1/64 show whether a property asks for equal bits


@dataclass(frozen=True, eq=False)
class Subject:
    """A function that a property is tried on.

    called    "the model that looks one step ahead"; the first of an exercise is the right one
    function  what the property gets as its first argument
    holds     whether it has the property
    asks      the question where the student's property says otherwise
    """

    called: str
    function: Callable[..., Any]
    holds: bool
    asks: str = ""


@dataclass(frozen=True, eq=False)
class PropertyExercise(Written):
    """A property for the student to write.

    name       what the student types, as a rule the solution's own name
    solution   a function in minicrt/teach/solutions whose first parameter is the function under test
    inputs     inputs(rng) makes the other arguments, by name
    subjects   the right function, and others of which some do not have the property
    hints      from a nudge to the line
    questions  by what is wrong, what to ask where a subject has no question of its own: blind (it holds where it must
               not), strict (it refuses what is right), rounding, writes, same (the function is called with the same
               numbers each time), shape
    """

    subjects: Sequence[Subject]
    hints: Sequence[str] = ()
    questions: Mapping[str, str] = field(default_factory=dict)
    outputs = ("True or False",)

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """The arguments behind the first, by name."""
        made = self.inputs(rng)
        assert isinstance(made, Mapping)
        return dict(made)


class Watched:
    """A function under test that remembers what it was called with."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, list[tuple[Any, ...]]()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls.append(copy.deepcopy((*arguments, *options.values())))
        return self.function(*arguments, **options)

    @property
    def saw_the_same(self) -> bool:
        """Whether there were several calls, all with the same numbers."""
        first, *others = self.calls or [()]
        return bool(others) and all(equal(first, other) for other in others)


def equal(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other))


def of_few_bits(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with multiples of 1/64 for their floats: sums of these are exact in any order."""
    return {name: np.round(value * BITS) / BITS if np.asarray(value).dtype.kind == "f" else value
            for name, value in arguments.items()}


@dataclass(frozen=True)
class Trials:
    """What a property said of one subject, draw by draw, or why it said nothing."""

    subject: Subject
    held: tuple[bool, ...] = ()
    problem: Grade | None = None
    called: bool = False                                     # in any draw
    saw_the_same: bool = True                                # in every draw

    @property
    def wrong(self) -> bool:
        """A property that must not hold need not be refuted by every input; one that must has to hold for all."""
        return all(self.held) != self.subject.holds


def judged_property(exercise: PropertyExercise, answer: Callable[..., Any], seed: int) -> Grade:
    """Try a student's property on every subject."""
    inputs = [exercise.draw(np.random.default_rng([seed, k])) for k in range(DRAWS)]
    trials = list[Trials]()
    for subject in exercise.subjects:
        trials.append(tried(exercise, answer, subject, inputs))
        problem = trials[-1].problem
        if problem is not None:                              # a grade is true only if right
            return problem
    right, *others = trials
    if right.wrong:
        return refuses_the_right(exercise, answer, trials, inputs)
    if any(one.wrong for one in others):
        return wrong_about_others(exercise, trials)
    caught = [one.subject.called for one in others if not one.subject.holds]
    return Grade("right", (f"{exercise.name} holds for {right.subject.called}, and not for {listed(caught)}.",
                           f"{DRAWS} random draws each."))


def tried(exercise: PropertyExercise, answer: Callable[..., Any], subject: Subject,
          inputs: Sequence[Mapping[str, Any]]) -> Trials:
    held, called, same = list[bool](), False, True
    for arguments in inputs:
        watched = Watched(subject.function)
        outcome = said(exercise, answer, watched, arguments)
        if isinstance(outcome, Grade):
            return Trials(subject, problem=outcome)
        held.append(outcome)
        called, same = called or bool(watched.calls), same and watched.saw_the_same
    return Trials(subject, tuple(held), called=called, saw_the_same=same)


def said(exercise: PropertyExercise, answer: Callable[..., Any], function: Callable[..., Any],
         arguments: Mapping[str, Any]) -> bool | Grade:
    """What the property says of the function for these arguments, or a grade where that is neither True nor False."""
    everything = {exercise.parameters[0]: function, **arguments}
    given = [function, *(copy.deepcopy(arguments[name]) for name in exercise.parameters[1:])]
    refused = cannot_be_called(exercise, answer, given)
    if refused:
        return incomparable(refused)
    holds: Any = False                                       # where it raises AssertionError
    with raised_by_student(answer) as guard, np.errstate(all="ignore"):
        try:
            holds = answer(*given)
        except AssertionError:
            pass
    if guard.outcome != Outcome():
        why = guard.outcome.not_attempted
        return not_attempted(exercise, why) if why else incomparable(guard.outcome.problem)
    if is_undone(holds):
        return not_attempted(exercise, "it returns None. Is there a return at its end?" if holds is None
                             else f"it returns {holds!r}.")
    if not isinstance(holds, bool | np.bool_):
        what = (f"truth values of shape {holds.shape}: of all of them, or of any"
                if isinstance(holds, np.ndarray) and holds.dtype.kind == "b" and holds.shape else kind_of(holds))
        return incomparable(f"it returns {what}, expected one True or False", exercise.questions.get("shape", ""))
    written = written_to(exercise, given, everything)
    if written:
        return wrong(exercise, "writes", (f"It writes to its argument {written[0]}, so that what is read before and "
                                          f"after are the same numbers; work on a copy, {written[0]}.copy().",))
    return bool(holds)


def refuses_the_right(exercise: PropertyExercise, answer: Callable[..., Any], trials: Sequence[Trials],
                      inputs: Sequence[Mapping[str, Any]]) -> Grade:
    right = trials[0]
    if all(said(exercise, answer, right.subject.function, of_few_bits(arguments)) is True for arguments in inputs):
        return wrong(exercise, "rounding", (f"It refuses {right.subject.called} for what is rounded otherwise: it asks "
                                            "for the same bits.",))
    if not any(any(one.held) for one in trials):
        return wrong(exercise, "strict", ("It refuses every one, the right one as well: there is nothing for which it "
                                          "is True.",), right.subject)
    count = right.held.count(False)
    return wrong(exercise, "strict", (f"It refuses {right.subject.called}, on {count} of {DRAWS} draws.",),
                 right.subject)


def wrong_about_others(exercise: PropertyExercise, trials: Sequence[Trials]) -> Grade:
    missed = [one for one in trials if one.wrong and not one.subject.holds]
    refused = [one for one in trials if one.wrong and one.subject.holds]
    function = exercise.parameters[0]
    if missed and not any(one.called for one in trials):
        return wrong(exercise, "unused", (f"It holds for every one, and never calls {function}.",))
    if missed and all(one.saw_the_same for one in trials):
        return wrong(exercise, "same", (f"It holds for every one: it calls {function} with the same numbers each "
                                        "time.",))
    sentences = list[str]()
    if missed:
        every = all(all(one.held) for one in trials)
        sentences.append(f"It holds for {'every one, also for ' * every}{listed([m.subject.called for m in missed])}"
                         f"{'' if every else ', for which it must not'}.")
    if refused:
        sentences.append(f"It refuses {listed([r.subject.called for r in refused])}, for which it must hold.")
    return wrong(exercise, "blind" if missed else "strict", tuple(sentences), (missed or refused)[0].subject)


def wrong(exercise: PropertyExercise, kind: str, sentences: tuple[str, ...], subject: Subject | None = None) -> Grade:
    asks = subject.asks if subject and subject.asks else exercise.questions.get(kind, UNUSED * (kind == "unused"))
    return Grade("wrong", sentences, kind, asks)


def incomparable(problem: str, question: str = "") -> Grade:
    return Grade("wrong shape", (sentence(problem),), "shape", question)


def not_attempted(exercise: PropertyExercise, why: str) -> Grade:
    return Grade("not attempted", (why, STUCK.format(name=exercise.name)))

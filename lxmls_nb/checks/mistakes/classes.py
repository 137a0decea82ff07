"""Mistakes in the class or function that an answer is, not in what it computes."""

from __future__ import annotations

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.errors import BASE, PLACEHOLDER, STOPS

MISNAMED = Mistake(
    "misnamed",
    "it defines {methods}: is the name misspelt?",
    name="the method has another name than the one that is asked for",
    lesson="Tests call methods by name: keep the name that the exercise gives.",
)
OUTSIDE = Mistake(
    "outside-class",
    "it is written outside of the class, or inside another method: its `def` line belongs one step "
    "(four spaces) to the right of the `class` line",
    name="a method is not indented as the methods of a class are",
    lesson="What is indented by one step below the `class` line belongs to the class: each `def` "
    "of a method stands there.",
)
NO_CLASS = Mistake(
    "no-class",
    "the name that the class should have stands for {kind}: keep that name for the class itself, "
    "and give anything else another one",
    name="something else stands under the name of the class",
    lesson="A test makes objects of the class itself: the name of the class must not be given to "
    "an object, as in `Model = Model()`.",
)
NO_BASE = Mistake(
    "no-base",
    "the class lacks what it should inherit: its `class` line needs the same name in brackets as "
    "in the exercise",
    name="the class inherits from another class than it should, or from none",
    lesson="What stands in brackets after the name of a class is what it inherits from: without "
    "it, none of the given methods are there.",
)
OWN_INIT = Mistake(
    "own-init",
    "the class's own `__init__` {what}: the exercise needs none, so leave it out",
    name="the class has an `__init__` of its own that does not do what the given one does",
    lesson="A method of your own takes the place of the one that is inherited: leave `__init__` "
    "out, or call `super().__init__(...)` in it with all arguments.",
)
#: Code that is written, and stops as if it were not.
OF_STOPS = {
    PLACEHOLDER: Mistake(
        "placeholder",
        STOPS[PLACEHOLDER],
        name="the line `raise NotImplementedError` is still there",
        lesson="The line `raise NotImplementedError` stops the code where it stands: delete it "
        "once your answer is written.",
    ),
    BASE: Mistake(
        "empty-base",
        STOPS[BASE],
        name="a method calls the empty one whose place it should take",
        lesson="`super()` has the method of the given class, and that one is empty in an exercise.",
    ),
}


def name_stop(fault: str, place: str) -> Finding | None:
    """Return the mistake in code that stops as if it were not written, None if it is not.

    Parameters
    ----------
    fault, place : str
        As from :func:`~lxmls_nb.errors.fault_of_stop`.
    """
    return OF_STOPS[fault].finding(place=place) if fault in OF_STOPS else None


def name_missing(method: str, methods: list[str]) -> Finding | None:
    """Return the likely mistake in a class that lacks a method.

    Parameters
    ----------
    method : str
        Its name.
    methods : list of str
        Those that the class has in its place, or `method` itself if it is outside the class.
    """
    if method in methods:
        return OUTSIDE.finding()
    named = " and ".join(f"`{each}`" for each in methods[:4])
    return MISNAMED.finding(methods=named) if methods else None


def name_fault(fault: str) -> Finding | None:
    """Return the mistake in a class that was found behind an error, None if none was.

    Parameters
    ----------
    fault : str
        As :func:`~lxmls_nb.checks.probes.classes.expected` notes it.
    """
    if fault in ("a function", "an object"):
        return NO_CLASS.finding(kind=fault)
    if fault == "base":
        return NO_BASE.finding()
    if fault == "arguments":
        return OWN_INIT.finding(what="does not take the arguments of the given one")
    if fault == "init":
        return OWN_INIT.finding(what="does not call `super().__init__(...)`")
    return None

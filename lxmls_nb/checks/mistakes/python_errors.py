"""Mistakes in NumPy's exercises that end in an error of Python: with lists, names and calls."""

from __future__ import annotations

import re

from lxmls_nb.checks.mistakes.array_errors import Raised, name_shapes
from lxmls_nb.checks.mistakes.form import ERROR
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.names import NOT_THE_LABELS, name_python_function
from lxmls_nb.checks.problems import Problem

#: What Python reports of a method: whose it is, how many arguments it takes, how many it was given.
ARGUMENTS = re.compile(r"(\w+)\.(\w+)\(\) takes (\d+) positional arguments? but (\d+) (?:was|were)")

#: Classes of the course, whose methods have `self`.
GIVEN = ("NumpyMLP", "NumpyLogLinear")

NO_SELF = Mistake(
    "no-self",
    "is `self` missing, or another argument, in its `def` line? `def backpropagation(self, input, "
    "output)` has all three, and `self` is not written where the method is called",
    name="`self` is missing",
    lesson="`self` is the first argument of each method in its `def` line, and is not written "
    "where the method is called.",
)
NOT_UNPACKED = Mistake(
    "not-unpacked",
    "`{name}` holds both of the things that `log_forward` returns: unpack them, as "
    "`log_probabilities, layer_inputs = self.log_forward(input)`",
    name="the two things that `log_forward` returns are not unpacked",
    lesson="`log_forward` of this network returns two things: the log-probabilities, and what "
    "entered each layer.",
)
RAGGED = Mistake(
    "ragged",
    "arrays of different shapes make no single array: return the list of pairs as it is, without "
    "`np.array`",
    name="arrays of different shapes are put into one array",
)
RECURSION = Mistake(
    "recursion",
    "it calls itself, again and again, and never comes to an end",
    name="the method calls itself without an end",
)
LIST_AS_ARRAY = Mistake(
    "list-as-array",
    "{what} stands where a single array belongs",
    name="a list of arrays stands where a single one belongs",
    lesson="`self.parameters[n]` is a pair, weight and bias, and `layer_inputs` has an array for "
    "each layer: take one of them.",
)
EXTRA_ARGUMENT = Mistake(
    "extra-argument",
    "`{method}` is called with {given}, and takes {takes}: leave the others out",
    name="a method is called with an argument too many",
)
NO_METHOD = Mistake(
    "no-method",
    "`{name}` is a function, not a method, so there is no `self`: use its arguments instead",
    name="`self` stands in a function that is no method",
)
LIST_METHOD = Mistake(
    "list-method",
    "{what} is None: `append`, `insert`, `reverse` and `sort` change a list and return None, so "
    "none of them stands behind an `=`, or in the head of a loop",
    name="None stands where a list belongs",
    lesson="`append`, `insert`, `reverse` and `sort` change a list and return None: they stand on "
    "a line of their own.",
)
NO_PLACE = Mistake(
    "empty-list",
    "the list has no such place to write to: is it empty, or too short? `append` adds a place",
    name="a list is written to where it has no place",
)
LIST_INDEX = Mistake(
    "list-index",
    "lists count from 0: of {count}, the last one has the index {last}, or -1. Is the index still "
    "the number of a layer here?",
    name="an index goes beyond the end of a list",
    lesson="Lists count from 0: the last of L layers has the index L - 1.",
)
CLASS_INDEX = Mistake(
    "class-index",
    "there is room for {size} classes, and there are {classes}, of which the last is {last}: is "
    "their number written into the code, or counted in this batch?",
    name="there is no room for some of the classes",
    lesson="The number of classes is the number of rows of the last weight, whichever of them are "
    "in this batch.",
)
WHOLE_NUMBERS = Mistake(
    "integer-array",
    "an array of whole numbers, as the labels are, cannot take fractions: make an array of floats, "
    "as `np.zeros(shape)` and `.astype(float)` do",
    name="an array of whole numbers is to take fractions",
)


def name_error(raised: Raised, name: str, problem: Problem | None) -> Finding:
    """Return the likely mistake where an answer raised an error.

    Parameters
    ----------
    raised : Raised
    name : str
        Of the function or method.
    problem : Problem, optional
        That of the call which failed.
    """
    takes = ARGUMENTS.search(raised.message)
    if raised.type == "TypeError" and takes and int(takes[4]) == int(takes[3]) + 1:
        if takes[1] not in GIVEN:
            return NO_SELF.finding()
        counts = [_counted(int(number) - 1) for number in (takes[3], takes[4])]
        return EXTRA_ARGUMENT.finding(method=takes[2], takes=counts[0], given=counts[1])
    if raised.type == "RecursionError":
        return RECURSION.finding()
    if raised.type == "NameError" and "'self'" in raised.message and name != "backpropagation":
        return NO_METHOD.finding(name=name)
    function = name_python_function(raised.message, raised.line, "np")
    if function:
        return function
    both = _not_unpacked(raised)
    if both:
        return NOT_UNPACKED.finding(name=both)
    if raised.type == "ValueError" and "inhomogeneous" in raised.message:
        return _name_ragged(raised)
    return _name_list(raised, problem) or (
        name_shapes(raised, problem) if raised.is_of_shapes else ERROR.finding()
    )


def _counted(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"


def _name_ragged(raised: Raised) -> Finding:
    """Return what is wrong where NumPy is to make one array of several that differ in shape."""
    made = r"np\.(?:as)?array\((?!log_)|stack\(|concatenate\(|np\.append\("
    if not raised.line or re.search(made, raised.line):
        return RAGGED.finding()
    pair = re.search(r"(?<!= )(?:self\.)?parameters\[[^\[\]:]*\](?!\[)", raised.line)
    if "layer_inputs" in raised.line and "layer_inputs[" not in raised.line:
        what = (
            "`layer_inputs`, the list of what enters each layer (the second thing that "
            "`log_forward` returns),"
        )
    elif pair:
        what = f"`{pair[0]}`, which is a pair, weight and bias,"
    else:
        what = "a list of several arrays"
    return LIST_AS_ARRAY.finding(what=what)


def _name_list(raised: Raised, problem: Problem | None) -> Finding | None:
    """Return what is wrong with a list, or with an array that is filled place by place."""
    method = re.search(
        r"'NoneType' object has no attribute '(append|insert|extend)'", raised.message
    )
    if method:
        return LIST_METHOD.finding(what=f"what stands before `.{method[1]}`")
    if "'NoneType' object is not" in raised.message and (
        method := re.search(r"[\w.]+\.(?:reverse|sort)\(\)", raised.line)
    ):
        return LIST_METHOD.finding(what=f"what `{method[0]}` returns")
    if raised.type == "IndexError" and "list assignment index" in raised.message:
        return NO_PLACE.finding()
    if raised.type == "UFuncTypeError" and "dtype('int" in raised.message:
        return WHOLE_NUMBERS.finding()
    if problem is None:
        return None
    classes = problem.geometry[-1]
    if found := _labels_replaced(raised, problem):
        return found
    label = re.match(r"label (\d+) is not one of the (\d+) classes", raised.message)
    if label and int(label[1]) < classes:
        return CLASS_INDEX.finding(size=label[2], classes=classes, last=classes - 1)
    if raised.type != "IndexError":
        return None
    of_layers = re.search(r"parameters\[[^\[\]]+\](?!\[)|layer_inputs\[[^\[\]]+\]", raised.line)
    is_list = raised.message.startswith("list index out of range")
    if is_list and of_layers and len(problem.geometry) > 2:
        count = len(problem.parameters)
        return LIST_INDEX.finding(count=f"{count} layers", last=count - 1)
    place = re.search(r"index (\d+) is out of bounds for axis \d with size (\d+)", raised.message)
    sizes = (1, len(problem.output), *problem.geometry[:-1])
    is_of_classes = place and int(place[1]) < classes and int(place[2]) not in sizes
    if place and is_of_classes and re.search("output|label|eye|onehot", raised.line):
        return CLASS_INDEX.finding(size=place[2], classes=classes, last=classes - 1)
    return None


def _labels_replaced(raised: Raised, problem: Problem) -> Finding | None:
    """Return what is wrong where something of another kind stands where labels belong."""
    output = (len(problem.output), problem.geometry[-1])
    given = re.match(r"labels are .* not (float\d+) of shape \((\d+), (\d+)\)", raised.message)
    if given and (int(given[2]), int(given[3])) == output:
        what = "has something else, such as the probabilities, taken the name of the labels?"
        passed = re.search(r"index2onehot\(([^,]*)", raised.line)
        if passed and passed[1].strip() != "output":
            what = f"the labels belong there, a class index for each example, not `{passed[1]}`"
        return NOT_THE_LABELS.finding(what=what)
    is_index = raised.message.startswith("arrays used as indices must be of integer")
    # Only whole numbers stand beside the labels there.
    beside = r"(?:\w+|:|range\([\w.()\[\]]*\)|np\.arange\([\w.()\[\]]*\))"
    if is_index and re.search(rf"\[(?:{beside}\s*,\s*)?output\s*(?:,\s*{beside})?\]", raised.line):
        what = (
            "an index is of whole numbers, as the labels are when they come in: have they become "
            "floats, or has something else taken their name?"
        )
        return NOT_THE_LABELS.finding(what=what)
    return None


def _not_unpacked(raised: Raised) -> str:
    """Return what holds both of the things that ``log_forward`` returns, if that is the fault."""
    if raised.type not in ("TypeError", "ValueError", "AttributeError"):
        return ""
    if raised.both and re.search(rf"\b{re.escape(raised.both)}\b", raised.line):
        return raised.both
    used = re.search(r"(\w+\.)?log_forward\([^()]*\)", raised.line)
    if used and re.search("tuple|inhomogeneous", raised.message):
        return used[0]
    return ""

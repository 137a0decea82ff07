"""Mistakes with names, which end in an error with NumPy and with PyTorch: a function of Python that
is taken for that of a library, and something else that has taken the name of the labels.
"""

from __future__ import annotations

import re

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake

PYTHON_FUNCTION = Mistake(
    "python-function",
    "`{name}` is a function of Python, for single numbers or the items of a list: for {what} there "
    "is `{instead}`",
    name="a function of Python stands where one for arrays is needed",
    lesson="Python's own `sum` and `max`, and those of its module `math`, are not made for arrays: "
    "take those of the library.",
)
NOT_THE_LABELS = Mistake(
    "not-the-labels",
    "{what}",
    name="what stands in the place of the labels is something else, or converted",
    lesson="`output` is the name of the labels: give what the model returns another one, and leave "
    "the labels as they come in.",
)

#: What is reported where a function of Python gets an array, the calls that this comes from, and
#: what else on the line it can come from, too.
OF_PYTHON = (
    (
        r"invalid keyword argument for (?P<it>sum|max|min)|(?P<its>sum|max|min)\(\) (?:takes|got)",
        r"(?<![\w.])(sum|max|min)\(",
        r"\.(?:sum|max|min)\(",
    ),
    (
        r"[Vv]alue of .* with more than one (?:element|value)",
        r"(?<![\w.])(max|min)\(",
        r"\b(?:if|while|and|or|not|assert)\b|[<>]|[=!]=|\bbool\(",
    ),
    (
        r"only .* can be converted to (?:a )?Python scalar",
        r"math\.(\w+)\(",
        r"(?<![\w.])(?:float|int|round|range)\(|\.item\(",
    ),
)

#: The maximum and minimum of two arrays, element by element.
OF_TWO = {"np": ("np.maximum", "np.minimum"), "torch": ("torch.clamp", "torch.clamp")}


def name_python_function(message: str, code: str, library: str) -> Finding | None:
    """Return the finding of a function of Python that has failed on an array, None without one.

    Parameters
    ----------
    message : str
        Of the error.
    code : str
        The line that raised it.
    library : str
        Whose function is meant: ``"np"`` or ``"torch"``.
    """
    for pattern, call, others in OF_PYTHON:
        found, reported = re.search(call, code), re.search(pattern, message)
        if not found or not reported or re.search(others, code):
            continue
        if {*reported.groupdict().values()} - {None, found[1]}:
            continue  # it is reported of another function
        instead = f"{library}.{found[1]}"
        if "value of" in message.lower() and _has_two_arguments(code[found.end() :]):
            instead = OF_TWO[library][found[1] == "min"]
        what = "tensors" if library == "torch" else "arrays"
        return PYTHON_FUNCTION.finding(name=found[0][:-1], what=what, instead=instead)
    return None


def _has_two_arguments(code: str) -> bool:
    """Whether a comma separates arguments of a call, of which `code` is what stands behind `(`."""
    depth = 0
    for letter in code:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0 or (letter == "," and depth == 0):
            return depth == 0
    return False

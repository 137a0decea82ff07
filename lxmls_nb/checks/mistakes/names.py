"""Mistakes with names, which end in an error with NumPy and with PyTorch: a function of Python that
is taken for that of a library, and something else that has taken the name of the labels.
"""

from __future__ import annotations

import re

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake

PYTHON_FUNCTION = Mistake(
    "python-function",
    "`{name}` is a function of Python, for single numbers or the items of a list: for {what} it is "
    "`{instead}`",
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

#: What is reported where a function of Python gets an array, and the calls that this comes from.
OF_PYTHON = (
    (
        r"invalid keyword argument for (?:sum|max|min)|(?:sum|max|min)\(\) (?:takes|got)",
        r"(?<![\w.])(sum|max|min)\(",
    ),
    (r"[Vv]alue of .* with more than one (?:element|value)", r"(?<![\w.])(max|min)\("),
    (r"only .* can be converted to (?:a )?Python scalar", r"math\.(\w+)\("),
)


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
    for pattern, call in OF_PYTHON:
        found = re.search(call, code)
        if found and re.search(pattern, message):
            what, instead = "tensors" if library == "torch" else "arrays", f"{library}.{found[1]}"
            return PYTHON_FUNCTION.finding(name=found[0][:-1], what=what, instead=instead)
    return None

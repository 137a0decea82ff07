"""Mistakes with the loss and the labels in PyTorch, which end in an error."""

from __future__ import annotations

import re

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.names import NOT_THE_LABELS
from lxmls_nb.checks.mistakes.torch_calls import python_function
from lxmls_nb.checks.mistakes.torch_shapes import Raised

#: PyTorch's and NumPy's names of types in messages.
TYPES = {
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "bfloat16": "bfloat16",
    "long": "int64",
    "int": "int32",
    "byte": "uint8",
    "bool": "bool",
}

#: What the labels are called, mostly.
LABELS = ("output", "labels", "label", "y", "target", "targets", "y_true")

#: The brackets of a call, with a call in them at most.
IN_BRACKETS = r"(?:\((?:[^()]|\([^()]*\))*\))?"

LABELS_TYPE = Mistake(
    "labels-type",
    "the labels are {kind}: class indices have to be int64, with `.long()` or `dtype=torch.int64`",
    name="the labels are no whole numbers",
    lesson="Class indices have to be int64 for PyTorch's losses: `.long()`.",
)
LABELS_SHAPE = Mistake(
    "labels-shape",
    "the labels have two dimensions: the loss takes the log-probabilities and then a class index "
    "for each example, shape (M,), no column and no indicator vectors",
    name="the labels have two dimensions",
)
LABELS_RANGE = Mistake(
    "labels-range",
    "class index {index} does not exist: with {classes} classes they go from 0 to {last}",
    name="a class index does not exist",
)
EXCHANGED = Mistake(
    "loss-arguments",
    "the loss gets the labels first: the log-probabilities come first, then the labels",
    name="the arguments of the loss are exchanged",
    lesson="A loss takes the predictions first, then the labels.",
)
BATCH_SIZES = Mistake(
    "batch-sizes",
    "the output is for {first} and the labels are for {second}: does one of them lose or gain a "
    "dimension, or examples?",
    name="output and labels are for different numbers of examples",
)
OF_ONE_DIMENSION = Mistake(
    "loss-of-predictions",
    "the loss gets a tensor of one dimension, such as the classes that `argmax` picks: it takes "
    "the log-probabilities of all classes, shape (M, K)",
    name="the loss gets one dimension, such as predictions, not log-probabilities",
    lesson="A loss takes the log-probabilities of all classes: `argmax` is for predictions alone, "
    "and has no gradient.",
)
COLUMN = Mistake(
    "gather-column",
    "`{name}` takes an index that has as many dimensions as the tensor: labels are a column there, "
    "with a row for each example",
    name="`gather` gets labels that are no column",
)
BINARY_LOSS = Mistake(
    "binary-loss",
    "a binary cross-entropy is for a yes or no, and takes labels of the shape of its input: for "
    "class indices, `NLLLoss` takes log-probabilities",
    name="a binary cross-entropy is used",
)
NO_SCALAR = Mistake(
    "loss-array",
    "the loss is not one number but one for each example: take the mean of them first",
    name="the loss is an array, one for each example",
    lesson="The loss is one number: the mean over the batch.",
)
SINGLE_NUMBER = Mistake(
    "single-number",
    "`.item()`, `float()` and `int()` are for a tensor of a single number, and this one has more: "
    "go on with the tensor itself",
    name="a tensor of several numbers is to become a single one",
)
LOSS_AS_FLOAT = Mistake(
    "loss-as-float",
    "the loss is a single number, in a tensor with a graph: `.item()` makes a plain float of it, "
    "without an index and without `.numpy()`",
    name="the loss is not made a plain float by `.item()`",
)


def exchanged(raised: Raised) -> Finding | None:
    """Look at a loss that gets the labels first."""
    loss = r"(?:nll_loss|cross_entropy|Loss\([^()]*\)|loss\w*)"
    first = re.search(loss + r"\(\s*(\w+)\s*,\s*(\w+)", raised.code)
    is_output = first and re.search(r"model|log|pred|hat", first[2])
    return EXCHANGED.finding() if first and first[1] in LABELS and is_output else None


def labels_shape(raised: Raised) -> Finding:
    """Look at labels of two dimensions: they may be what the loss gets first."""
    twice = re.search(r"\(\s*(\w+)\s*,\s*\1(?:\.\w+\([\w.]*\))*\s*[,)]", raised.code)
    if twice is None:
        return LABELS_SHAPE.finding()
    what = f"the loss gets `{twice[1]}` twice: has the prediction taken the name of the labels?"
    return NOT_THE_LABELS.finding(what=what)


def labels_range(raised: Raised) -> Finding | None:
    """Look at a class index that does not exist."""
    classes = raised.geometry[-1] if raised.geometry else 0
    index = int(raised.match.group(1))
    if index < classes:
        return None
    return LABELS_RANGE.finding(index=index, classes=classes, last=classes - 1)


def no_number(raised: Raised) -> Finding:
    """Look at a tensor of several numbers that is to become one."""
    made = re.findall(rf"([\w.]+){IN_BRACKETS}\.item\(|(?:float|int)\(\s*([\w.]+)", raised.code)
    names = [name for pair in made for name in pair if name] or [raised.code]
    is_loss = re.search("loss|criterion|entropy", " ".join(names), re.IGNORECASE)
    if not is_loss or raised.is_network:
        return python_function(raised) or SINGLE_NUMBER.finding()
    return python_function(raised) or NO_SCALAR.finding()


def index_of_number(raised: Raised) -> Finding | None:
    """Look at an index of a loss, which is a single number."""
    is_loss = re.search(r"loss(?:\.\w+(?:\(\))?)*\[", raised.code)
    return LOSS_AS_FLOAT.finding() if is_loss and not raised.is_network else None


def column(raised: Raised) -> Finding | None:
    """Look at labels that pick an entry of each row, and are no column."""
    name = re.search(r"\b(gather|scatter_?|take_along_dim)\(", raised.code)
    is_column = re.search(r"unsqueeze|view|reshape|None", raised.code)
    return COLUMN.finding(name=name[1]) if name and not is_column else None


def labels_type(raised: Raised) -> Finding:
    """Look at labels that are not of PyTorch's type for them."""
    words = [word for word in raised.match.groups() if word]
    kind = TYPES.get(words[0].lower(), words[0]) if words else "of another type"
    return LABELS_TYPE.finding(kind=kind)

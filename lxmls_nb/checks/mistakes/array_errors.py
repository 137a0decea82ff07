"""Mistakes in the shapes of arrays that end in an error, and what is known of an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.output_error import CLASSES_COUNTED
from lxmls_nb.checks.problems import Problem

#: The code of a name, an attribute or an item, which can have `.T` behind it.
SIMPLE = re.compile(r"[\w.]+(?:\[[\w.:-]+\])*(?:\.T)?")

#: What NumPy reports of arrays whose shapes don't fit.
SHAPES = re.compile(r"matmul|shapes|broadcast|not aligned|inhomogeneous|mismatch")

SHAPE_OF_BOTH = Mistake(
    "shapes",
    "{rule}",
    name="the shapes of two arrays don't fit together",
    lesson="Write the shapes beside each line: (M, I) of the input, (K, I) of the weight, (M, K) "
    "of z, and see which product gives the shape that is needed.",
)
KEEPDIMS = Mistake(
    "keepdims",
    "{shape} has lost the dimension that was summed over: `keepdims=True` keeps it, as ({size}, 1)",
    name="a sum has lost a dimension, `keepdims` is missing",
    lesson="`keepdims=True` keeps the dimension that is summed over, so that the result still "
    "fits the rows.",
)
FLAT_ROW = Mistake(
    "flat-row",
    "{shape} counts as a row, (1, {size}), and the other side has {columns}: element by element, "
    "each number of a row meets a column",
    name="an array of one dimension counts as a row, and meets columns",
    lesson="An array of one dimension counts as a row: `[:, None]` makes a column of it.",
)
CLASS_COLUMNS = Mistake(
    "class-columns",
    "{what} has {columns} columns where a column for each of the {classes} classes is needed{hint}",
    name="the number of columns is not the number of classes",
    lesson="Indicator vectors have a column for each class, also for those that are not in this "
    "batch.",
)
LOST_BATCH = Mistake(
    "lost-batch",
    "{what} has lost a dimension, since this batch has a single example: does `squeeze`, or an "
    "index, take it away? It should work on a batch of one, too",
    name="with a single example a dimension is lost",
    lesson="A batch of one is still a batch, of shape (1, I): no `squeeze`, and no shape taken "
    "for granted.",
)
LABELS = Mistake(
    "labels-not-indicators",
    "`{name}` has a class number for each example: indicator vectors are needed here, a row for "
    "each, as from `index2onehot`",
    name="class numbers stand where indicator vectors are needed",
    lesson="A class number is a name, not a value: make an indicator vector of it before you "
    "calculate with it.",
)


@dataclass(frozen=True)
class Operand:
    """An array that an operation failed on.

    Attributes
    ----------
    code : str
        What the student wrote for it.
    shape : tuple of int
    kind : str
        Of its data type: ``"f"`` for numbers with a point, ``"i"`` for whole numbers.
    """

    code: str
    shape: tuple[int, ...]
    kind: str

    def __str__(self) -> str:
        return f"`{self.code}` {self.shape}" if self.code else str(self.shape)


@dataclass(frozen=True)
class Raised:
    """What is known of an error, see :func:`lxmls_nb.checks.probes.errors.describe_error`."""

    type: str
    message: str
    operator: str = ""
    operands: tuple[Operand, ...] = ()
    summed: bool = False
    both: str = ""
    similar: str = ""
    line: str = ""

    @property
    def is_of_shapes(self) -> bool:
        """Whether it was raised since shapes don't fit."""
        return self.type in ("ValueError", "IndexError") and bool(SHAPES.search(self.message))

    def with_shapes_of_message(self) -> Raised:
        """Return the same with the operands that NumPy's message tells, if no others are known."""
        shapes = re.findall(r"\((\d+(?:, ?\d+)*,?)\)", self.message)
        if len(self.operands) == 2 or len(shapes) != 2:
            return self
        sizes = [tuple(int(size) for size in re.findall(r"\d+", shape)) for shape in shapes]
        return replace(self, operands=tuple(Operand("", shape, "f") for shape in sizes))


def name_shapes(raised: Raised, problem: Problem | None) -> Finding:
    """Return what is wrong with shapes that don't fit.

    Parameters
    ----------
    raised : Raised
    problem : Problem, optional
        That of the call which failed.
    """
    raised = raised.with_shapes_of_message()
    if len(raised.operands) != 2:
        sizes = re.findall(r"\bsize (\d+)", raised.message)
        strange = _strange([int(size) for size in sizes], problem)
        rule = "print the shapes of both sides: which of them is not what it should be?"
        return SHAPE_OF_BOTH.finding(rule=strange or rule)
    left, right = raised.operands
    if problem is not None and _is_of_counted_classes(left, right, problem):
        return CLASSES_COUNTED.finding()
    question = _question(left, right, problem)
    if problem is not None and len(problem.output) == 1:
        for one, other in ((left, right), (right, left)):
            if len(one.shape) == 1 and len(other.shape) == 2 and 1 in other.shape:
                return LOST_BATCH.finding(what=str(one))
    # Where sizes are equal by chance, what would fit tells nothing.
    sizes = [] if problem is None else [len(problem.output), *problem.geometry]
    is_clear = len(set(sizes)) == len(sizes)
    outer = _outer(left, right, problem)
    if raised.operator == "MatMult":
        if outer:
            product = f"{_rule(left, right)}, and gives a single number for two vectors"
            return SHAPE_OF_BOTH.finding(rule=f"{product}: {outer}")
        if problem is not None and len(problem.output) not in problem.geometry:
            question = _lost_examples(left, right, len(problem.output)) or question
        rule = _rule_of_products(left, right, question, is_clear)
        if is_clear and problem is not None and _is_exchanged(left, right, len(problem.output)):
            rule = f"{_rule(left, right)}. {_exchanged(left, right)} would fit"
        return SHAPE_OF_BOTH.finding(rule=rule)
    for one, other in ((left, right), (right, left)):
        is_flat = len(one.shape) == 1 and len(other.shape) == 2 and one.shape[0] == other.shape[0]
        if is_flat and one.kind in "iub":
            return LABELS.finding(name=one.code)
        if is_flat and raised.summed:
            return KEEPDIMS.finding(shape=str(one), size=one.shape[0])
        if is_flat:
            columns = f"{other.shape[1]} column{'' if other.shape[1] == 1 else 's'}"
            return FLAT_ROW.finding(shape=str(one), size=one.shape[0], columns=columns)
    if problem is not None:
        for one, other in ((left, right), (right, left)):
            if _is_of_other_classes(one, other, problem):
                examples = len(problem.output)
                hint = f"; {examples} is the number of examples" if one.shape[1] == examples else ""
                return CLASS_COLUMNS.finding(
                    what=str(one), columns=one.shape[1], classes=problem.geometry[-1], hint=hint
                )
    if problem is not None and raised.operator in ("Add", "Sub"):
        question = _carried_over(left, right, problem) or question
    if problem is not None:
        question = _other_way(left, right, problem, is_clear) or question
    if "shape-mismatch for sum" in raised.message:  # of `np.tensordot`, which multiplies and sums
        axes = "`np.tensordot` sums over axes of the same length"
        return SHAPE_OF_BOTH.finding(rule=f"{axes}: which ones do its `axes` tell here?")
    is_network = problem is None or len(problem.geometry) > 2
    if outer and raised.operator == "Mult" and not is_network:
        question = outer
    operator = raised.operator if is_clear else ""
    rule = _rule_of_elements(left, right, operator, question, is_network)
    return SHAPE_OF_BOTH.finding(rule=rule)


def _is_of_other_classes(one: Operand, other: Operand, problem: Problem) -> bool:
    """Whether one side has rows for the examples, but not the other's columns for the classes."""
    examples, classes = len(problem.output), problem.geometry[-1]
    return (
        other.shape == (examples, classes)
        and len(one.shape) == 2
        and one.shape[0] == examples
        and (one.shape[1] not in problem.geometry or one.shape[1] == examples)
    )


def _is_of_counted_classes(left: Operand, right: Operand, problem: Problem) -> bool:
    """Whether one side has a column for each class, the other for each class of this batch."""
    classes = problem.geometry[-1]
    counts = {int(problem.output.max()) + 1, len(np.unique(problem.output))} - {classes}
    columns = [operand.shape[-1] for operand in (left, right) if operand.shape]
    return len(columns) == 2 and classes in columns and bool(counts & set(columns))


def _question(left: Operand, right: Operand, problem: Problem | None) -> str:
    """Return what to ask where shapes don't fit: in a network, whether the layers are the same."""
    if strange := _strange([*left.shape, *right.shape], problem):
        return strange
    if problem is None or len(problem.geometry) == 2:
        return "which of them is not what it should be?"
    columns = left.shape[-1:]
    other = right.shape[:1] if right.shape[:1] != left.shape[:1] else right.shape[1:]
    named = [_named_size(size, problem) for size in (*columns, *other)]
    sizes = f"{named[0]}, {named[1]}: " if len({*named}) == 2 and all(named) else ""
    return (
        f"{sizes}do both belong to the same layer? The error goes from the last layer to the "
        "first, each time through the weights in between"
    )


def _strange(sizes: Sequence[int], problem: Problem | None) -> str:
    """Return what to ask about a size that is neither the batch's nor a layer's, "" without one."""
    if problem is None:
        return ""
    examples, sizes_there = len(problem.output), ", ".join(map(str, problem.geometry))
    for size in sizes:
        if size not in (1, examples, *problem.geometry):
            return (
                f"where does {size} come from? The batch has {examples}, and the sizes of the "
                f"network are {sizes_there}"
            )
    return ""


def _named_size(size: int, problem: Problem) -> str:
    """Return whose size a number is, "" if that cannot be told."""
    if problem.geometry.count(size) != 1 or size == len(problem.output):
        return ""
    layer = problem.geometry.index(size)
    return f"{size} is the size of {f'layer {layer}' if layer else 'the input'}"


def _rule_of_products(left: Operand, right: Operand, question: str, is_clear: bool) -> str:
    """Return what a matrix product asks of two shapes, and what would fit it.

    `is_clear` tells whether sizes that are equal are those of the same thing.
    """
    for each in (left, right):
        if not each.shape:
            what = f"`{each.code}` is" if each.code else "one side is"
            return (
                f"{what} a single number, and @ is for arrays: is it a sum, or a mean, that lacks "
                "its axis? With a number, the product is *"
            )
    if any("diag(" in each.code and len(each.shape) == 1 for each in (left, right)):
        return "`np.diag` takes the diagonal of a matrix: element by element, it is *"
    rule = _rule(left, right)
    turned = list(_turned(left, right))
    if len(turned) == 1 and is_clear:
        return f"{rule}. {turned[0]} would fit"
    if not turned and is_clear and _fit_the_other_way(left, right):
        return f"{rule}. {_transposed(left)} and {_transposed(right)} would fit"
    if left.shape == right.shape:
        return f"{rule}. Element by element, it is *"
    return f"{rule}: {question}"


def _rule(left: Operand, right: Operand) -> str:
    inner, outer = left.shape[-1], right.shape[-2] if len(right.shape) > 1 else right.shape[0]
    return (
        f"in a matrix product the left side must have as many columns ({inner} here) as the right "
        f"one has rows ({outer})"
    )


def _outer(left: Operand, right: Operand, problem: Problem | None) -> str:
    """Return what to do where the error and the input of one example meet as two vectors, which
    are as long as a weight has rows and columns; "" elsewhere.
    """
    if problem is None or not len(left.shape) == len(right.shape) == 1:
        return ""
    if _is_parameter(left) or _is_parameter(right):
        return ""
    weights = [weight.shape for weight, _ in problem.parameters]
    for first, second in ((left, right), (right, left)):
        shape = (first.shape[0], second.shape[0])
        if shape in weights:
            codes = [each.code.removesuffix(".T") for each in (first, second)]
            call = f"np.outer({', '.join(codes)})" if all(codes) else "np.outer"
            return f"the matrix of all their products, {shape}, comes from `{call}`"
    return ""


def _is_parameter(operand: Operand) -> bool:
    """Whether a side is a weight or a bias, or a part of one, by its name."""
    return re.match(r"(?:self\.)?(?:parameters|weight|bias|[wW]\d*)\b", operand.code) is not None


def _lost_examples(left: Operand, right: Operand, examples: int) -> str:
    """Return what to ask where a product has one example on one side and all on the other."""
    if not len(left.shape) == len(right.shape) == 2 or examples == 1:
        return ""
    if left.shape[1] != 1 or right.shape[0] != examples or _is_parameter(left):
        return ""
    return (
        f"the batch has {examples} examples, and {left} has one: is it summed over the batch too "
        "early, or taken of a single example?"
    )


def _is_exchanged(left: Operand, right: Operand, examples: int) -> bool:
    """Whether a product fits the other way round, with its left side transposed, and gives a row
    for each example: what goes on from there has such rows.
    """
    if not (len(left.shape) == len(right.shape) == 2 and left.code and right.code):
        return False
    return right.shape[0] == examples != left.shape[0] and left.shape[1] == right.shape[1]


def _exchanged(left: Operand, right: Operand) -> str:
    """Return the product the other way round, with what was its left side transposed."""
    first = right.code if SIMPLE.fullmatch(right.code) else f"({right.code})"
    second = f"{left.code}.T" if SIMPLE.fullmatch(left.code) else f"({left.code}).T"
    return f"`{first} @ {second.removesuffix('.T.T')}`, with a row for each example,"


def _turned(left: Operand, right: Operand) -> Iterator[str]:
    """Yield which of the sides would fit if it were transposed."""
    if len(left.shape) == len(right.shape) == 2:
        if left.shape[0] == right.shape[0]:
            yield _transposed(left)
        if left.shape[1] == right.shape[1]:
            yield _transposed(right)


def _fit_the_other_way(left: Operand, right: Operand) -> bool:
    """Whether the right side is transposed where the left one should be."""
    is_turned = right.code.endswith(".T") and not left.code.endswith(".T")
    is_product = len(left.shape) == len(right.shape) == 2
    return is_turned and is_product and left.shape[0] == right.shape[1]


def _transposed(operand: Operand) -> str:
    code, shape = operand.code, operand.shape[::-1]
    if not code:
        return f"{operand.shape}, transposed,"
    if re.fullmatch(r"[\w.\[\]]+\.T", code):
        return f"`{code[:-2]}` {shape}, without the transpose,"
    return f"`{code}.T` {shape}" if code.isidentifier() else f"`({code}).T` {shape}"


def _other_way(left: Operand, right: Operand, problem: Problem, is_clear: bool) -> str:
    """Return what to do where the rows of one side are the columns of the other, "" elsewhere."""
    examples = len(problem.output)
    if len(left.shape) == len(right.shape) == 2 and is_clear:
        for row, other in ((left, right), (right, left)):
            if row.shape[0] == 1 and other.shape == (row.shape[1], examples):
                return f"with an example in each column, {row} has to be a column: transpose it"
    if len(left.shape) != 2 or left.shape != right.shape[::-1] or left.shape == right.shape:
        return ""
    turned = [side for side in (left, right) if side.shape[1] == examples and is_clear]
    hint = f"so {_transposed(turned[0])} would fit" if turned else "so one has to be transposed"
    return f"the rows of one are the columns of the other, {hint}"


def _carried_over(left: Operand, right: Operand, problem: Problem) -> str:
    """Return what to ask where the gradients of two layers are added up, "" elsewhere."""
    for kind, what in enumerate(("weights", "biases")):
        shapes = {pair[kind].shape for pair in problem.parameters}
        if left.shape != right.shape and {left.shape, right.shape} <= shapes:
            return (
                f"these are the shapes of the {what} of two layers. Does a sum go on from one "
                "layer to the next? In each layer it begins at zero"
            )
    return ""


def _rule_of_elements(
    left: Operand, right: Operand, operator: str, question: str, is_network: bool
) -> str:
    """Return what an operation element by element asks of two shapes."""
    rule = "element by element, both sides need the same shape"
    is_product = len(left.shape) == len(right.shape) == 2 and left.shape != right.shape[::-1]
    if operator == "Mult" and is_product:
        if left.shape[1] == right.shape[0]:
            return f"{rule}: is the matrix product @ meant, not *?"
        if left.shape[0] == right.shape[0] and not is_network:
            return f"{rule}: is the matrix product {_transposed(left)} @ {right} meant?"
    return f"{rule}: {question}"

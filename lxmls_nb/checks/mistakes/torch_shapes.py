"""What is known of an error, and mistakes in shapes that don't fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake

#: The match of nothing at all.
NO_MATCH = next(re.finditer("", ""))


@dataclass(frozen=True)
class Raised:
    """An error that an answer raised.

    Attributes
    ----------
    type, message, line : str
        Of the error; the line is the student's, with its number.
    geometry : sequence of int
        Sizes of the input, of each hidden layer and of the output.
    examples : int
        M.
    is_network : bool
        Whether it came from a network of Exercise 2.4.
    match : re.Match
        Of the message, with the pattern of the rule that looks at it.
    """

    type: str
    message: str
    line: str = ""
    geometry: Sequence[int] = ()
    examples: int = 0
    is_network: bool = False
    match: re.Match[str] = NO_MATCH

    @property
    def weights(self) -> list[tuple[int, int]]:
        """The shapes of the weights, (out, in)."""
        return list(zip(self.geometry[1:], self.geometry[:-1], strict=True))

    @property
    def code(self) -> str:
        """The student's line without its number."""
        return self.line.partition(": ")[2]


#: From an error to what is found; None where the rule says nothing after all.
Rule = Callable[[Raised], Finding | None]

NOT_TRANSPOSED = Mistake(
    "not-transposed",
    "shapes {left} and {right} cannot be multiplied, as {columns} columns meet {rows} rows: {what}",
    name="a matrix is not transposed where it should be",
    lesson="In a product, the columns of the first meet the rows of the second: write the shapes "
    "beside it.",
)
WRONG_LAYER = Mistake(
    "wrong-layer",
    "shapes {left} and {right} cannot be multiplied: the weight of layer {layer}, transposed, "
    "takes {rows} columns, and what comes in has {columns}. Is a layer left out, taken twice or "
    "out of order?",
    name="a layer gets what another one should",
    lesson="In a product, the columns of the first meet the rows of the second: write the shapes "
    "beside each layer.",
)
PRODUCT = Mistake(
    "product-shapes",
    "shapes {left} and {right} cannot be multiplied, as {columns} columns meet {rows} rows; "
    "weights are {weights}, the input {input}",
    name="the shapes of a product don't fit together",
    lesson="In a product, the columns of the first meet the rows of the second: write the shapes "
    "beside it.",
)
KEEPDIM = Mistake(
    "keepdim",
    "element by element, sizes {first} and {second} meet in dimension {dimension}, and {examples} "
    "is the number of examples: is `keepdim=True` missing in a sum, a maximum or a logsumexp?",
    name="`keepdim` is missing",
    lesson="`keepdim=True` keeps the dimension that is summed over, so that the result still fits "
    "the rows.",
)
ELEMENTS = Mistake(
    "element-shapes",
    "element by element, sizes {first} and {second} meet in dimension {dimension}{hint}",
    name="the shapes of two tensors don't fit, element by element",
    lesson="Element by element, sizes have to be equal or 1, counted from the last dimension.",
)
FIXED_SIZES = Mistake(
    "sizes-in-code",
    "{size} values cannot take the shape {shape}: are sizes written into the code that should come "
    "from the parameters or the input?",
    name="sizes are written into the code",
    lesson="Sizes come from the parameters and the batch, never from a number in the code.",
)
LAYERS_IN_CODE = Mistake(
    "layers-in-code",
    "`self.parameters` has {count} here, and the code takes another number for granted: go over "
    "all of them in a loop",
    name="the number of layers is fixed",
    lesson="Go over all of `self.parameters` in a loop: nothing in the code should know how many "
    "layers there are.",
)
VECTORS = Mistake(
    "dot",
    "`torch.dot` is for two vectors: a product of matrices is `@`, or `torch.matmul`",
)
DIMENSION = Mistake(
    "dimension",
    "the tensor has no dimension {dimension} here: has it lost one, by indexing, `squeeze` or a "
    "sum without `keepdim=True`?",
    name="a tensor has lost a dimension",
)


def product(raised: Raised) -> Finding:
    """Look at a product of matrices."""
    a, b, c, d = (int(number) for number in raised.match.groups())
    left, right = (a, b), (c, d)
    values = {"left": left, "right": right, "columns": b, "rows": c}
    as_is = [n for n, shape in enumerate(raised.weights, start=1) if shape == right]
    turned = [n for n, shape in enumerate(raised.weights, start=1) if shape[::-1] == right]
    first = [n for n, shape in enumerate(raised.weights, start=1) if shape == left]
    turns_itself = re.search(r"linear\(", raised.code) is not None
    if as_is and not turned and b == d:
        what = f"the second is the weight of layer {as_is[0]} as it is, (out, in): transpose it"
        if turns_itself:
            what = "`linear` transposes the weight itself: pass it as it is, (out, in)"
        return NOT_TRANSPOSED.finding(what=what, **values)
    if first and d == b and c == raised.examples:
        what = (
            "with an example in each row, the input comes first and the weight, transposed, second"
        )
        return NOT_TRANSPOSED.finding(what=what, **values)
    if turned and not as_is and a == raised.examples and len(raised.weights) > 1:
        return WRONG_LAYER.finding(layer=turned[0], **values)
    return PRODUCT.finding(
        weights=", ".join(map(str, raised.weights)),
        input=(raised.examples, *raised.geometry[:1]),
        **values,
    )


def elements(raised: Raised) -> Finding:
    """Look at an operation element by element."""
    first, second, dimension = (int(number) for number in raised.match.groups())
    values: dict[str, object] = {"first": first, "second": second, "dimension": dimension}
    layers = set(raised.geometry)
    reduces = re.search(r"(?<![a-z_])(?:log)?(?:sum(?:exp)?|a?max|mean|norm|loss)\b", raised.code)
    if raised.examples in (first, second) and first != second and reduces:
        one_is_layer = first in layers or second in layers
        if one_is_layer and "keepdim" not in raised.code:
            return KEEPDIM.finding(examples=raised.examples, **values)
    hint = ": print both shapes"
    if re.search(r"[^*]\*[^*]", raised.code) and "@" not in raised.code:
        hint = ": `*` multiplies element by element, `@` is the product of matrices"
    elif first in layers and second in layers:
        hint = ": do both belong to the same layer?"
    elif raised.examples in (first, second) and re.search(r"\+ \S*bias", raised.code):
        hint = f": {raised.examples} is the number of examples. " + (
            "A bias is a row, of shape (1, out) or (out,), not a column"
            if dimension == 0
            else "Each example is a row of z, input @ weight.T + bias, not a column"
        )
    return ELEMENTS.finding(hint=hint, **values)


def unpacked(raised: Raised) -> Finding | None:
    """Look at a list of layers that is shorter or longer than the code takes it to be."""
    if "self.parameters" not in raised.code or len(raised.weights) == 2:
        return None
    count = len(raised.weights)
    return LAYERS_IN_CODE.finding(count="1 layer" if count == 1 else f"{count} layers")

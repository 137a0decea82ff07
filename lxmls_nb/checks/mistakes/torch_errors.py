"""Mistakes that end in an error of Python or PyTorch, and from the error to the likely one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.modules import SUPER_INIT
from lxmls_nb.checks.mistakes.moving import LOSS_CUT
from lxmls_nb.checks.mistakes.names import NOT_THE_LABELS
from lxmls_nb.checks.mistakes.torch_calls import (
    CLASS_AS_FUNCTION,
    LAYERS,
    NO_BRACKETS,
    RECURSION,
    boolean,
    called,
    method_as_operand,
    method_as_value,
    parameter_of,
    python_function,
    takes_others,
    undefined,
    without_dim,
)
from lxmls_nb.checks.mistakes.torch_losses import (
    BATCH_SIZES,
    BINARY_LOSS,
    LABELS,
    LABELS_SHAPE,
    LOSS_AS_FLOAT,
    NO_SCALAR,
    OF_ONE_DIMENSION,
    TYPES,
    column,
    exchanged,
    index_of_number,
    labels_range,
    labels_shape,
    labels_type,
    no_number,
)
from lxmls_nb.checks.mistakes.torch_shapes import (
    DIMENSION,
    FIXED_SIZES,
    VECTORS,
    Raised,
    Rule,
    elements,
    product,
    unpacked,
)

#: Attributes of tensors that NumPy's arrays lack.
OF_TENSORS = frozenset(
    {
        *("abs", "add", "bool", "clone", "cpu", "cuda", "detach", "dim", "double", "exp", "expand"),
        *("float", "gather", "half", "int", "log", "log_softmax", "logsumexp", "long", "matmul"),
        *("mm", "mul", "numel", "permute", "pow", "relu", "requires_grad", "requires_grad_"),
        *("sigmoid", "softmax", "sqrt", "sub", "t", "tanh", "to", "type", "unsqueeze", "view_as"),
    }
)

MIXED_TYPES = Mistake(
    "mixed-types",
    "tensors of {first} and {second} meet{why}: make {what} float32, with `.float()` or "
    "`dtype=torch.float32`",
    name="float32 and float64 meet",
    lesson="NumPy's arrays are float64 and PyTorch's parameters float32: convert the input once, "
    "where it comes in.",
)
DEFAULT_TYPE = Mistake(
    "default-type",
    "PyTorch's default type is not float32, by a line such as `torch.set_default_dtype(...)`, so "
    "that new layers are of another type than the input: take it out, and restart the kernel",
    name="PyTorch's default type is another one",
    lesson="Convert the input to the type of the parameters, float32, and leave PyTorch's default "
    "type alone.",
)
NOT_A_TENSOR = Mistake(
    "not-a-tensor",
    "{kind} stands where PyTorch takes a tensor: convert it first, with `torch.tensor(..., "
    "dtype={dtype})`{more}",
    name="something that is no tensor goes into PyTorch",
    lesson="Convert NumPy's arrays to tensors once, where they come in.",
)
OTHER_THING = Mistake(
    "other-than-tensor",
    "{kind} stands where PyTorch takes a tensor",
    name="something that is no tensor goes into PyTorch",
)
VALUES_AND_INDICES = Mistake(
    "values-and-indices",
    "`{name}` with a dimension gives two things, the values and their indices: take "
    "`.{name}(...).values`",
    name="values and indices of a maximum are not told apart",
    lesson="`max` with a dimension gives two things: take `.values`.",
)
ALREADY_TENSOR = Mistake(
    "already-tensor",
    "`torch.from_numpy` gets what is a tensor already: leave the conversion out here",
)
NUMPY_OF_TENSOR = Mistake(
    "numpy-of-tensor",
    "a function of NumPy, or `.numpy()`, gets a tensor with a graph: use PyTorch's function of "
    "that name, as NumPy knows no gradients",
)


def _mixed(raised: Raised) -> Finding:
    first, second = (TYPES.get(word.lower(), word) for word in raised.match.groups())
    what = "the second" if second == "float64" else "the first"
    why = ", and NumPy's arrays are float64" if "float64" in (first, second) else ""
    return MIXED_TYPES.finding(first=first, second=second, what=what, why=why)


def _not_a_tensor(raised: Raised) -> Finding | None:
    kind = raised.match.group(1).rpartition(".")[2]
    if kind in LAYERS:
        return CLASS_AS_FUNCTION.finding(name=kind)
    if kind == "ndarray" or kind in ("list", "float", "int", "numpy"):
        words = {"ndarray": "a NumPy array", "list": "a list", "numpy": "a NumPy array"}
        more = " or `self.to_tensor(...)`" if raised.is_network else ""
        what, dtype = words.get(kind, "a number"), "torch.float32"
        if "argument 'target'" in raised.message:
            what, dtype, more = f"{what} of labels", "torch.int64", ""
        return NOT_A_TENSOR.finding(kind=what, dtype=dtype, more=more)
    words = {"NoneType": "None (is a `return` missing?)", "tuple": "a tuple of several things"}
    return OTHER_THING.finding(kind=words.get(kind, f"a {kind}"))


def _numpy_array(raised: Raised, is_label: bool = False) -> Finding:
    """Return what to do with a NumPy array that is used as a tensor."""
    if is_label:
        return NOT_A_TENSOR.finding(kind="a NumPy array of labels", dtype="torch.int64", more="")
    more = " or `self.to_tensor(...)`" if raised.is_network else ""
    return NOT_A_TENSOR.finding(kind="a NumPy array", dtype="torch.float32", more=more)


def _numpy_calls_method(raised: Raised) -> Finding | None:
    """Look at a method of a tensor that NumPy has called, with arguments of its own."""
    is_numpy = re.search(rf"\bnp\.a?{raised.match['name']}\(", raised.code)
    return NUMPY_OF_TENSOR.finding() if is_numpy else None


def _already_tensor(raised: Raised) -> Finding:
    name = re.search(r"from_numpy\(\s*(\w+)\s*\)", raised.code)
    if name is None or name[1] not in LABELS or raised.is_network:
        return ALREADY_TENSOR.finding()
    what = (
        f"`{name[1]}` is a tensor already: is it converted twice, or has the prediction taken the "
        "name of the labels?"
    )
    return NOT_THE_LABELS.finding(what=what)


def _dimension(raised: Raised) -> Finding:
    names = "|".join(LABELS)
    call = re.search(rf"max\(\s*({names})\s*,|\b({names})\.(?:arg)?max\(", raised.code)
    has_one = "[-1, 0]" in raised.message
    if call is None or not has_one or raised.is_network:
        return DIMENSION.finding(dimension=raised.match["dimension"])
    what = f"`{call[1] or call[2]}` has a class index for each example already: leave `max` out"
    return NOT_THE_LABELS.finding(what=what)


def _numpy_of_tensor(raised: Raised) -> Finding:
    is_loss = re.search(r"loss\.(?:cpu\(\)\.)?numpy\(\)", raised.code)
    return (LOSS_AS_FLOAT if is_loss and not raised.is_network else NUMPY_OF_TENSOR).finding()


# --- the loss and its gradients

LOSS_NO_TENSOR = Mistake(
    "loss-no-tensor",
    "{what}: call `backward()` on the loss as a tensor, and `.item()` only for what is returned",
    name="the loss is a plain number, before `backward()`",
    lesson="Call `backward()` on the tensor, and `.item()` only for what is returned.",
)
BACKWARD_AGAIN = Mistake(
    "backward-again",
    "`backward()` goes a second time through a graph that is gone after the first: make a new "
    "forward pass for each, and keep no output between calls",
    name="`backward()` goes a second time through the same graph",
)
IN_PLACE_LEAF = Mistake(
    "in-place-leaf",
    "a parameter is changed in place while its graph is recorded: leave the step to "
    "`optimizer.step()`, or put it under `torch.no_grad()`",
)
LEAF_OPERATION = Mistake(
    "in-place-parameter",
    "a parameter is changed in place: in a forward pass, write the result to a new tensor",
)
IN_PLACE = Mistake(
    "in-place",
    "a value that the gradient needs is changed in place afterwards: write the result to a new "
    "tensor, without `+=` or a function that ends in `_`",
)
ASSIGNED = Mistake(
    "assigned-parameter",
    "a new tensor cannot take the place of a parameter: change it in place, which is what "
    "`optimizer.step()` does",
)
NO_GRADIENT_YET = Mistake(
    "no-gradient-yet",
    "`.grad` is still None here: it is there only after `backward()`, and for parameters that the "
    "loss depends on",
)
WHOLE_NUMBERS = Mistake(
    "whole-numbers",
    "whole numbers, such as labels or what `argmax` returns, have no gradients: take the loss of "
    "the log-probabilities",
)

DEVICES = Mistake(
    "devices",
    "tensors on two devices meet: move the input and the labels to the device of the model",
)
NO_DEVICE = Mistake(
    "no-device",
    "{what}: {how}",
    name="a device is named that is not there, or a device of a module, which has none",
    lesson="Nothing in the code names a device: the input goes to where the parameters of the "
    "model are, and each parameter has a `.device`.",
)


def _no_device(raised: Raised) -> Finding:
    what = "a module has no `device`"
    if "attribute" not in raised.message:
        # Grading reads PyTorch's own words: the GPU may be there where the student works.
        what = f"{re.split(r'[.] |[.]?$', raised.message)[0]}, as there is no GPU here"
    how = "move the input and the labels to the `.device` of the model's parameters"
    if raised.is_network:
        how = "`self.to_tensor` moves the input to the device of the model"
    return NO_DEVICE.finding(what=what, how=how)


def _no_attribute(raised: Raised) -> Finding | None:
    kind, name = raised.match.groups()
    if kind == "NoneType":
        return NO_GRADIENT_YET.finding() if "grad" in raised.code else None
    if name == "backward":
        if kind.rpartition(".")[2] in ("float", "int", "ndarray", "float32", "float64"):
            what = f"the loss is a plain number ({kind}), with no way back to the parameters"
        else:
            what = f"`backward()` is called on a `{kind}`, which has none"
        return LOSS_NO_TENSOR.finding(what=what)
    if name in ("_parameters", "_modules", "_buffers", "_backward_hooks", "_forward_hooks"):
        return SUPER_INIT.finding()
    kind = kind.rpartition(".")[2]
    if name == "device" and re.search(r"\b(?:model|self|linear)\.device", raised.code):
        return None if raised.is_network else _no_device(raised)
    if name == "detach" and "Parameter(" in raised.code:
        return parameter_of(kind)
    if kind == "ndarray" and name in OF_TENSORS:
        owner = re.search(rf"(\w+)\.{name}\b", raised.code)
        is_label = name == "long" or (owner is not None and owner[1] in LABELS)
        return _numpy_array(raised, is_label)
    if kind in ("method", "function", "builtin_function_or_method"):
        found = re.search(r"([\w.]+)\." + re.escape(name), raised.code)
        return NO_BRACKETS.finding(name=found.group(1)) if found else None
    return None


def _leaf(raised: Raised) -> Finding:
    in_step = "grad" in raised.code or not raised.code
    return IN_PLACE_LEAF.finding() if in_step else LEAF_OPERATION.finding()


def _always(mistake: Mistake, **values: str) -> Rule:
    """Return the rule that finds a mistake, with the groups of the pattern as its values."""

    def rule(raised: Raised) -> Finding:
        groups: Mapping[str, str] = raised.match.groupdict()
        return mistake.finding(**values, **groups)

    return rule


#: What is looked for in the messages of errors, and what is made of it. The messages are those of
#: PyTorch 2.6 to 2.13 and of Python 3.11 to 3.13; one that is not known is shown as it is.
RULES: tuple[tuple[str, Rule], ...] = (
    (r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", product),
    (
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton "
        r"dimension (\d+)",
        elements,
    ),
    (
        r"shape '(?P<shape>\[.*?\])' is invalid for input of size (?P<size>\d+)",
        _always(FIXED_SIZES),
    ),
    (r"(?:too many|not enough) values to unpack", unpacked),
    (r"list index out of range", unpacked),
    (r"1D tensors expected, but got", _always(VECTORS)),
    (r"Dimension out of range .*but got (?P<dimension>-?\d+)", _dimension),
    (r"same dtype, but got:? (\w+)(?: and | != )(\w+)", _mixed),
    (r"expected scalar type (Float|Double) but found (Float|Double)", _mixed),
    (
        r"(?:target dtype to be|scalar type) Long(?: or Byte)?,? but (?:got|found) (\w+)",
        labels_type,
    ),
    (
        r"not implemented for '(?:Int|Long|Short|Byte)'|1D target|multi-target",
        exchanged,
    ),
    (r"not implemented for '(Int|Float|Double|Short)'", labels_type),
    (r"tensors used as indices must be long|Expected dtype int64 for index", labels_type),
    (r"one_hot is only applicable to index tensor of type LongTensor", labels_type),
    (r"floating point type for target with class probabilities, got (\w+)", _always(LABELS_SHAPE)),
    (r"multi-target not supported|1D target tensor expected", labels_shape),
    (r"For 1D input, 1D target must have size 1", _always(OF_ONE_DIMENSION)),
    (r"ndex tensor must have the same number of dimensions|indices should have the same", column),
    (r"[Tt]arget (\d+) is out of bounds", labels_range),
    (r"index (\d+) is out of bounds for dimension 1", labels_range),
    (
        r"input batch_size \((?P<first>\d+)\) to match target batch_size \((?P<second>\d+)\)",
        _always(BATCH_SIZES),
    ),
    (
        r"size mismatch \(got input: \[(?P<first>.*?)\], target: \[(?P<second>.*?)\]\)",
        _always(BATCH_SIZES),
    ),
    (r"all elements of (?:input|target) should be between 0 and 1", _always(BINARY_LOSS)),
    (r"[Uu]sing a target size|Target size \(.*\) must be the same as", _always(BINARY_LOSS)),
    (r"must be Tensor, not ([\w.]+)", _not_a_tensor),
    (r"torch\.return_types\.(?P<name>\w+)", _always(VALUES_AND_INDICES)),
    (r"unsupported operand type\(s\) for @: '([\w.]+)' and '(?:Tensor|Parameter)'", _not_a_tensor),
    (
        r"unsupported operand type\(s\) for [*/+-]=?: 'numpy.ndarray' and '(?:Tensor|Parameter)'"
        r"|Concatenation operation is not implemented for NumPy arrays",
        _numpy_array,
    ),
    (r"operand type.* '(?:builtin_function_or_method|method)'", method_as_operand),
    (
        r"(?P<name>\w+)\(\) (?:got an unexpected keyword|received an invalid combination)",
        _numpy_calls_method,
    ),
    (r"unsupported operand type\(s\) for [*/+-]=?: '\w+' and 'NoneType'", _always(NO_GRADIENT_YET)),
    (r"expected np\.ndarray \(got (?:Tensor|Parameter)\)", _already_tensor),
    (r"Can't call numpy\(\) on Tensor that requires grad", _numpy_of_tensor),
    (r"does not require grad and does not have a grad_fn", _always(LOSS_CUT)),
    (r"grad can be implicitly created only for scalar outputs", _always(NO_SCALAR)),
    (r"cannot be converted to (?:Python )?[Ss]calar|only one element tensors", no_number),
    (r"invalid index of a 0-dim tensor|array is 0-dimensional", index_of_number),
    (r"invalid keyword argument for (?:sum|max|min)\(", python_function),
    (r"backward through the graph a second time", _always(BACKWARD_AGAIN)),
    (r"leaf Variable that requires grad is being used in an in-place operation", _leaf),
    (r"modified by an inplace operation", _always(IN_PLACE)),
    (r"cannot assign '.*' as parameter", _always(ASSIGNED)),
    (r"cannot assign \w+ before Module\.__init__\(\) call", _always(SUPER_INIT)),
    (r"Only Tensors of floating point .* can require gradients", _always(WHOLE_NUMBERS)),
    (r"missing 1 required positional arguments?: \W?dim\b", without_dim),
    (r"forward\(\) got an unexpected keyword argument 'dim'", without_dim),
    (
        r"(?P<name>[\w.<>]+)\(\) takes (?:from \d+ to )?(?P<takes>\d+) positional arguments? but "
        r"(?P<given>\d+) (?:was|were) given",
        takes_others,
    ),
    (
        r"(?P<name>[\w.<>]+)\(\) (?:missing \d+ required|got an unexpected|got multiple values)"
        r"(?P<takes>)(?P<given>)",
        takes_others,
    ),
    (r"maximum recursion depth exceeded", _always(RECURSION)),
    (r"name '(\w+)' is not defined", undefined),
    (r"'([\w.]+)' object has no attribute '(\w+)'", _no_attribute),
    (r"'(?:method|function)' object is not (?:iterable|subscriptable)", method_as_value),
    (r"'(\w+)' object is not callable", called),
    (r"Boolean value of Tensor with more than one value is ambiguous", boolean),
    (r"Expected all tensors to be on the same device", _always(DEVICES)),
    (r"not compiled with CUDA|No CUDA GPUs|no NVIDIA driver|support for mps", _no_device),
)


def name_error(raised: Raised) -> Finding | None:
    """Return the likely mistake behind an error, None if it is none of the known ones."""
    for pattern, rule in RULES:
        match = re.search(pattern, raised.message)
        if match is not None:
            found = rule(replace(raised, match=match))
            if found is not None:
                return found
    return None

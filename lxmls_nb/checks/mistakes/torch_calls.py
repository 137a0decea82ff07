"""Mistakes in calls, in names and in how classes of PyTorch are used, which end in an error."""

from __future__ import annotations

import re

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.names import name_python_function
from lxmls_nb.checks.mistakes.torch_shapes import Raised

CLASS_AS_FUNCTION = Mistake(
    "class-as-function",
    "`torch.nn.{name}` is a class: make an object of it first, `torch.nn.{name}()(...)`, or use "
    "the function in `torch.nn.functional`",
    name="a layer's class is used like a function",
    lesson="A class of `torch.nn` makes an object first, and the object is called: "
    "`torch.nn.Sigmoid()(z)`.",
)
LAYER_SIZES = Mistake(
    "layer-sizes",
    "`torch.nn.Linear` takes two sizes, that of its input and that of its output: it makes a layer "
    "of them, and the layer takes the tensor",
    lesson="`torch.nn.Linear(inputs, outputs)` makes a layer; the layer takes the tensor.",
)
NO_SELF = Mistake(
    "self-missing",
    "`{name}` is defined without `self`: it has to be the first argument in its `def` line",
    name="`self` is missing",
    lesson="`self` is the first argument of each method in its `def` line, and is not written "
    "where the method is called.",
)
ARGUMENT_COUNT = Mistake(
    "argument-count",
    "`{name}` takes {takes} arguments and gets {given}, with `self` counted: is `self` missing in "
    "its `def` line, or is one too many in the call?",
    name="a function gets another number of arguments than it takes",
)
SUPER_ARGUMENTS = Mistake(
    "super-arguments",
    "`super().__init__()` takes no sizes: a `torch.nn.Module` has none",
)
ARGUMENTS = Mistake(
    "arguments",
    "`{name}` does not take the arguments that it should: {expected} (Python: {message})",
    name="a function does not take the arguments that it should",
)
RECURSION = Mistake(
    "endless",
    "the code calls itself without an end: does a forward pass call itself, or its own model?",
)
UNDEFINED = Mistake(
    "not-defined",
    "`{name}` is not defined: {hint}",
    name="a name is not defined",
    lesson="Restart the kernel and run all cells before you hand in: what was once defined "
    "elsewhere is not there.",
)
HIDES_METHOD = Mistake(
    "hides-parameters",
    "in a `torch.nn.Module`, `self.parameters` is a method, which gives the optimizer what to "
    "change: use the names that `__init__` gave, and none of them may be `parameters`",
    name="the module's method `parameters` is taken for a list",
)
DIM = Mistake(
    "dim-missing",
    "a softmax needs to know over what: with an example in each row, `dim=1` is over the classes"
    "{where}",
    name="a softmax is not told its dimension",
    lesson="`dim=1` is over the classes, where each example is a row.",
)
NO_BRACKETS = Mistake(
    "no-brackets",
    "`{name}` is a method: the brackets are missing, `{name}()`",
    name="a method is not called, the brackets are missing",
)
NOT_CALLABLE = Mistake(
    "not-callable",
    "something that is no function is called: {kind} has no brackets after it",
    name="something that is no function is called",
)

STEP_ARGUMENT = Mistake(
    "step-argument",
    "`optimizer.step()` takes no loss: `loss.backward()`, before it, has put the gradients into "
    "the parameters, and the step finds them there",
    name="`optimizer.step()` gets an argument",
)
PARAMETER_OF = Mistake(
    "parameter-tensor",
    "`Parameter` takes a tensor, and gets {kind}: make a tensor first, as with {how}",
    name="`Parameter` gets something that is no tensor",
    lesson="`torch.nn.Parameter` takes a tensor, which holds the values that it starts with.",
)

#: Methods that are called without arguments, mostly.
WITHOUT_ARGUMENTS = (
    "t|item|mean|sum|exp|log|sqrt|abs|sigmoid|tanh|max|min|detach|numpy|float|long|double|size|dim"
)

#: Classes of `torch.nn` that are often called as if they were functions.
LAYERS = frozenset(
    {
        *("Linear", "Sigmoid", "ReLU", "Tanh", "Softmax", "LogSoftmax", "Sequential", "Dropout"),
        *("NLLLoss", "CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss", "MSELoss", "Parameter"),
    }
)

#: The first lines of what the checks call.
SIGNATURES = {
    "__init__": "`def __init__(self, input_size, num_classes):`",
    "forward": "`def forward(self, input):`",
    "log_forward": "`def log_forward(self, input):`",
    "training_step": "`def training_step(model, optimizer, input, output):`",
}


def takes_others(raised: Raised) -> Finding | None:
    """Look at a call with another number of arguments than the function takes."""
    name = raised.match.group("name")
    owner, _, method = name.rpartition(".")
    if "'out_features'" in raised.message:
        return LAYER_SIZES.finding()
    if method == "__init__" and owner != "LogLinear" and re.search(rf"nn\.{owner}\(", raised.code):
        return CLASS_AS_FUNCTION.finding(name=owner)
    if method == "__init__" and "super().__init__(" in raised.code:
        return SUPER_ARGUMENTS.finding() if owner == "LogLinear" else None
    takes, given = raised.match.group("takes"), raised.match.group("given")
    if takes and given and owner and int(given) == int(takes) + 1 and method != "__init__":
        if method in SIGNATURES and takes == "1":
            return NO_SELF.finding(name=method)
        return ARGUMENT_COUNT.finding(name=method, takes=takes, given=given)
    if method in SIGNATURES and not raised.line:  # a call of the check
        expected = SIGNATURES[method]
        if raised.is_network and method == "__init__":
            expected = "those of `PytorchMLP`, whose `__init__` does without one of your own"
        return ARGUMENTS.finding(name=method, expected=expected, message=raised.message)
    return None


def undefined(raised: Raised) -> Finding:
    """Look at a name that does not exist."""
    name = raised.match.group(1)
    known = {
        "F": "`import torch.nn.functional as F` is missing",
        "nn": "write `torch.nn`, or `from torch import nn` first",
        "optim": "write `torch.optim`, or import it first",
        "np": "`import numpy as np` is missing",
        "torch": "`import torch` is missing: run the cell with the imports",
        "self": "is it missing in the brackets of the `def` line?",
    }
    if name == "self" and not raised.is_network and "loss" in raised.code:
        return UNDEFINED.finding(name=name, hint="`training_step` is no method: say `model(input)`")
    hint = "is it spelt as where it is made, is `self.` missing before it, or an import?"
    return UNDEFINED.finding(name=name, hint=known.get(name, hint))


def without_dim(raised: Raised) -> Finding | None:
    """Look at a softmax that is not told its dimension, or is told it in the wrong brackets."""
    if re.search(r"Softmax\(\)\(", raised.code):
        return DIM.finding(where=", as in `torch.nn.LogSoftmax(dim=1)(z)`")
    is_softmax = re.search(r"soft(?:max|min)(?:\(|$)", f"{raised.code}\n{raised.message}")
    return DIM.finding(where="") if is_softmax else None


def method_as_value(raised: Raised) -> Finding | None:
    """Look at a method where what it returns is meant."""
    if not raised.is_network and re.search(r"self\.parameters\b(?!\()", raised.code):
        return HIDES_METHOD.finding()
    found = re.search(r"([\w.]*\b(?:named_)?parameters)\b(?!\()", raised.code)
    is_call = found is not None and "self.parameters" not in found.group(1)
    return NO_BRACKETS.finding(name=found.group(1)) if found and is_call else None


def method_as_operand(raised: Raised) -> Finding | None:
    """Look at a calculation with a method where what it returns is meant."""
    found = re.search(rf"[\w.]*\.(?:{WITHOUT_ARGUMENTS})\b(?!\s*\()", raised.code)
    return NO_BRACKETS.finding(name=found.group()) if found else None


def parameter_of(kind: str) -> Finding:
    """Return what is wrong where a parameter is made of something that is no tensor."""
    if kind == "ndarray":
        how = "`torch.tensor(..., dtype=torch.float32)`"
        return PARAMETER_OF.finding(kind="a NumPy array", how=how)
    kinds = {"int": "a number", "float": "a number", "list": "a list", "tuple": "a tuple"}
    return PARAMETER_OF.finding(
        kind=kinds.get(kind, f"a {kind}"), how="`torch.zeros(rows, columns)`"
    )


def called(raised: Raised) -> Finding | None:
    """Look at a call of something that is no function."""
    if raised.match.group(1) == "list" and not raised.line and not raised.is_network:
        return HIDES_METHOD.finding()
    kinds = {
        "list": "a list, as `self.parameters` is here,",
        "Tensor": "a tensor",
        "Parameter": "a parameter",
        "float": "a number",
        "tuple": "a tuple",
    }
    kind = raised.match.group(1)
    if kind in ("Tensor", "float") and re.search(r"\.step\(\s*\w", raised.code):
        return STEP_ARGUMENT.finding()
    return NOT_CALLABLE.finding(kind=kinds[kind]) if kind in kinds else None


def boolean(raised: Raised) -> Finding | None:
    """Look at a tensor that is taken for a truth value, as by a loss that is not made first."""
    found = re.search(r"nn\.(\w*Loss)\(", raised.code)
    return CLASS_AS_FUNCTION.finding(name=found.group(1)) if found else python_function(raised)


def python_function(raised: Raised) -> Finding | None:
    """Look at a function of Python that gets a tensor."""
    return name_python_function(raised.message, raised.code, "torch")

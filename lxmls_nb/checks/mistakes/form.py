"""Mistakes in the form of an answer, before its numbers count: the verdict sees and names them."""

from __future__ import annotations

from lxmls_nb.checks.mistakes.mistake import Mistake

# --- of any answer

TYPE = Mistake("type", "it is of the wrong type")
SHAPE = Mistake("shape", "the shape is wrong")
NOT_FINITE = Mistake(
    "not-finite",
    "there are values that are not finite: is the softmax computed from large exponentials?",
)
ERROR = Mistake("error", "an error was raised")
ANSWER = Mistake("answer", "not so")

# --- of gradients

TRIPLE = Mistake(
    "triple",
    "three things are expected, in this order: the loss, the weight gradient, the bias gradient",
)
STRUCTURE = Mistake(
    "structure", "a list with a pair [weight gradient, bias gradient] for each layer is expected"
)
LAYER_ORDER = Mistake("layer-order", "the layers are in reverse order: the first layer comes first")
TOO_SLOW = Mistake(
    "too-slow",
    "it takes more than {seconds:g} s, where going back through the layers takes a moment. Is each "
    "of the {parameters} parameters moved in turn, for numerical gradients? Those need a forward "
    "pass for each",
)
OFF_AT_SIZE = Mistake(
    "wrong-at-size",
    "by up to {off} of the largest value: are sizes fixed, or values cut off or rounded?",
)

# --- of modules, their outputs and steps in PyTorch

PARAMETERS = Mistake(
    "parameters", "the module has exactly two parameters, of shape (K, I) and of K elements"
)
MODULE = Mistake("module", "`LogLinear` is not right yet")
TENSOR = Mistake("tensor", "a tensor is expected, with the graph that leads to it")
CUT = Mistake(
    "cut",
    "no gradient reaches the parameters: .detach(), .data, .numpy(), torch.no_grad() or a new "
    "tensor made from them cuts the graph",
)
PARTLY_CUT = Mistake(
    "partly-cut",
    "no gradient reaches the {what}: it plays no part in the output, or is cut off from it",
)
RETURN = Mistake("return", "a plain float, the loss before the step, is expected")

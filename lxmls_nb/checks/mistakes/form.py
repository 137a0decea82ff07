"""Mistakes in the form of an answer, before its numbers count: the verdict sees and names them."""

from __future__ import annotations

from lxmls_nb.checks.mistakes.mistake import Mistake

# --- of any answer

TYPE = Mistake(
    "type",
    "it is of the wrong type",
    name="something is of the wrong type",
)
SHAPE = Mistake(
    "shape",
    "the shape is wrong",
    lesson="Write the shapes beside each line: a gradient has the shape of its parameter.",
)
NOT_FINITE = Mistake(
    "not-finite",
    "there are values that are not finite: is the softmax computed from large exponentials?",
    name="there are values that are not finite",
    lesson="The exponential of a large number overflows: subtract the largest z of each row "
    "first, or use logsumexp.",
)
ERROR = Mistake(
    "error",
    "an error was raised",
    lesson="The last line of an error tells what is wrong, the lines above it where: read it from "
    "its end.",
)
ANSWER = Mistake("answer", "not so")

# --- of gradients

TRIPLE = Mistake(
    "triple",
    "three things are expected, in this order: the loss, the weight gradient, the bias gradient",
    name="the loss and the two gradients are not returned as three things",
    lesson="Return three things in this order: the loss, the gradient of the weight, the gradient "
    "of the bias.",
)
STRUCTURE = Mistake(
    "structure",
    "a list with a pair [weight gradient, bias gradient] for each layer is expected",
    name="the gradients are not returned in the form that is asked for",
    lesson="Return what is asked for, in its order and form: print it and compare, before the test "
    "does.",
)
SAME_PAIR = Mistake(
    "same-pair",
    "all layers have one and the same pair: in `[[None, None]] * n` there is one list, n times. "
    "Make a new pair for each layer, as with `[[None, None] for _ in self.parameters]`",
    name="one pair of gradients stands for all layers",
    lesson="`[pair] * n` is one list with n names: what is put into one is in all. Make a new pair "
    "for each layer.",
)
LAYER_ORDER = Mistake("layer-order", "the layers are in reverse order: the first layer comes first")
TOO_SLOW = Mistake(
    "too-slow",
    "it takes more than {seconds:g} s, where going back through the layers takes a moment. Is each "
    "of the {parameters} parameters moved in turn, for numerical gradients? Those need a forward "
    "pass for each",
    name="the gradients are numerical ones, or as slow as these",
    lesson="Numerical gradients need a forward pass for each parameter: backpropagation gets all "
    "of them from one pass back.",
)
OFF_AT_SIZE = Mistake(
    "wrong-at-size",
    "by up to {off} of the largest value: are sizes fixed, or values cut off or rounded?",
    name="on a large network the gradients are wrong",
    lesson="Sizes come from the parameters and the batch, never from a number in the code.",
)

# --- of modules, their outputs and steps in PyTorch

PARAMETERS = Mistake(
    "parameters", "the module has exactly two parameters, of shape (K, I) and of K elements"
)
MODULE = Mistake("module", "`LogLinear` is not right yet")
TENSOR = Mistake("tensor", "a tensor is expected, with the graph that leads to it")
CUT = Mistake(
    "cut",
    "no gradient reaches the parameters: .detach(), .data, .numpy(), torch.no_grad(), "
    "requires_grad_(False) or a new tensor made from them cuts the graph",
    name="no gradient reaches the parameters",
    lesson="Whatever lies between parameters and loss has to stay in the graph: no `.detach()`, "
    "`.data`, `.numpy()` or new tensor on the way.",
)
PARTLY_CUT = Mistake(
    "partly-cut",
    "no gradient reaches the {what}: it plays no part in the output, asks for none "
    "(`requires_grad=False`), or is cut off, as by .detach(), .data, torch.no_grad() or a new "
    "tensor",
    name="no gradient reaches some of the parameters",
    lesson="A parameter gets a gradient only if it plays a part in the output, and the graph from "
    "there to here is whole.",
)
GRADIENTS_OFF = Mistake(
    "gradients-off",
    "gradients are switched off altogether, by a line such as `torch.set_grad_enabled(False)`: "
    "take it out, and restart the kernel. `with torch.no_grad():` holds for a block alone",
    name="gradients are switched off altogether",
    lesson="`torch.set_grad_enabled(False)` holds for all cells that follow: `with "
    "torch.no_grad():` does it for a block alone.",
)
RETURN = Mistake("return", "a plain float, the loss before the step, is expected")

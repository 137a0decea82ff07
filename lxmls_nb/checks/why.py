"""Why a right answer works: a line for each check, which a notebook shows once it has passed."""

from __future__ import annotations

from collections.abc import Sequence

#: By the quantity that is looked at; None is everything together.
OF_LOG_LINEAR_GRADIENTS = {
    "loss": (
        "Why it works: the loss needs one number for each example, the log-probability of its own "
        "class. If you work with logarithms all the way, no large score makes it overflow."
    ),
    "weight": (
        "Why it works: the gradient of a weight is the error at the output of the linear function "
        "times what came in. Adding that up over the examples is what a matrix product does."
    ),
    "bias": (
        "Why it works: a bias is a weight whose input is always one, so its gradient is the error "
        "itself, averaged over the batch."
    ),
    None: (
        "Why it works for any sizes: each step names the axis that it sums over, examples or "
        "classes, and no step remembers an earlier call."
    ),
}
LAST_LAYER = (
    "Why it works: the last layer is the log-linear model again, with the outputs of the hidden "
    "layer in the place of the features. Error times input, as before."
)
HIDDEN_WEIGHTS = (
    "Why it works: the error goes back through the weights that the values came through, and is "
    "scaled by the slope of the sigmoid at each unit. From there on it is error times input."
)
HIDDEN_BIASES = (
    "Why it works: the bias of a hidden unit has the input one, so its gradient is the error that "
    "has come back to that unit, averaged over the batch."
)
ALL_LAYERS = (
    "Why it works at any depth: the step from a layer to the one before is always the same, and "
    "the errors of a layer are all that the step needs to know of what comes after."
)
OTHER_UNITS = (
    "Why it works: a node in the graph needs only its own derivative. Exchange the function, "
    "exchange that factor, and leave the rest."
)
REAL_SIZE = (
    "Why it is fast: one backward pass, about twice the work of a forward pass, gives all the "
    "gradients. Numerical ones take two forward passes for each parameter."
)
MODULE = (
    "Why it works: `log_softmax` subtracts the largest logit before it takes any exponential, so "
    "that large weights are no danger, and the parameters are known to the module."
)
ONE_STEP = (
    "Why it works: `backward` leaves the gradients beside the parameters, and the optimizer takes "
    "its step with what lies there."
)
SEVERAL_STEPS = (
    "Why it works more than once: gradients are added to what is there, so each step begins by "
    "clearing away those of the step before."
)
FORWARD_PASS = (
    "Why it works: the forward pass is a chain of linear functions and sigmoids, with a softmax "
    "in logarithms at its end. PyTorch has taken note of each link."
)
GRADIENT_FLOW = (
    "Why it works: no link between the parameters and the loss is cut, so that autograd can "
    "multiply the same derivatives that you multiplied by hand in Exercise 2.2."
)


def of_backpropagation(
    count: int,
    layers: Sequence[int],
    quantity: str | None,
    activation_functions: Sequence[str],
) -> str:
    """Return why backpropagation works, for the part that was looked at.

    Parameters
    ----------
    count : int
        The number of layers.
    layers : sequence of int
        Those that were looked at, from zero.
    quantity : {None, "weight", "bias"}
    activation_functions : sequence of str
    """
    if set(activation_functions) - {"sigmoid", "softmax"}:
        return OTHER_UNITS
    if list(layers) == [count - 1]:
        return LAST_LAYER
    if len(layers) == count:
        return ALL_LAYERS
    return HIDDEN_BIASES if quantity == "bias" else HIDDEN_WEIGHTS

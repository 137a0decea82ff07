"""What rules look at: what a student's code gave, beside what is right."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.special import log_softmax, softmax

from lxmls_nb.checks.mistakes.fit import FIT, constant_factor
from lxmls_nb.checks.numerical import output_error
from lxmls_nb.checks.problems import Forward, Problem, forward
from lxmls_nb.differences import central_difference
from lxmls_nb.models.numpy_mlp import HIDDEN

#: How far a change of a hidden layer's z is followed, in units of the change of the parameter. It
#: is so small that a ReLU is hardly ever stepped over at its kink.
SMALL_STEP = 1e-6


class Right:
    """What is right on the way from a problem's input to its loss; each is computed once.

    Parameters
    ----------
    problem : Problem
        M examples, K classes.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        self.size = len(problem.output)
        self.rows = np.arange(self.size)

    @cached_property
    def values(self) -> Forward:
        """The forward pass."""
        return forward(self.problem)

    @cached_property
    def z(self) -> np.ndarray:
        """Output of the last linear transformation, (M, K)."""
        return self.values.linear[-1]

    @cached_property
    def p(self) -> np.ndarray:
        """Probabilities, (M, K)."""
        probabilities: np.ndarray = softmax(self.z, axis=1)
        return probabilities

    @cached_property
    def log_p(self) -> np.ndarray:
        """Log-probabilities, (M, K)."""
        return self.values.log_probabilities

    @cached_property
    def p_of_class(self) -> np.ndarray:
        """Probability of each example's right class, (M,)."""
        probabilities: np.ndarray = self.p[self.rows, self.problem.output]
        return probabilities

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable class of each example, (M,)."""
        classes: np.ndarray = self.p.argmax(axis=1)
        return classes

    @cached_property
    def onehot(self) -> np.ndarray:
        """Indicator vectors of the right classes, (M, K)."""
        vectors: np.ndarray = np.eye(self.p.shape[1])[self.problem.output]
        return vectors

    @cached_property
    def output_error(self) -> np.ndarray:
        """Derivative of the loss with respect to z, (M, K); it carries the average over M."""
        return output_error(self.problem)

    @cached_property
    def losses(self) -> np.ndarray:
        """Loss of each example, (M,): finite where a probability is too small for a number, too."""
        return self.losses_with(self.log_p)

    @cached_property
    def loss(self) -> float:
        """The mean loss."""
        return float(self.losses.mean())

    def losses_with(self, log_probabilities: np.ndarray) -> np.ndarray:
        """Return the loss of each example, (M,), with other log-probabilities (M, K)."""
        losses: np.ndarray = -log_probabilities[self.rows, self.problem.output]
        return losses


class Output(Right):
    """Log-probabilities that a forward pass gave, beside what is right.

    Parameters
    ----------
    problem : Problem
    array : ndarray, shape (M, K)
    """

    def __init__(self, problem: Problem, array: np.ndarray):
        super().__init__(problem)
        self.array = array

    @property
    def truth(self) -> np.ndarray:
        """The right log-probabilities."""
        return self.log_p

    def with_logits(self, z: np.ndarray) -> Output:
        """Return the same output beside what would be right if the last z were another."""
        other = Output(self.problem, self.array)
        vars(other).update(z=z, p=softmax(z, axis=1), log_p=log_softmax(z, axis=1))
        return other


class Gradient(Right):
    """A gradient that an answer gave, beside what is right.

    Parameters
    ----------
    problem : Problem
    array, truth : ndarray
        The student's and the numerical gradient, of the same shape.
    layer : int
        Which layer it belongs to.
    is_bias : bool
        Whether it is the gradient of the bias, not of the weight.
    """

    def __init__(
        self, problem: Problem, array: np.ndarray, truth: np.ndarray, layer: int, is_bias: bool
    ):
        super().__init__(problem)
        self.array, self.truth = array, truth
        self.layer, self.is_bias = layer, is_bias

    @property
    def parameter(self) -> np.ndarray:
        """The weight or bias that the gradient belongs to."""
        return self.problem.parameters[self.layer][int(self.is_bias)]

    @property
    def layer_input(self) -> np.ndarray:
        """What enters the layer, (M, in)."""
        return self.values.layer_inputs[self.layer]

    @property
    def hidden(self) -> range:
        """The hidden layers that the error goes through on its way to this layer."""
        return range(self.layer, len(self.problem.parameters) - 1)

    @property
    def function(self) -> str:
        """The non-linearity of the hidden layers, "" if there are none, or several kinds."""
        names = set(self.problem.activation_functions[:-1])
        return names.pop() if len(names) == 1 else ""

    @cached_property
    def factor(self) -> float | None:
        """What the numerical gradient is multiplied by everywhere, None if by nothing."""
        return constant_factor(self.array, self.truth)

    def is_times(self, value: float) -> bool:
        """Whether the numerical gradient is multiplied by this value."""
        return self.factor is not None and abs(self.factor - value) <= FIT * abs(value)

    def follow(
        self,
        error: np.ndarray | None = None,
        derivatives: dict[int, np.ndarray] | None = None,
        weights: dict[int, np.ndarray] | None = None,
        layer_input: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the gradient with a mistake put in.

        A small change of each parameter of the layer is followed forwards through the network to
        the output, so that no backpropagation is written here.

        Parameters
        ----------
        error : ndarray, shape (M, K), optional
            Derivative of the loss with respect to the last z instead of the right one.
        derivatives : dict, optional
            By layer, derivatives of the non-linearity instead of the right ones.
        weights : dict, optional
            By layer, the weights that the error goes through instead of the right ones.
        layer_input : ndarray, optional
            What enters the layer instead of the right values.
        """
        return self.with_error(self.error_of(self.layer, error, derivatives, weights), layer_input)

    def with_error(self, error: np.ndarray, layer_input: np.ndarray | None = None) -> np.ndarray:
        """Return the gradient with another error of its layer, (M, out), or another input."""
        if self.is_bias:
            total: np.ndarray = error.sum(axis=0, keepdims=True)
            return total
        entering = self.layer_input if layer_input is None else layer_input
        gradient: np.ndarray = np.einsum("mk,mi->ki", error, entering)
        return gradient

    def error_of(
        self,
        layer: int,
        error: np.ndarray | None = None,
        derivatives: dict[int, np.ndarray] | None = None,
        weights: dict[int, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Return the derivative of the loss with respect to z of a layer, with a mistake put in.

        The arguments are those of :meth:`follow`.

        Returns
        -------
        error : ndarray, shape (M, out)
        """
        response = self.response(layer, derivatives, weights)
        return self.through(self.output_error if error is None else error, response)

    @staticmethod
    def through(error: np.ndarray, response: np.ndarray) -> np.ndarray:
        """Return the error of a layer, (M, out), from that at the output and :meth:`response`."""
        found: np.ndarray = np.sum(error * response, axis=2).T
        return found

    def response(
        self,
        layer: int,
        derivatives: dict[int, np.ndarray] | None = None,
        weights: dict[int, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Return how the last z respond to a change of each z of a layer, (out, M, K)."""
        units = self.problem.geometry[layer + 1]
        # How each z of this layer responds to a change of itself: (units, M, units).
        change = np.repeat(np.eye(units)[:, None, :], self.size, axis=1)
        for number in range(layer, len(self.problem.parameters) - 1):
            if derivatives and number in derivatives:
                change = change * derivatives[number]
            else:  # how the hidden layer really responds to a small change
                function = HIDDEN[self.problem.activation_functions[number]]
                change = central_difference(
                    function, self.values.linear[number], change, SMALL_STEP
                )
            weight = (weights or {}).get(number + 1, self.problem.parameters[number + 1][0])
            change = change @ weight.T
        return change

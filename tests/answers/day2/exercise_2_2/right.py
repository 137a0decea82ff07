# %% plain numpy-backpropagation
# The plain way. Most wrong answers are changes of this one.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        gradients = []
        for n in reversed(range(len(self.parameters))):
            weight, bias = self.parameters[n]
            weight_gradient = error.T @ layer_inputs[n]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% R1 numpy-backpropagation
# Explicit loops over examples, units and inputs.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        num_examples = len(input)
        gradients = [[np.zeros_like(w), np.zeros_like(b)] for w, b in self.parameters]
        for m in range(num_examples):
            error = [np.exp(value) for value in log_p[m]]
            error[output[m]] -= 1
            for n in range(len(self.parameters) - 1, -1, -1):
                entering = layer_inputs[n][m]
                for k in range(len(error)):
                    gradients[n][1][0, k] += error[k] / num_examples
                    for j in range(len(entering)):
                        gradients[n][0][k, j] += error[k] * entering[j] / num_examples
                if n > 0:
                    before = []
                    for j in range(len(entering)):
                        total = 0.0
                        for k in range(len(error)):
                            total += error[k] * self.parameters[n][0][k, j]
                        before.append(total * entering[j] * (1 - entering[j]))
                    error = before
        return gradients


# %% R2 numpy-backpropagation
# einsum throughout; the labels by np.subtract.at.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, h = self.log_forward(input)
        delta = np.exp(log_p)
        np.subtract.at(delta, (np.arange(len(output)), output), 1.0)
        delta /= len(output)
        gradients = [None] * len(self.parameters)
        for n in range(len(self.parameters))[::-1]:
            gradients[n] = [np.einsum("mk,mj->kj", delta, h[n]), np.einsum("mk->k", delta)[None]]
            if n:
                w = self.parameters[n][0]
                delta = np.einsum("mk,kj,mj,mj->mj", delta, w, h[n], 1 - h[n])
        return gradients


# %% R3 numpy-backpropagation
# Recursion over the layers.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)

        def down(n, error):
            entering = layer_inputs[n]
            here = [error.T @ entering, error.sum(axis=0, keepdims=True)]
            if n == 0:
                return [here]
            return down(n - 1, (error @ self.parameters[n][0]) * entering * (1 - entering)) + [here]

        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        return down(len(self.parameters) - 1, error)


# %% R4 numpy-backpropagation
# Normalises at the end.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        N = input.shape[0]
        error = np.exp(log_p) - index2onehot(output, log_p.shape[1])
        gradients = []
        for n in range(len(self.parameters) - 1, -1, -1):
            gW = np.dot(error.T, layer_inputs[n]) / N
            gb = np.mean(error, axis=0, keepdims=True)
            gradients.insert(0, [gW, gb])
            if n > 0:
                error = np.dot(error, self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients


# %% R5 numpy-backpropagation
# The guide's signs and loops: errors first, minus (indicator - probabilities).
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_prob_y, layer_inputs = self.log_forward(input)
        prob_y = np.exp(log_prob_y)
        num_examples, num_classes = prob_y.shape
        num_hidden_layers = len(self.parameters) - 1

        I = index2onehot(output, num_classes)
        error = -(I - prob_y) / num_examples
        errors = [error]
        for n in reversed(range(num_hidden_layers)):
            error = np.dot(error, self.parameters[n + 1][0])
            activation = layer_inputs[n + 1]
            error *= activation * (1 - activation)
            errors.append(error)
        errors = errors[::-1]

        gradients = []
        for n in range(num_hidden_layers + 1):
            weight, bias = self.parameters[n]
            weight_gradient = np.zeros(weight.shape)
            for l in range(num_examples):
                weight_gradient += np.outer(errors[n][l, :], layer_inputs[n][l, :])
            bias_gradient = np.sum(errors[n], axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
        return gradients


# %% R6 numpy-backpropagation
# Its own forward pass, with SciPy's expit and softmax.
from scipy.special import expit, softmax


class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        states = [input]
        *hidden, (last_weight, last_bias) = self.parameters
        for weight, bias in hidden:
            states.append(expit(states[-1] @ weight.T + bias))
        error = softmax(states[-1] @ last_weight.T + last_bias, axis=1)
        error[np.arange(output.size), output] -= 1
        error /= output.size
        gradients = []
        for (weight, _), state in zip(reversed(self.parameters), reversed(states)):
            gradients.append([error.T @ state, error.sum(0)[np.newaxis, :]])
            error = error @ weight * (state * (1 - state))
        gradients.reverse()
        return gradients


# %% R7 numpy-backpropagation
# The derivative of the sigmoid computed from z.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        log_p, layer_inputs = self.log_forward(input)
        z = [h @ w.T + b for h, (w, b) in zip(layer_inputs, self.parameters)]
        errors = {len(z) - 1: (np.exp(log_p) - np.eye(log_p.shape[1])[output]) / len(input)}
        for n in range(len(z) - 2, -1, -1):
            errors[n] = (errors[n + 1] @ self.parameters[n + 1][0]) * sigmoid(z[n]) * sigmoid(-z[n])
        return [
            [errors[n].T @ layer_inputs[n], errors[n].sum(axis=0, keepdims=True)]
            for n in range(len(z))
        ]


# %% R8 numpy-backpropagation
# Tuples instead of lists.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = ()
        for n in reversed(range(len(self.parameters))):
            gradients = ((error.T @ layer_inputs[n], error.sum(0, keepdims=True)), *gradients)
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients


# %% R9 numpy-backpropagation
# A sum of np.outer, one a example.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = np.exp(log_p) - index2onehot(output, log_p.shape[1])
        gradients = []
        for n in range(len(self.parameters) - 1, -1, -1):
            weight_gradient = sum(np.outer(e, h) for e, h in zip(error, layer_inputs[n])) / len(input)
            gradients.insert(0, [weight_gradient, sum(error).reshape(1, -1) / len(input)])
            a = layer_inputs[n]
            error = np.array([self.parameters[n][0].T @ e for e in error]) * (a - a * a)
        return gradients


# %% R10 numpy-backpropagation
# tensordot, np.where for the indicator vectors, and ufuncs with out=.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = np.where(
            np.arange(log_p.shape[1])[None, :] == output[:, None], np.exp(log_p) - 1, np.exp(log_p)
        )
        np.divide(error, error.shape[0], out=error)
        gradients = []
        for n in range(len(self.parameters) - 1, -1, -1):
            h = layer_inputs[n]
            gradients.append(
                [np.tensordot(error, h, axes=(0, 0)), np.add.reduce(error, axis=0, keepdims=True)]
            )
            error = np.tensordot(error, self.parameters[n][0], axes=1)
            np.multiply(error, h, out=error)
            np.multiply(error, 1 - h, out=error)
        return gradients[::-1]


# %% R11 numpy-backpropagation
# The chain rule in full: derivative of the loss, Jacobian of the softmax, example by example.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = []
        for row, label in zip(np.exp(log_p), output):
            jacobian_of_log = np.eye(len(row)) - row[None, :]  # d log p_i / d z_j
            by_log_p = np.zeros(len(row))
            by_log_p[label] = -1
            error.append(by_log_p @ jacobian_of_log)
        error = np.array(error) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            h = layer_inputs[n]
            gradients.append([error.T @ h, error.sum(axis=0, keepdims=True)])
            jacobians = np.array([np.diag(row * (1 - row)) for row in h])
            error = np.einsum("mk,kj,mji->mi", error, self.parameters[n][0], jacobians)
        return list(reversed(gradients))


# %% R12 numpy-backpropagation
# Homogeneous coordinates: the bias is one more column of the weight.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        ones = np.ones((len(input), 1))
        whole = [np.hstack([weight, bias.T]) for weight, bias in self.parameters]
        log_p, layer_inputs = self.log_forward(input)
        extended = [np.hstack([h, ones]) for h in layer_inputs]
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for weight, h in zip(whole[::-1], extended[::-1]):
            both = error.T @ h
            gradients.append([both[:, :-1], both[:, -1:].T])
            error = ((error @ weight) * h * (1 - h))[:, :-1]
        return gradients[::-1]


# %% R13 numpy-backpropagation
# Column vectors: examples in columns.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        M = input.shape[0]
        A = [input.T]
        for W, b in self.parameters[:-1]:
            A.append(1 / (1 + np.exp(-(W @ A[-1] + b.T))))
        W, b = self.parameters[-1]
        Z = W @ A[-1] + b.T
        delta = np.exp(Z - logsumexp(Z, axis=0))
        delta[output, range(M)] -= 1
        gradients = []
        for (W, b), a in zip(self.parameters[::-1], A[::-1]):
            gradients = [[delta @ a.T / M, delta.mean(axis=1, keepdims=True).T]] + gradients
            delta = (W.T @ delta) * a * (1 - a)
        return gradients


# %% R14 numpy-backpropagation
# A dictionary by layer, sorted at the end.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        cache = dict(enumerate(layer_inputs))
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = {}
        for n in sorted(cache, reverse=True):
            gradients[n] = [error.T.dot(cache[n]), error.sum(axis=0).reshape(1, -1)]
            error = error.dot(self.parameters[n][0]) * cache[n] * (1 - cache[n])
        return [gradient for _, gradient in sorted(gradients.items(), key=lambda item: item[0])]


# %% R15 numpy-backpropagation
# Its own log-softmax with np.logaddexp.reduce.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        h = [input]
        for w, b in self.parameters[:-1]:
            h.append(np.exp(-np.logaddexp(0, -(h[-1] @ w.T + b))))
        w, b = self.parameters[-1]
        z = h[-1] @ w.T + b
        p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
        error = (p - index2onehot(output, p.shape[1])) / p.shape[0]
        gradients = []
        for n in range(len(h) - 1, -1, -1):
            gradients.insert(0, [error.T @ h[n], np.ones((1, len(input))) @ error])
            error = error @ self.parameters[n][0] * h[n] * (1 - h[n])
        return gradients


# %% R16 numpy-backpropagation
# Subtracts one at the right classes, on a copy.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = np.exp(log_p).copy()
        error[range(len(output)), output] -= 1
        error = error / len(output)
        gradients = []
        weights = [w for w, _ in self.parameters]
        while weights:
            h = layer_inputs[len(weights) - 1]
            gradients.append([error.T @ h, error.sum(0, keepdims=True)])
            error = (error @ weights.pop()) * h * (1 - h)
        return gradients[::-1]


# %% R17 numpy-backpropagation
# gradients.insert(0, ...) in a loop over reversed(list(enumerate(...))), comments in Portuguese.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        # Passagem para a frente
        log_probs, entradas = self.log_forward(input)
        # Erro na saída: probabilidades menos indicadores
        erro = (np.exp(log_probs) - index2onehot(output, log_probs.shape[1])) / input.shape[0]
        gradientes = []
        for camada, (peso, _) in reversed(list(enumerate(self.parameters))):
            gradientes.insert(0, [erro.T @ entradas[camada], erro.sum(axis=0, keepdims=True)])
            # A derivada da sigmoide é a (1 - a)
            erro = (erro @ peso) * entradas[camada] * (1.0 - entradas[camada])
        return gradientes


# %% R20 numpy-backpropagation
# PyTorch's autograd on its own forward pass.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        import torch

        tensors = [
            [torch.tensor(array, requires_grad=True) for array in pair] for pair in self.parameters
        ]
        h = torch.tensor(input)
        for weight, bias in tensors[:-1]:
            h = torch.sigmoid(h @ weight.T + bias)
        weight, bias = tensors[-1]
        loss = torch.nn.functional.cross_entropy(h @ weight.T + bias, torch.tensor(output))
        loss.backward()
        return [[weight.grad.numpy(), bias.grad.numpy()] for weight, bias in tensors]


# %% R21 numpy-backpropagation
# Computes in float64, returns float32.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            pair = [error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)]
            gradients.append([array.astype(np.float32) for array in pair])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R22 numpy-backpropagation
# Computes everything in float32.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        f = np.float32
        parameters = [[array.astype(f) for array in pair] for pair in self.parameters]
        h = [input.astype(f)]
        for w, b in parameters[:-1]:
            h.append(1 / (1 + np.exp(-(h[-1] @ w.T + b))))
        w, b = parameters[-1]
        z = h[-1] @ w.T + b
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        error = (p - np.eye(p.shape[1], dtype=f)[output]) / f(len(input))
        gradients = []
        for n in reversed(range(len(h))):
            gradients.append([error.T @ h[n], error.sum(axis=0, keepdims=True)])
            error = (error @ parameters[n][0]) * h[n] * (1 - h[n])
        return gradients[::-1]


# %% R23 numpy-backpropagation
# Prints, warns and writes to stderr.
import sys
import warnings


class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        print("backpropagation of a batch of shape", input.shape)
        print("this goes to stderr", file=sys.stderr)
        warnings.warn("so does this")
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append([error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R24 numpy-backpropagation
# Type hints, docstrings, helper functions and methods.
from typing import Sequence

Gradients = list[list[np.ndarray]]


def sigmoid_derivative(activation: np.ndarray) -> np.ndarray:
    """Return the derivative of the sigmoid, given its value."""
    return activation * (1.0 - activation)


class MyNumpyMLP(NumpyMLP):
    """An MLP that knows its gradients."""

    def _output_error(self, log_probabilities: np.ndarray, output: np.ndarray) -> np.ndarray:
        indicator = index2onehot(output, self.geometry[-1])
        return (np.exp(log_probabilities) - indicator) / output.shape[0]

    @staticmethod
    def _pair(error: np.ndarray, entering: np.ndarray) -> list[np.ndarray]:
        return [error.T @ entering, error.sum(axis=0, keepdims=True)]

    def _errors(self, error: np.ndarray, layer_inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        errors = [error]
        for (weight, _), entering in zip(self.parameters[:0:-1], layer_inputs[:0:-1]):
            errors.append((errors[-1] @ weight) * sigmoid_derivative(entering))
        return errors[::-1]

    def backpropagation(self, input: np.ndarray, output: np.ndarray) -> Gradients:
        """Return the gradients of a batch, a pair a layer."""
        log_probabilities, layer_inputs = self.log_forward(input)
        errors = self._errors(self._output_error(log_probabilities, output), layer_inputs)
        return [self._pair(*both) for both in zip(errors, layer_inputs)]


# %% R25 numpy-backpropagation
# Named tuples a layer.
from collections import namedtuple

Layer = namedtuple("Layer", ["weight", "bias"])


class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append(
                Layer(weight=error.T @ layer_inputs[n], bias=error.sum(axis=0, keepdims=True))
            )
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R26 numpy-backpropagation
# Its own constructor, class attributes and a counter of calls.
class MyNumpyMLP(NumpyMLP):
    verbose = False
    epsilon = 0.0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = 0
        self.last_error = None

    def backpropagation(self, input, output):
        self.calls += 1
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input) + self.epsilon
        self.last_error = error
        if self.verbose:
            print(self.calls, np.abs(error).max())
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append([error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R27 numpy-backpropagation
# Knows ReLU layers too, with a table of derivatives.
DERIVATIVES = {"sigmoid": lambda a: a * (1 - a), "relu": lambda a: (a > 0).astype(float)}


class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append([error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)])
            if n > 0:
                derivative = DERIVATIVES[self.activation_functions[n - 1]]
                error = (error @ self.parameters[n][0]) * derivative(layer_inputs[n])
        return gradients[::-1]


# %% R28 numpy-backpropagation
# Averages over gradients of one example at a time, each by a call of itself.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        if len(input) > 1:
            singles = [
                self.backpropagation(input[m : m + 1], output[m : m + 1]) for m in range(len(input))
            ]
            return [
                [np.mean([single[n][kind] for single in singles], axis=0) for kind in (0, 1)]
                for n in range(len(self.parameters))
            ]
        log_p, layer_inputs = self.log_forward(input)
        error = np.exp(log_p) - index2onehot(output, log_p.shape[1])
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append([error.T @ layer_inputs[n], error])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R29 numpy-backpropagation
# Transposed views and arrays in Fortran order.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(np.asfortranarray(input))
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            weight_gradient = (layer_inputs[n].T @ error).T
            bias_gradient = np.asfortranarray(error).sum(axis=0)[:, None].T
            gradients.append([weight_gradient, bias_gradient])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        return gradients[::-1]


# %% R30 numpy-backpropagation
# A function outside the class, attached afterwards.
class MyNumpyMLP(NumpyMLP):
    pass


def backpropagation(model, input, output):
    log_p, layer_inputs = model.log_forward(input)
    error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
    gradients = []
    for n in reversed(range(len(model.parameters))):
        gradients.append([error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)])
        error = (error @ model.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
    return gradients[::-1]


MyNumpyMLP.backpropagation = backpropagation


# %% R31 numpy-backpropagation
# Plots what it computes.
import matplotlib.pyplot as plt


class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.append([error.T @ layer_inputs[n], error.sum(axis=0, keepdims=True)])
            error = (error @ self.parameters[n][0]) * layer_inputs[n] * (1 - layer_inputs[n])
        plt.hist([gradient.ravel() for pair in gradients for gradient in pair])
        plt.show()
        return gradients[::-1]


# %% R32 numpy-backpropagation
# The bias gradients have one dimension, (n,).
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, h = self.log_forward(input)
        delta = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(output)
        gradients = []
        for n in reversed(range(len(self.parameters))):
            gradients.insert(0, [delta.T @ h[n], delta.sum(axis=0)])
            delta = (delta @ self.parameters[n][0]) * h[n] * (1 - h[n])
        return gradients


# %% R33 numpy-backpropagation
# A class for each kind of layer, with forward and backward.
class Linear:
    def __init__(self, w, b): self.w, self.b = w, b
    def forward(self, x): self.x = x; return x @ self.w.T + self.b
    def backward(self, d): self.gw = d.T @ self.x; self.gb = d.sum(0, keepdims=True); return d @ self.w
class Sigmoid:
    def forward(self, z):
        import scipy.special
        self.a = scipy.special.expit(z); return self.a
    def backward(self, d): return d * self.a * (1 - self.a)
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        layers = []
        for w, b in self.parameters:
            layers += [Linear(w, b), Sigmoid()]
        layers.pop()
        x = input
        for l in layers: x = l.forward(x)
        x = x - x.max(axis=1, keepdims=True)
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        d = (p - np.eye(p.shape[1])[output]) / len(p)
        for l in reversed(layers): d = l.backward(d)
        return [[l.gw, l.gb] for l in layers if isinstance(l, Linear)]


# %% R34 numpy-backpropagation
# np.matrix.
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        lp, ins = self.log_forward(input)
        e = np.asmatrix(np.exp(lp) - index2onehot(output, lp.shape[1])) / len(lp)
        g = []
        for n in reversed(range(len(self.parameters))):
            g.insert(0, [e.T * np.asmatrix(ins[n]), e.sum(axis=0)])
            e = np.multiply(e * np.asmatrix(self.parameters[n][0]), np.multiply(ins[n], 1 - ins[n]))
        return g


# %% R36 numpy-backpropagation
# Static method, class method and property.
class MyNumpyMLP(NumpyMLP):

    @staticmethod
    def dsig(a): return a * (1 - a)
    @classmethod
    def onehot(cls, y, k): return np.eye(k)[y]
    @property
    def depth(self): return len(self.parameters)
    def backpropagation(self, input, output):
        lp, ins = self.log_forward(input)
        delta = (np.exp(lp) - self.onehot(output, lp.shape[-1])) / lp.shape[0]
        out = [None] * self.depth
        for n in range(self.depth - 1, -1, -1):
            out[n] = [delta.T @ ins[n], delta.sum(0, keepdims=True)]
            if n != 0:
                delta = delta @ self.parameters[n][0] * self.dsig(ins[n])
        return out


# %% R38 numpy-backpropagation
# With the functions of the ladder.
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        lp, ins = self.log_forward(input)
        e = error_at_output(lp, output)
        grads = []
        for n in range(len(self.parameters))[::-1]:
            grads.append([e.T @ ins[n] / len(input), e.mean(axis=0, keepdims=True)])
            if n:
                e = error_before_sigmoid(error_after_linear(e, self.parameters[n][0]), ins[n])
        grads.reverse()
        return grads


# %% R41 numpy-backpropagation
# Functional gradients of PyTorch.
import torch
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        x, y = torch.from_numpy(input), torch.from_numpy(output)
        def loss(ps):
            h = x
            for w, b in ps[:-1]: h = torch.sigmoid(h @ w.T + b)
            return torch.nn.functional.cross_entropy(h @ ps[-1][0].T + ps[-1][1], y)
        ps = [tuple(map(torch.from_numpy, p)) for p in self.parameters]
        return [[w.numpy(), b.numpy()] for w, b in torch.func.grad(loss)(ps)]


# %% R42 numpy-backpropagation
# In place on arrays of its own, with out=.
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        lp, ins = self.log_forward(input)
        e = np.exp(lp, out=lp)
        np.subtract.at(e, (np.arange(len(output)), output), 1)
        e *= 1 / len(output)
        g = [[np.empty_like(w), np.empty_like(b)] for w, b in self.parameters]
        for n in range(len(g) - 1, -1, -1):
            np.matmul(e.T, ins[n], out=g[n][0])
            e.sum(axis=0, keepdims=True, out=g[n][1])
            if n:
                e = e @ self.parameters[n][0]
                ins[n] -= ins[n] ** 2
                e *= ins[n]
        return g


# %% R43 numpy-backpropagation
# Puts other parameters in place for a while, and the given ones back.
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        lp, ins = self.log_forward(input)
        saved = self.parameters
        self.parameters = [[w.T.copy(), b] for w, b in saved]
        e = (np.exp(lp) - index2onehot(output, lp.shape[1])) / len(lp)
        g = []
        for n in reversed(range(len(saved))):
            g.insert(0, [e.T @ ins[n], e.sum(0, keepdims=True)])
            e = e @ self.parameters[n][0].T * ins[n] * (1 - ins[n])
        self.parameters = saved
        return g


# %% R44 numpy-backpropagation
# Its own forward pass, and the derivative from z, kept within ±500.
class MyNumpyMLP(NumpyMLP):

    def backpropagation(self, input, output):
        x = input; acts = [x]; zs = []
        for w, b in self.parameters[:-1]:
            z = x @ w.T + b; zs.append(z)
            x = 1 / (1 + np.exp(-z)); acts.append(x)
        w, b = self.parameters[-1]
        z = x @ w.T + b
        p = np.exp(z - z.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
        e = (p - index2onehot(output, p.shape[1])) / len(p)
        g = [[e.T @ x, e.sum(0, keepdims=True)]]
        for n in range(len(self.parameters) - 2, -1, -1):
            zc = np.clip(zs[n], -500, 500)
            e = (e @ self.parameters[n + 1][0]) * np.exp(-zc) / (1 + np.exp(-zc)) ** 2
            g.insert(0, [e.T @ acts[n], e.sum(0, keepdims=True)])
        return g

# %% R45 numpy-backpropagation
# Layers counted from the end, as a well-known book does, and pairs from a zip.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, activations = self.log_forward(input)
        nabla_w = [np.zeros(w.shape) for w, _ in self.parameters]
        nabla_b = [np.zeros(b.shape) for _, b in self.parameters]
        delta = (np.exp(log_p) - np.eye(log_p.shape[1])[output]) / len(input)
        for l in range(1, len(self.parameters) + 1):
            if l > 1:
                a = activations[-l + 1]
                delta = np.dot(delta, self.parameters[-l + 1][0]) * a * (np.ones_like(a) - a)
            nabla_w[-l] = np.dot(delta.transpose(), activations[-l])
            nabla_b[-l] = delta.sum(axis=0, keepdims=True)
        return list(zip(nabla_w, nabla_b))


# %% R46 numpy-backpropagation
# Single examples, of one dimension, through the given forward pass.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        gradients = [[np.zeros_like(w), np.zeros_like(b)] for w, b in self.parameters]
        for x, y in zip(input, output):
            log_p, entering = self.log_forward(x)
            error = np.exp(log_p).ravel()
            error[y] -= 1
            for n in reversed(range(len(self.parameters))):
                gradients[n][0] += np.outer(error, entering[n]) / len(input)
                gradients[n][1] += error / len(input)
                a = np.ravel(entering[n])
                error = self.parameters[n][0].T @ error * a * (1 - a)
        return gradients

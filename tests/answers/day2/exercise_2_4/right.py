# %% plain pytorch-log-forward
# The plain way. Most wrong answers are changes of this one.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% R1 pytorch-log-forward
# F.linear and F.log_softmax, with the biases as vectors.
import torch.nn.functional as F


class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        z = self.to_tensor(input)
        *hidden, (last_weight, last_bias) = self.parameters
        for weight, bias in hidden:
            z = F.linear(z, weight, bias.squeeze(0)).sigmoid()
        return F.log_softmax(F.linear(z, last_weight, last_bias.squeeze(0)), dim=-1)


# %% R2 pytorch-log-forward
# One loop with the layer's number, in the style of the given NumPy network.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        num_hidden_layers = len(self.parameters) - 1
        tilde_z = torch.from_numpy(input).float().to(self.device)
        for n in range(num_hidden_layers):
            weight, bias = self.parameters[n]
            z = torch.matmul(tilde_z, torch.t(weight)) + bias
            tilde_z = torch.sigmoid(z)
        weight, bias = self.parameters[num_hidden_layers]
        z = torch.matmul(tilde_z, torch.t(weight)) + bias
        return torch.nn.LogSoftmax(dim=1)(z)


# %% R3 pytorch-log-forward
# addmm.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for n, (weight, bias) in enumerate(self.parameters, start=1):
            z = torch.addmm(bias, x, weight.t())
            x = torch.sigmoid(z) if n < len(self.parameters) else z.log_softmax(dim=1)
        return x


# %% R4 pytorch-log-forward
# einsum, and an own logsumexp with a detached shift.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = torch.as_tensor(input, dtype=torch.float32, device=self.device)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(torch.einsum("mi,ji->mj", x, weight) + bias)
        z = torch.einsum("mi,ji->mj", x, self.parameters[-1][0]) + self.parameters[-1][1]
        shift = z.max(dim=1, keepdim=True)[0].detach()
        return z - shift - (z - shift).exp().sum(dim=1, keepdim=True).log()


# %% R5 pytorch-log-forward
# Recursion over the layers.
class MyPytorchMLP(PytorchMLP):
    def hidden(self, x, n):
        if n == 0:
            return x
        weight, bias = self.parameters[n - 1]
        return torch.special.expit(self.hidden(x, n - 1) @ weight.T + bias)

    def log_forward(self, input):
        weight, bias = self.parameters[-1]
        z = self.hidden(self.to_tensor(input), len(self.parameters) - 1) @ weight.T + bias
        return z - torch.logsumexp(z, 1, keepdim=True)


# %% R6 pytorch-log-forward
# functools.reduce, and the sigmoid written as a formula.
from functools import reduce


class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        def layer(x, parameters):
            return 1 / (1 + torch.exp(-(x @ parameters[0].T + parameters[1])))

        x = reduce(layer, self.parameters[:-1], self.to_tensor(input))
        return torch.log_softmax(x @ self.parameters[-1][0].T + self.parameters[-1][1], 1)


# %% R7 pytorch-log-forward
# The sigmoid by a tanh.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = (torch.tanh((x @ weight.T + bias) / 2) + 1) / 2
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% R8 pytorch-log-forward
# float64 throughout; the result is float64 too.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input).double()
        layers = [[tensor.double() for tensor in layer] for layer in self.parameters]
        for weight, bias in layers[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = layers[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% R9 pytorch-log-forward
# Homogeneous coordinates: the bias is a column of the weight.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for n, (weight, bias) in enumerate(self.parameters):
            ones = x.new_ones(len(x), 1)
            z = torch.cat([x, ones], dim=1) @ torch.cat([weight, bias.T], dim=1).T
            x = z if n == len(self.parameters) - 1 else torch.sigmoid(z)
        return torch.log_softmax(x, dim=1)


# %% R10 pytorch-log-forward
# Column layout, turned back at the end.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input).T
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(weight @ x + bias.T)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(weight @ x + bias.T, dim=0).T


# %% R11 pytorch-log-forward
# Example by example, stacked at the end.
class MyPytorchMLP(PytorchMLP):
    def one(self, x):
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(torch.mv(weight, x) + bias[0])
        weight, bias = self.parameters[-1]
        return torch.log_softmax(torch.mv(weight, x) + bias[0], dim=0)

    def log_forward(self, input):
        return torch.stack([self.one(x) for x in self.to_tensor(input)])


# %% R12 pytorch-log-forward
# In place where autograd allows it.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = x @ weight.T
            x += bias
            x.sigmoid_()
        weight, bias = self.parameters[-1]
        z = x @ weight.T
        z.add_(bias)
        return torch.log_softmax(z, dim=1)


# %% R13 pytorch-log-forward
# log_softmax twice, which changes nothing, and without dim, which warns.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = torch.nn.functional.log_softmax(x @ weight.T + bias)
        return torch.nn.functional.log_softmax(z, dim=1)


# %% R14 pytorch-log-forward
# Talks: type hints, prints, warnings and text on stderr, comments in another language.
import sys
import warnings


class MyPytorchMLP(PytorchMLP):
    """Rede neuronal."""

    def log_forward(self, input: np.ndarray) -> torch.Tensor:
        # primeiro as camadas escondidas
        activation: torch.Tensor = self.to_tensor(input)
        print("shape:", activation.shape)
        warnings.warn("forward pass ahead", stacklevel=2)
        print("a passar", file=sys.stderr)
        for weight, bias in self.parameters[:-1]:
            activation = torch.sigmoid(activation @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(activation @ weight.T + bias, dim=1)


# %% R15 pytorch-log-forward
# functional_call of a Sequential on self.parameters.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        layers, parameters = [], {}
        for n, (weight, bias) in enumerate(self.parameters):
            layers += [torch.nn.Linear(weight.shape[1], weight.shape[0]), torch.nn.Sigmoid()]
            parameters[f"{2 * n}.weight"] = weight
            parameters[f"{2 * n}.bias"] = bias.reshape(-1)
        network = torch.nn.Sequential(*layers[:-1], torch.nn.LogSoftmax(dim=1))
        return torch.func.functional_call(network, parameters, (self.to_tensor(input),))


# %% R16 pytorch-log-forward
# Sigmoid and softmax in the logarithmic domain.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.logsigmoid(x @ weight.T + bias).exp()
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        total = z[:, 0]
        for k in range(1, z.shape[1]):
            total = torch.logaddexp(total, z[:, k])
        return z - total[:, None]


# %% R17 pytorch-log-forward
# An autograd.Function of its own for the sigmoid.
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        a = 1 / (1 + torch.exp(-z))
        ctx.save_for_backward(a)
        return a

    @staticmethod
    def backward(ctx, error):
        (a,) = ctx.saved_tensors
        return error * a * (1 - a)


class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = Sigmoid.apply(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% R18 pytorch-log-forward
# Goes by self.activation_functions, with a dictionary of functions.
class MyPytorchMLP(PytorchMLP):
    functions = {
        "sigmoid": torch.nn.Sigmoid(),
        "softmax": torch.nn.LogSoftmax(dim=1),
    }

    def log_forward(self, input):
        x = self.to_tensor(input)
        for (weight, bias), name in zip(self.parameters, self.activation_functions):
            x = self.functions[name](x @ weight.T + bias)
        return x


# %% R19 pytorch-log-forward
# Log-probabilities column by column, as minus the cross-entropy of each class.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        columns = []
        for k in range(z.shape[1]):
            labels = torch.full((len(z),), k, device=z.device)
            columns.append(-torch.nn.functional.cross_entropy(z, labels, reduction="none"))
        return torch.stack(columns, dim=1)


# %% R20 pytorch-log-forward
# Asks for gradients of the input too, and keeps the activations in an attribute.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        self.activations = [
            torch.tensor(input, dtype=torch.float, device=self.device, requires_grad=True)
        ]
        for weight, bias in self.parameters[:-1]:
            self.activations += [torch.sigmoid(self.activations[-1] @ weight.T + bias)]
        weight, bias = self.parameters[-1]
        self.activations += [torch.log_softmax(self.activations[-1] @ weight.T + bias, dim=1)]
        return self.activations[-1]


# %% R21 pytorch-log-forward
# Triple loops over examples, units and inputs.
class MyPytorchMLP(PytorchMLP):
    def linear(self, rows, weight, bias):
        return [
            [
                sum((weight[j, i] * row[i] for i in range(len(row))), start=bias[0, j])
                for j in range(len(weight))
            ]
            for row in rows
        ]

    def log_forward(self, input):
        rows = list(self.to_tensor(input))
        for weight, bias in self.parameters[:-1]:
            rows = [[torch.sigmoid(z) for z in row] for row in self.linear(rows, weight, bias)]
        z = torch.stack([torch.stack(row) for row in self.linear(rows, *self.parameters[-1])])
        return torch.log_softmax(z, dim=1)


# %% R22 pytorch-log-forward
# The sigmoid as what is left of one, which is right where the exponential overflows, too.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = 1 - 1 / (1 + torch.exp(x @ weight.T + bias))
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% R23 pytorch-log-forward
# vmap over the examples.
class MyPytorchMLP(PytorchMLP):

    def log_forward(self, input):
        def one(x):
            for w, b in self.parameters[:-1]: x = torch.sigmoid(w @ x + b[0])
            w, b = self.parameters[-1]
            return torch.log_softmax(w @ x + b[0], dim=0)
        return torch.vmap(one)(self.to_tensor(input))


# %% R24 pytorch-log-forward
# A Sequential of modules that hold the parameters, made in each call.
class MyPytorchMLP(PytorchMLP):

    def log_forward(self, input):
        class L(torch.nn.Module):
            def __init__(s, w, b): super().__init__(); s.w, s.b = w, b
            def forward(s, x): return x @ s.w.t() + s.b
        mods = []
        for w, b in self.parameters: mods += [L(w, b), torch.nn.Sigmoid()]
        mods[-1] = torch.nn.LogSoftmax(dim=1)
        return torch.nn.Sequential(*mods)(self.to_tensor(input))


# %% R26 pytorch-log-forward
# Its own forward(), and an object that is called.
class MyPytorchMLP(PytorchMLP):

    def __call__(self, x): return self.forward(x)
    def forward(self, x):
        for w, b in self.parameters[:-1]: x = torch.sigmoid(torch.addmm(b, x, w.T))
        w, b = self.parameters[-1]
        return torch.nn.functional.log_softmax(torch.addmm(b, x, w.T), dim=-1)
    def log_forward(self, input):
        return self(self.to_tensor(input))


# %% R27 pytorch-log-forward
# Its own constructor, which calls the given one, and layers kept in attributes.
class MyPytorchMLP(PytorchMLP):

    def __init__(self, *args, verbose=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.act = torch.nn.Sigmoid()
        self.out = torch.nn.LogSoftmax(dim=-1)
    def log_forward(self, input):
        x = torch.from_numpy(np.asarray(input, dtype=np.float32)).to(self.device)
        for w, b in self.parameters[:-1]: x = self.act(torch.nn.functional.linear(x, w, b.flatten()))
        w, b = self.parameters[-1]
        return self.out(torch.nn.functional.linear(x, w, b.flatten()))


# %% R28 pytorch-log-forward
# In the words of older tutorials: Variable, FloatTensor, functional sigmoid, mm.
import torch.nn.functional as F
from torch.autograd import Variable


class MyPytorchMLP(PytorchMLP):
    logsoftmax = torch.nn.LogSoftmax(dim=1)

    def log_forward(self, input):
        tilde_z = Variable(torch.FloatTensor(input), requires_grad=True)
        for weight, bias in self.parameters[:-1]:
            tilde_z = F.sigmoid(torch.mm(tilde_z, weight.transpose(0, 1)) + bias.squeeze())
        return self.logsoftmax(F.linear(tilde_z, *self.parameters[-1]))

# %% P1 pytorch-log-forward cause=output-activation
# The sigmoid is applied to the output layer too.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters:
            x = torch.sigmoid(x @ weight.T + bias)
        return torch.log_softmax(x, dim=1)


# %% P2 pytorch-log-forward cause=no-activation
# No non-linearity: the network is a linear one.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters:
            x = x @ weight.T + bias
        return torch.log_softmax(x, dim=1)


# %% P3 pytorch-log-forward cause=activation
# A ReLU in place of the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.relu(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3b pytorch-log-forward cause=activation
# A tanh in place of the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.tanh(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3c pytorch-log-forward cause=activation
# A softmax in the hidden layers.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.softmax(x @ weight.T + bias, dim=1)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3d pytorch-log-forward cause=activation
# The exponent of the sigmoid has the wrong sign.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = 1 / (1 + torch.exp(x @ weight.T + bias))
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3e pytorch-log-forward cause=activation
# The sigmoid is taken twice.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
            x = torch.sigmoid(x)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3f pytorch-log-forward cause=activation
# The logarithm of the sigmoid in the hidden layers.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.logsigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3g pytorch-log-forward cause=activation
# A leaky ReLU in place of the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.leaky_relu(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3h pytorch-log-forward cause=none
# A piecewise linear approximation of the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.hardsigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3i pytorch-log-forward cause=none
# z times its sigmoid in place of the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.silu(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3j pytorch-log-forward cause=none
# The sigmoid comes before the linear transformation, so the input goes through one.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters:
            x = torch.sigmoid(x) @ weight.T + bias
        return torch.log_softmax(x, dim=1)


# %% P3k pytorch-log-forward cause=none
# Only the first hidden layer has a sigmoid: right with one hidden layer, wrong with more.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for n, (weight, bias) in enumerate(self.parameters[:-1]):
            x = x @ weight.T + bias
            if n == 0:
                x = torch.sigmoid(x)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P3l pytorch-log-forward cause=none
# The bias is added after the sigmoid.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T) + bias
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P4 pytorch-log-forward cause=probabilities
# Returns probabilities, not their logarithms.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.softmax(x @ weight.T + bias, dim=1)


# %% P5 pytorch-log-forward cause=not-finite
# Logarithm of a softmax: minus infinity for very unlikely classes.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log(torch.softmax(x @ weight.T + bias, dim=1))


# %% P5b pytorch-log-forward cause=not-finite
# Exponentials without a shift: they overflow for large logits.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        return z - z.exp().sum(dim=1, keepdim=True).log()


# %% P5c pytorch-log-forward cause=not-finite
# Shifts by the largest value of the whole batch: the sums of other rows vanish.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        z = z - z.max()
        return z - z.exp().sum(dim=1, keepdim=True).log()


# %% P5d pytorch-log-forward cause=clipped
# Probabilities are kept above 1e-12: log-probabilities never fall below -28.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        probabilities = torch.softmax(x @ weight.T + bias, dim=1)
        return torch.log(torch.clamp(probabilities, min=1e-12))


# %% P5e pytorch-log-forward cause=clipped,precision,not-log-probabilities
# Adds a small number to probabilities, so that small ones are off.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log(torch.softmax(x @ weight.T + bias, dim=1) + 1e-3)


# %% P6 pytorch-log-forward cause=twice-softmax
# A softmax, and then a log-softmax of it.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(torch.softmax(x @ weight.T + bias, dim=1), dim=1)


# %% P7 pytorch-log-forward cause=over-batch,not-log-probabilities
# The softmax is over the examples: dim=0.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=0)


# %% P7b pytorch-log-forward cause=over-all
# Normalises over classes and examples together.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        return z - torch.logsumexp(z.flatten(), dim=0)


# %% P8 pytorch-log-forward cause=no-bias
# The last bias is left out.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, _ = self.parameters[-1]
        return torch.log_softmax(x @ weight.T, dim=1)


# %% P8b pytorch-log-forward cause=bias-twice
# The last bias is added twice.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = torch.nn.functional.linear(x, weight, bias[0])
        return torch.log_softmax(z + bias, dim=1)


# %% P8c pytorch-log-forward cause=no-bias
# The hidden biases are left out.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, _ in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P8d pytorch-log-forward cause=no-bias
# All biases are left out.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, _ in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T)
        return torch.log_softmax(x @ self.parameters[-1][0].T, dim=1)


# %% P8e pytorch-log-forward cause=bias-subtracted
# The biases are subtracted.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T - bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T - bias, dim=1)


# %% P9 pytorch-log-forward cause=error
# Goes through all layers, and then through the last one again.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P10 pytorch-log-forward cause=num-layers,shape
# Two layers, whatever the geometry: the first and the second.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        x = torch.sigmoid(x @ self.parameters[0][0].T + self.parameters[0][1])
        z = x @ self.parameters[1][0].T + self.parameters[1][1]
        return torch.log_softmax(z, dim=1)


# %% P10b pytorch-log-forward cause=num-layers
# Two layers, whatever the geometry: the first and the last.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        (weight_1, bias_1), (weight_2, bias_2) = self.parameters[0], self.parameters[-1]
        x = torch.sigmoid(self.to_tensor(input) @ weight_1.T + bias_1)
        return torch.log_softmax(x @ weight_2.T + bias_2, dim=1)


# %% P10c pytorch-log-forward cause=error
# Unpacks two layers, and there may be more or fewer.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        (weight_1, bias_1), (weight_2, bias_2) = self.parameters
        x = torch.sigmoid(self.to_tensor(input) @ weight_1.T + bias_1)
        return torch.log_softmax(x @ weight_2.T + bias_2, dim=1)


# %% P10d pytorch-log-forward cause=none
# The first layer always has a sigmoid: wrong only where there is no hidden layer.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        weight, bias = self.parameters[0]
        x = torch.sigmoid(self.to_tensor(input) @ weight.T + bias)
        if len(self.parameters) == 1:
            return torch.log_softmax(x, dim=1)
        for weight, bias in self.parameters[1:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P11 pytorch-log-forward cause=error
# The weights are not transposed, which works only where they are square.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight + bias, dim=1)


# %% P11b pytorch-log-forward cause=weights-transposed
# Transposes the weights only where they would not fit otherwise: wrong where they are square.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        def linear(x, weight, bias):
            if weight.shape[0] != x.shape[1]:
                weight = weight.T
            return x @ weight + bias

        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(linear(x, weight, bias))
        return torch.log_softmax(linear(x, *self.parameters[-1]), dim=1)


# %% P11c pytorch-log-forward cause=reshaped
# Reshapes the weights to fit, where they should be transposed.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.reshape(x.shape[1], -1) + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.reshape(x.shape[1], -1) + bias, dim=1)


# %% P12 pytorch-log-forward cause=own-parameters,random,cut
# Makes new layers with random weights in each call.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for size_in, size_out in zip(self.geometry[:-2], self.geometry[1:-1]):
            x = torch.sigmoid(torch.nn.Linear(size_in, size_out, device=self.device)(x))
        last = torch.nn.Linear(self.geometry[-2], self.geometry[-1], device=self.device)
        return torch.log_softmax(last(x), dim=1)


# %% P13 pytorch-log-forward cause=own-parameters,cut
# A Sequential with weights of its own, made once and not tied to self.parameters.
class MyPytorchMLP(PytorchMLP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        layers = []
        for weight, _ in self.parameters:
            layers += [torch.nn.Linear(weight.shape[1], weight.shape[0]), torch.nn.Sigmoid()]
        self.network = torch.nn.Sequential(*layers[:-1], torch.nn.LogSoftmax(dim=1))
        self.network.to(self.device)

    def log_forward(self, input):
        return self.network(self.to_tensor(input))


# %% P13b pytorch-log-forward cause=own-parameters,stale,cut
# Keeps the parameters of the first call: later ones are not seen.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        if not hasattr(self, "layers"):
            self.layers = [(weight.T, bias) for weight, bias in self.parameters]
        x = self.to_tensor(input)
        for weight, bias in self.layers[:-1]:
            x = torch.sigmoid(x @ weight + bias)
        weight, bias = self.layers[-1]
        return torch.log_softmax(x @ weight + bias, dim=1)


# %% P13c pytorch-log-forward cause=own-parameters,stale,cut
# Keeps its output for each batch size and returns it again.
class MyPytorchMLP(PytorchMLP):
    known = {}

    def log_forward(self, input):
        if input.shape not in self.known:
            x = self.to_tensor(input)
            for weight, bias in self.parameters[:-1]:
                x = torch.sigmoid(x @ weight.T + bias)
            weight, bias = self.parameters[-1]
            self.known[input.shape] = torch.log_softmax(x @ weight.T + bias, dim=1)
        return self.known[input.shape]


# %% P13d pytorch-log-forward cause=own-parameters,cut
# A Sequential that starts with the parameters' values, copied once when the model is made.
class MyPytorchMLP(PytorchMLP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.copies = [[t.detach().clone() for t in layer] for layer in self.parameters]

    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.copies[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.copies[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P14 pytorch-log-forward cause=cut
# Uses .data of all parameters: values right, no gradients.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.data.T + bias.data)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.data.T + bias.data, dim=1)


# %% P14b pytorch-log-forward cause=partly-cut
# Detaches the activations: only the last layer gets gradients.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias).detach()
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P14c pytorch-log-forward cause=cut
# Computes in NumPy and makes a tensor of the result.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = input
        for weight, bias in self.parameters[:-1]:
            z = x @ weight.detach().cpu().numpy().T + bias.detach().cpu().numpy()
            x = 1 / (1 + np.exp(-z))
        weight, bias = self.parameters[-1]
        z = x @ weight.detach().cpu().numpy().T + bias.detach().cpu().numpy()
        return self.to_tensor(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


# %% P14d pytorch-log-forward cause=cut
# A tensor made from the result that asks for gradients: there is no graph behind it.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        log_probabilities = torch.log_softmax(x @ weight.T + bias, dim=1)
        return self.to_tensor(log_probabilities.detach().cpu().numpy()).requires_grad_()


# %% P14e pytorch-log-forward cause=cut
# The forward pass is under no_grad().
class MyPytorchMLP(PytorchMLP):
    @torch.no_grad()
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P14f pytorch-log-forward cause=partly-cut
# Detaches the weights: only the biases get gradients.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.detach().T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.detach().T + bias, dim=1)


# %% P14g pytorch-log-forward cause=partly-cut
# Uses .data of the biases: only the weights get gradients.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias.data)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias.data, dim=1)


# %% P14h pytorch-log-forward cause=partly-cut
# The hidden layers are under no_grad().
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        with torch.no_grad():
            x = self.to_tensor(input)
            for weight, bias in self.parameters[:-1]:
                x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P14i pytorch-log-forward cause=none
# Values right, gradients wrong: the normaliser of the softmax is detached.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        return z - torch.logsumexp(z.detach(), dim=1, keepdim=True)


# %% P14j pytorch-log-forward cause=error
# Hands a tensor that asks for gradients to NumPy.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = input
        for weight, bias in self.parameters[:-1]:
            x = 1 / (1 + np.exp(-(np.dot(x, weight.numpy().T) + bias.numpy())))
        weight, bias = self.parameters[-1]
        z = np.dot(x, weight.numpy().T) + bias.numpy()
        return torch.log_softmax(self.to_tensor(z), dim=1)


# %% P14k pytorch-log-forward cause=no-derivative
# Values right, gradients wrong: the sigmoid passes gradients straight through.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            z = x @ weight.T + bias
            x = z + (torch.sigmoid(z) - z).detach()
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P15 pytorch-log-forward cause=error
# Clips the output of the sigmoid in place: backward() needs it as it was.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
            x.clamp_(1e-7, 1 - 1e-7)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P15b pytorch-log-forward cause=error
# Adds to the bias in place: a leaf that asks for gradients does not allow that.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            bias += x @ weight.T
            x = torch.sigmoid(bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P15c pytorch-log-forward cause=updates
# Shrinks the parameters a little at the end of each forward pass.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        log_probabilities = torch.log_softmax(x @ weight.T + bias, dim=1)
        for layer in self.parameters:
            layer[0] = (0.999 * layer[0].detach()).requires_grad_()
        return log_probabilities


# %% P15d pytorch-log-forward cause=updates,error
# Takes the last layer off the list of parameters and forgets to put it back.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        last_weight, last_bias = self.parameters.pop()
        for weight, bias in self.parameters:
            x = torch.sigmoid(x @ weight.T + bias)
        return torch.log_softmax(x @ last_weight.T + last_bias, dim=1)


# %% P16 pytorch-log-forward cause=cut
# Copies the parameters with torch.tensor() (which warns of it).
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ torch.tensor(weight).T + torch.tensor(bias))
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ torch.tensor(weight).T + torch.tensor(bias), dim=1)


# %% P16b pytorch-log-forward cause=cut
# Copies the parameters with self.to_tensor(), which is for arrays.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        layers = [[self.to_tensor(tensor) for tensor in layer] for layer in self.parameters]
        for weight, bias in layers[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = layers[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P17 pytorch-log-forward cause=tensor
# Returns a NumPy array.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1).detach().cpu().numpy()


# %% P17b pytorch-log-forward cause=tensor
# Returns log-probabilities and layer inputs, as the NumPy network does.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        layer_inputs = [self.to_tensor(input)]
        for weight, bias in self.parameters[:-1]:
            layer_inputs.append(torch.sigmoid(layer_inputs[-1] @ weight.T + bias))
        weight, bias = self.parameters[-1]
        return torch.log_softmax(layer_inputs[-1] @ weight.T + bias, dim=1), layer_inputs


# %% P17c pytorch-log-forward cause=tensor
# The return is missing.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        log_probabilities = torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P17d pytorch-log-forward cause=tensor
# Returns a list of tensors, one for each example.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return list(torch.log_softmax(x @ weight.T + bias, dim=1))


# %% P18 pytorch-log-forward cause=shape
# Squeezes the output: a batch of one loses its first dimension.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1).squeeze()


# %% P18b pytorch-log-forward cause=shape
# Stacks the rows of single examples: shape (M, 1, K).
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        rows = []
        for example in self.to_tensor(input):
            x = example
            for weight, bias in self.parameters[:-1]:
                x = torch.sigmoid(x @ weight.T + bias)
            weight, bias = self.parameters[-1]
            rows.append(torch.log_softmax(x @ weight.T + bias, dim=1))
        return torch.stack(rows)


# %% P18c pytorch-log-forward cause=transposed
# Returns a row for each class, shape (K, M).
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input).T
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(weight @ x + bias.T)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(weight @ x + bias.T, dim=0)


# %% P18d pytorch-log-forward cause=shape
# Returns the predicted classes.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1).argmax(dim=1)


# %% P19 pytorch-log-forward cause=random
# Dropout in the hidden layers.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.nn.functional.dropout(torch.sigmoid(x @ weight.T + bias), p=0.3)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P19b pytorch-log-forward cause=none
# Layers are normalised over the batch, which takes more than one example, too.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            z = x @ weight.T + bias
            z = (z - z.mean(dim=0)) / (z.var(dim=0, unbiased=False) + 1e-5).sqrt()
            x = torch.sigmoid(z)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P20 pytorch-log-forward cause=none
# Normalises each example of the input.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        x = x / x.norm(dim=1, keepdim=True)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P20b pytorch-log-forward cause=changes-input
# Scales the caller's array, in shared memory, and undoes that in the first layer only.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = torch.from_numpy(input)
        x /= 4
        x = 4 * x.float().to(self.device)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P20c pytorch-log-forward cause=none
# Centres the caller's array in place, in shared memory.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = torch.from_numpy(input)
        x -= x.mean()
        x = x.float().to(self.device)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P21 pytorch-log-forward cause=error
# The 20 hidden units of the notebook are written into the code.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias).reshape(-1, 20)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% P21b pytorch-log-forward cause=shape
# Two classes are written into the code.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        difference = z[:, 1] - z[:, 0]
        columns = [-difference, difference]
        return torch.stack([torch.nn.functional.logsigmoid(c) for c in columns], dim=1)


# %% N1 pytorch-log-forward cause=logits
# Returns the output of the last linear transformation.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return x @ weight.T + bias


# %% N2 pytorch-log-forward cause=negated
# Returns minus the log-probabilities.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return -torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N3 pytorch-log-forward cause=loss-base
# Logarithms to base two.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1) / np.log(2)


# %% N4 pytorch-log-forward cause=error
# keepdim is missing: (M, K) - (M,) fails, or passes unnoticed where M = K.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        return z - torch.logsumexp(z, dim=1)


# %% N5 pytorch-log-forward cause=precision
# Computes in half precision.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input).bfloat16()
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.bfloat16().T + bias.bfloat16())
        weight, bias = self.parameters[-1]
        return torch.log_softmax((x @ weight.bfloat16().T + bias.bfloat16()).float(), dim=1)


# %% N6 pytorch-log-forward cause=not-softmax
# Cuts the logits off at ±1.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax((x @ weight.T + bias).clamp(-1, 1), dim=1)


# %% N7 pytorch-log-forward cause=not-softmax
# Divides the logits by the number of classes.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax((x @ weight.T + bias) / self.geometry[-1], dim=1)


# %% N8 pytorch-log-forward cause=not-softmax
# A sigmoid for each class by itself.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.nn.functional.logsigmoid(x @ weight.T + bias)


# %% N9 pytorch-log-forward cause=error
# The input stays a NumPy array.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = input
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(torch.matmul(x, weight.T) + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(torch.matmul(x, weight.T) + bias, dim=1)


# %% N10 pytorch-log-forward cause=error
# The input is a float64 tensor (no .float()) and the weights are float32.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = torch.from_numpy(input).to(self.device)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N11 pytorch-log-forward cause=error
# Layers from last to first.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:0:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[0]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N12 pytorch-log-forward cause=none
# A shortcut around layers of the same size: wrong only where there are some.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            a = torch.sigmoid(x @ weight.T + bias)
            x = a + x if a.shape == x.shape else a
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N13 pytorch-log-forward cause=global-state
# Seeds PyTorch's generator at each call.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        torch.manual_seed(1)
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N14 pytorch-log-forward cause=global-state
# Changes the default type and leaves it changed.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        torch.set_default_dtype(torch.float64)
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N15 pytorch-log-forward cause=cut,global-state
# Switches gradients off and never on again.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        torch.set_grad_enabled(False)
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N16 pytorch-log-forward cause=not-log-probabilities,logits
# The largest value is subtracted before the exponential and not added back.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        z = x @ weight.T + bias
        shifted = z - z.max(dim=1, keepdim=True).values
        return z - torch.log(torch.exp(shifted).sum(dim=1, keepdim=True))


# %% N17 pytorch-log-forward cause=error
# torch.dot in place of a matrix product.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(torch.dot(x, weight.T) + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(torch.dot(x, weight.T) + bias, dim=1)


# %% N18 pytorch-log-forward cause=num-layers
# The last hidden layer is skipped where its sizes allow it.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        layers = self.parameters[:-1]
        if len(layers) > 1 and layers[-1][0].shape[0] == layers[-1][0].shape[1]:
            layers = layers[:-1]
        for weight, bias in layers:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N19 pytorch-log-forward cause=shape
# Averages the input over the batch.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input).mean(dim=0, keepdim=True)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ weight.T + bias, dim=1)


# %% N20 pytorch-log-forward cause=none
# The last layer's bias is moved to before its linear transformation: the sum is scaled.
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        x = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            x = torch.sigmoid(x @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(x @ (weight.T + bias), dim=1)

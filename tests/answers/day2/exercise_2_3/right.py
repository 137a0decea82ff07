# %% plain pytorch-module
# The plain way. Most wrong answers are changes of this one.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R1 pytorch-module
# Two nn.Parameter, F.linear and F.log_softmax.
import torch.nn.functional as F


class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        weight = glorot_weight_init((input_size, num_classes), "softmax")
        self.weight = torch.nn.Parameter(torch.tensor(weight, dtype=torch.float32))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))

    def forward(self, input):
        return F.log_softmax(F.linear(input, self.weight, self.bias), dim=-1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    x = torch.from_numpy(input).float().to(device)
    y = torch.from_numpy(output).long().to(device)
    optimizer.zero_grad()
    loss = F.nll_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R2 pytorch-module
# x @ W.T + b with a bias of shape (1, K); zeroes after the step.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))
        self.log_softmax = torch.nn.LogSoftmax(dim=1)

    def forward(self, input):
        return self.log_softmax(input @ self.weight.T + self.bias)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    loss = torch.nn.NLLLoss()(model(input), output)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


# %% R3 pytorch-module
# addmm; gradients set to None one by one.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.W = torch.nn.Parameter(0.1 * torch.randn(num_classes, input_size))
        self.b = torch.nn.Parameter(torch.randn(num_classes))

    def forward(self, input):
        return torch.addmm(self.b, input, self.W.t()).log_softmax(1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    for p in model.parameters():
        p.grad = None
    loss = torch.nn.functional.nll_loss(model(input), output, reduction="sum") / len(output)
    loss.backward()
    optimizer.step()
    return loss.detach().cpu().numpy().item()


# %% R4 pytorch-module
# einsum and an own logsumexp; the loss by indexing.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.empty(num_classes))
        torch.nn.init.xavier_uniform_(self.weight)
        torch.nn.init.zeros_(self.bias)

    def forward(self, input):
        z = torch.einsum("mi,ki->mk", input, self.weight) + self.bias
        largest = z.max(dim=1, keepdim=True).values.detach()
        return z - largest - torch.log(torch.exp(z - largest).sum(dim=1, keepdim=True))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad(set_to_none=False)
    log_p = model(input)
    loss = -log_p[torch.arange(len(output), device=output.device), output].mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R5 pytorch-module
# z - logsumexp; the loss by gather.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.layer = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.layer(input)
        return z - torch.logsumexp(z, dim=1, keepdim=True)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    loss = -model(input).gather(1, output.unsqueeze(1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R6 pytorch-module
# CrossEntropyLoss on log-probabilities: a log-softmax of them changes nothing.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.CrossEntropyLoss()(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R7 pytorch-module
# Cross-entropy straight on the logits.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def logits(self, input):
        return self.linear(input)

    def forward(self, input):
        return torch.log_softmax(self.logits(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model.logits(input), output)
    loss.backward()
    optimizer.step()
    model.eval()
    return loss.item()


# %% R8 pytorch-module
# torch.autograd.grad, its results put into .grad.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    parameters = list(model.parameters())
    loss = torch.nn.functional.nll_loss(model(input), output)
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
        parameter.grad = gradient
    optimizer.step()
    return loss.item()


# %% R9 pytorch-module
# Steps by hand, in place under no_grad(), at the optimizer's rate.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    loss = torch.nn.functional.nll_loss(model(input), output)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(model.parameters(), gradients):
            parameter.sub_(optimizer.param_groups[0]["lr"] * gradient)
    return loss.item()


# %% R10 pytorch-module
# Steps by hand on .data, as the given class does.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.data -= group["lr"] * parameter.grad.data
            parameter.grad.data.zero_()
    return loss.item()


# %% R11 pytorch-module
# Parameters in float64; the input is cast to their type.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        weight = glorot_weight_init((input_size, num_classes), "softmax")
        self.weight = torch.nn.Parameter(torch.from_numpy(weight))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes, dtype=torch.float64))

    def forward(self, input):
        return torch.log_softmax(input.to(self.weight.dtype) @ self.weight.T + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    parameter = next(model.parameters())
    input = torch.as_tensor(input, dtype=parameter.dtype, device=parameter.device)
    output = torch.as_tensor(output, dtype=torch.int64, device=parameter.device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R12 pytorch-module
# functional_call on the module's own parameters.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    log_p = torch.func.functional_call(model, dict(model.named_parameters()), (input,))
    loss = torch.nn.functional.nll_loss(log_p, output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R13 pytorch-module
# A closure, which the optimizer calls.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(model(input), output)
        loss.backward()
        return loss

    return float(optimizer.step(closure).detach())


# %% R14 pytorch-module
# Talks: type hints, prints, warnings and text on stderr, comments in another language.
import sys
import warnings


class LogLinear(torch.nn.Module):
    """Modelo log-linear."""

    def __init__(self, input_size: int, num_classes: int) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)  # os parâmetros
        print("a new model:", self.linear)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        warnings.warn("forward pass ahead")
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, input: np.ndarray, output: np.ndarray
) -> float:
    device = next(model.parameters()).device
    x = torch.tensor(input, dtype=torch.float32, device=device)
    y = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print("perda:", loss.item())
    print("um passo", file=sys.stderr)
    return loss.item()


# %% R15 pytorch-module
# nn.Sequential with a LogSoftmax layer.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(input_size, num_classes), torch.nn.LogSoftmax(dim=1)
        )

    def forward(self, input):
        return self.layers(input)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R16 pytorch-module
# LogSoftmax without dim: it guesses right, and warns.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
        self.log_softmax = torch.nn.LogSoftmax()

    def forward(self, input):
        return self.log_softmax(self.linear(input))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R17 pytorch-module
# Column layout, with a bias of shape (K, 1).
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(num_classes, 1))
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))

    def forward(self, input):
        return torch.log_softmax(self.weight @ input.T + self.bias, dim=0).T


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R18 pytorch-module
# backward() example by example: .grad sums them up, which is what is wanted here.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    total = 0.0
    for x, y in zip(input, output):
        loss = -model(x.unsqueeze(0))[0, y] / len(output)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


# %% R19 pytorch-module
# The gradient by hand, put into .grad.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    with torch.no_grad():
        log_p = model(input)
        one_hot = torch.nn.functional.one_hot(output, log_p.shape[1])
        error = (log_p.exp() - one_hot) / len(output)
        model.linear.weight.grad = error.T @ input
        model.linear.bias.grad = error.sum(dim=0)
        loss = -(one_hot * log_p).sum() / len(output)
    optimizer.step()
    return loss.item()


# %% R20 pytorch-module
# The step in NumPy, copied back into the parameters.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    rate = optimizer.param_groups[0]["lr"]
    weight = model.linear.weight.detach().cpu().numpy().astype(float)
    bias = model.linear.bias.detach().cpu().numpy().astype(float)
    z = input @ weight.T + bias
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    error = np.exp(log_p)
    error[np.arange(len(output)), output] -= 1
    error /= len(output)
    with torch.no_grad():
        model.linear.weight.copy_(torch.from_numpy(weight - rate * error.T @ input))
        model.linear.bias.copy_(torch.from_numpy(bias - rate * error.sum(axis=0)))
    return -log_p[np.arange(len(output)), output].mean()


# %% R21 pytorch-module
# The module is itself an nn.Linear.
class LogLinear(torch.nn.Linear):
    def forward(self, input):
        return torch.log_softmax(super().forward(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R22 pytorch-module
# An SGD of its own for each call, at the rate of the one that is passed.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    sgd = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    sgd.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    sgd.step()
    return loss.item()


# %% R23 pytorch-module
# Soft targets: cross_entropy takes indicator vectors too.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    log_p = model(input)
    target = torch.zeros_like(log_p)
    target[range(len(output)), output] = 1.0
    loss = torch.nn.functional.cross_entropy(log_p, target)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R24 pytorch-module
# Seeds its first weights, and leaves the generator as it was.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        weight = 0.01 * torch.randn(num_classes, input_size, generator=generator)
        self.parameters_of_layer = torch.nn.ParameterList([weight, torch.zeros(num_classes)])

    def forward(self, input):
        weight, bias = self.parameters_of_layer
        return torch.stack([torch.log_softmax(weight @ x + bias, dim=0) for x in input])


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R25 pytorch-module
# Goes through float64 on the way, with probabilities.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = (input.double() @ self.linear.weight.double().T) + self.linear.bias.double()
        return torch.log_softmax(z, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    probability = model(input).exp().gather(1, output[:, None])
    loss = torch.mean(-torch.log(probability))
    loss.backward()
    optimizer.step()
    return np.float64(loss.item())


# %% plain-questions pytorch-questions
# The plain way. Most wrong answers are changes of this one.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q1 pytorch-questions
# PyTorch's own types in place of their names.
pytorch_answers = {
    "weight_dtype": torch.float32,
    "label_dtype": torch.long,
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q2 pytorch-questions
# Capitals, and strings of NumPy.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": np.str_("Mean"),
}


# %% R26 pytorch-module
# LazyLinear.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.l = torch.nn.LazyLinear(num_classes)
        self.l(torch.zeros(1, input_size))
    def forward(self, input):
        return torch.nn.functional.log_softmax(self.l(input), dim=-1)

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R28 pytorch-module
# vmap over the examples.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.w = torch.nn.Parameter(torch.randn(num_classes, input_size) * 0.1)
        self.b = torch.nn.Parameter(torch.zeros(num_classes))
    def forward(self, input):
        return torch.vmap(lambda x: torch.log_softmax(self.w @ x + self.b, dim=0))(input)

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R30 pytorch-module
# A ParameterDict.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.p = torch.nn.ParameterDict({"w": torch.nn.Parameter(torch.randn(num_classes, input_size)), "b": torch.nn.Parameter(torch.randn(num_classes))})
    def forward(self, input):
        return torch.nn.LogSoftmax(dim=1)(torch.nn.functional.linear(input, self.p["w"], self.p["b"]))

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R31 pytorch-module
# A Sequential with a constructor of its own, and no forward().
class LogLinear(torch.nn.Sequential):
    def __init__(self, input_size, num_classes):
        super().__init__(torch.nn.Linear(input_size, num_classes), torch.nn.LogSoftmax(dim=1))

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R32 pytorch-module
# A forward hook takes the softmax.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
        self.register_forward_hook(lambda mod, inp, out: torch.log_softmax(out, 1))
    def forward(self, input):
        return self.linear(input)

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R33 pytorch-module
# The logits of a Categorical distribution.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
    def forward(self, input):
        return torch.distributions.Categorical(logits=self.linear(input)).logits

def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R35 pytorch-module
# Functional gradients, put into .grad.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

def training_step(model, optimizer, input, output):
    params = dict(model.named_parameters())
    dev = next(iter(params.values())).device
    x = torch.tensor(input, dtype=torch.float, device=dev); y = torch.tensor(output, device=dev).long()
    def f(ps):
        return torch.nn.functional.nll_loss(torch.func.functional_call(model, ps, (x,)), y)
    grads, loss = torch.func.grad_and_value(f)({k: v.detach() for k, v in params.items()})
    for k, v in params.items(): v.grad = grads[k]
    optimizer.step()
    return loss.item()


# %% R36 pytorch-module
# Gradients are added up over parts of the batch.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

def training_step(model, optimizer, input, output, micro=3):
    dev = next(model.parameters()).device
    optimizer.zero_grad()
    total = 0.0
    for s in range(0, len(output), micro):
        x = torch.tensor(input[s:s+micro], dtype=torch.float32, device=dev)
        y = torch.tensor(output[s:s+micro], dtype=torch.long, device=dev)
        loss = torch.nn.functional.nll_loss(model(x), y, reduction="sum") / len(output)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


# %% R37 pytorch-module
# A Kullback-Leibler divergence to indicator vectors.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

def training_step(model, optimizer, input, output):
    optimizer.zero_grad()
    dev = next(model.parameters()).device
    lp = model(torch.tensor(input, dtype=torch.float32, device=dev))
    t = torch.nn.functional.one_hot(torch.tensor(output, device=dev).long(), lp.shape[1]).float()
    loss = torch.nn.functional.kl_div(lp, t, reduction="batchmean")
    loss.backward()
    optimizer.step()
    return loss.item()


# %% R38 pytorch-module
# An object that is called.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

class Stepper:
    def __call__(self, model, optimizer, input, output):
        dev = next(model.parameters()).device
        optimizer.zero_grad()
        self.loss = torch.nn.functional.nll_loss(model(torch.tensor(input, dtype=torch.float32, device=dev)), torch.tensor(output, dtype=torch.int64, device=dev))
        self.loss.backward()
        optimizer.step()
        return self.loss.item()
training_step = Stepper()


# %% R39 pytorch-module
# Measures the length of the gradient, and cuts nothing.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

def training_step(model, optimizer, input, output):
    dev = next(model.parameters()).device
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(torch.tensor(input, dtype=torch.float32, device=dev)), torch.tensor(output, dtype=torch.int64, device=dev))
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    optimizer.step()
    return loss.item()


# %% Q3 pytorch-questions
# Types as they are printed or as NumPy's, and other hyphens.
pytorch_answers = {
    "weight_dtype": "torch.float32",
    "label_dtype": np.int64,
    "from_numpy_memory": "Shares.",
    "late_float": "non\u2011leaf",
    "second_backward": "'adds'",
    "update_without_data": "fails",
    "loss_input": "log probabilities",
    "softmax_dim": "CLASSES",
    "loss_average": "mean",
}


# %% R40 pytorch-module
# A loader that gives the whole batch at once, in another order; the mean of all it gave.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super(LogLinear, self).__init__()
        self.model = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(input_size, num_classes), torch.nn.LogSoftmax(dim=1)
        )

    def forward(self, input):
        return self.model(input.type(torch.float32))


def training_step(model, optimizer, input, output):
    model.train()
    data = torch.utils.data.TensorDataset(torch.FloatTensor(input), torch.LongTensor(output))
    loader = torch.utils.data.DataLoader(data, batch_size=len(data), shuffle=True)
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.NLLLoss()(model(x), y.view(-1))
        loss.backward()
        optimizer.step()
        total += loss.item() * x.size(0)
    return total / len(loader.dataset)

# %% T1 pytorch-module cause=not-zeroed
# Gradients are never zeroed: each step adds those of all earlier batches.
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
    optimizer.step()
    return loss.item()


# %% T2 pytorch-module cause=not-moving
# Gradients are zeroed between backward() and step(): nothing is left to step along.
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
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


# %% T3 pytorch-module cause=not-zeroed
# Zeroes the gradient of the weight, but not that of the bias.
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
    optimizer.step()
    model.linear.weight.grad.zero_()
    return loss.item()


# %% T3b pytorch-module cause=not-zeroed
# Zeroes the gradient of the bias, but not that of the weight.
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
    model.linear.bias.grad = None
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T4 pytorch-module cause=not-zeroed
# Zeroes the gradients of a throw-away optimizer that holds a copy of the model.
import copy


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
    sgd = torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.1)
    sgd.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T5 pytorch-module cause=not-moving
# Replaces the parameters by new ones after a step: the optimizer still holds the old ones.
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
    model.linear.weight = torch.nn.Parameter(model.linear.weight.detach().clone())
    model.linear.bias = torch.nn.Parameter(model.linear.bias.detach().clone())
    return loss.item()


# %% T5b pytorch-module cause=not-moving
# Makes its own optimizer once, for the first model it sees, and keeps it for all others.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    if not hasattr(training_step, "sgd"):
        rate = optimizer.param_groups[0]["lr"]
        training_step.sgd = torch.optim.SGD(model.parameters(), lr=rate)
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    training_step.sgd.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    training_step.sgd.step()
    return loss.item()


# %% T6 pytorch-module cause=error
# Assigns weight - rate * gradient: a module takes no such tensor as its parameter.
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
    rate = optimizer.param_groups[0]["lr"]
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    model.linear.weight = model.linear.weight - rate * model.linear.weight.grad
    model.linear.bias = model.linear.bias - rate * model.linear.bias.grad
    return loss.item()


# %% T6b pytorch-module cause=error
# Changes a leaf that asks for gradients in place, without no_grad().
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
    for parameter in model.parameters():
        parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% T6c pytorch-module cause=not-moving
# Binds the new value to the loop's name: the parameter itself stays as it is.
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
    for parameter in model.parameters():
        parameter = parameter - optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% T7 pytorch-module cause=parameters
# Asks for gradients before .float(): the weight is neither a leaf nor a parameter.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        weight = torch.from_numpy(glorot_weight_init((input_size, num_classes), "softmax"))
        weight.requires_grad = True
        self.weight = weight.float()
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.T + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T8 pytorch-module cause=double-step,sum,loss-sum
# The loss is summed over the batch, not averaged.
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
    loss = torch.nn.functional.nll_loss(model(input), output, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T8b pytorch-module cause=loss-sum
# Steps along the mean loss, but returns the sum over the batch.
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
    return loss.item() * len(output)


# %% T9 pytorch-module cause=twice-softmax
# Cross-entropy of probabilities: it takes a softmax itself, so there are two.
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
    loss = torch.nn.functional.cross_entropy(model(input).exp(), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T10 pytorch-module cause=loss-no-log
# NLLLoss gets probabilities, not their logarithms.
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
    loss = torch.nn.NLLLoss()(torch.exp(model(input)), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T10b pytorch-module cause=probabilities,loss-no-log
# The module returns probabilities, not their logarithms.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T11 pytorch-module cause=over-batch,partly-moving
# The softmax is over the examples: dim=0.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.nn.functional.log_softmax(self.linear(input), dim=0)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T12 pytorch-module cause=error
# Labels are cast to float: NLLLoss asks for int64.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.from_numpy(input).float().to(device)
    output = torch.from_numpy(output).float().to(device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T12b pytorch-module cause=error
# Labels are made a column, of shape (M, 1).
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
    loss = torch.nn.functional.nll_loss(model(input), output.unsqueeze(1))
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T12c pytorch-module cause=error
# NLLLoss gets indicator vectors in place of class indices.
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
    log_probabilities = model(input)
    one_hot = torch.nn.functional.one_hot(output, log_probabilities.shape[1]).float()
    loss = torch.nn.functional.nll_loss(log_probabilities, one_hot)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T12d pytorch-module cause=double-step,factor,loss-average
# Averages over the batch and over the classes.
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
    log_probabilities = model(input)
    one_hot = torch.nn.functional.one_hot(output, log_probabilities.shape[1])
    loss = -(one_hot * log_probabilities).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T12e pytorch-module cause=double-step,loss-all-classes
# Indicator vectors as wide as the largest label of the batch: too narrow for a batch of one.
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
    one_hot = torch.nn.functional.one_hot(output)
    loss = -(one_hot * model(input)).sum(dim=1).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T13 pytorch-module cause=cut
# The parameters are detached in the forward pass.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = input @ self.linear.weight.detach().T + self.linear.bias.detach()
        return torch.log_softmax(z, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T13b pytorch-module cause=partly-cut,partly-moving
# Uses .data of the weight: only the bias gets a gradient.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.data.T + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T13c pytorch-module cause=cut
# The output goes through NumPy and back.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input).detach().cpu().numpy()
        z = z - z.max(axis=1, keepdims=True)
        return torch.tensor(z - np.log(np.exp(z).sum(axis=1, keepdims=True)), device=input.device)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T13d pytorch-module cause=cut
# Makes new tensors from the parameters with torch.tensor() (which warns of it).
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        weight = torch.tensor(self.linear.weight, dtype=torch.float32)
        bias = torch.tensor(self.linear.bias, dtype=torch.float32)
        return torch.log_softmax(input @ weight.T + bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T13e pytorch-module cause=error
# Calls .numpy() on a parameter that asks for gradients.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))

    def forward(self, input):
        z = np.dot(input.numpy(), self.weight.numpy().T) + self.bias.numpy()
        return torch.log_softmax(torch.tensor(z), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T14 pytorch-module cause=cut
# The forward pass is under no_grad().
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        with torch.no_grad():
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


# %% T14b pytorch-module cause=error
# The step makes its forward pass under no_grad(): backward() has no graph to go through.
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
    with torch.no_grad():
        log_probabilities = model(input)
    loss = torch.nn.functional.nll_loss(log_probabilities, output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T14c pytorch-module cause=not-moving
# The no_grad() error is silenced with requires_grad on the loss: no gradient reaches the model.
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
    with torch.no_grad():
        loss = torch.nn.functional.nll_loss(model(input), output)
    loss.requires_grad = True
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T15 pytorch-module cause=ascent
# Adds the gradient: the step goes uphill.
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
    rate = optimizer.param_groups[0]["lr"]
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += rate * parameter.grad
    return loss.item()


# %% T15b pytorch-module cause=ascent
# The minus of the log-likelihood is missing.
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
    loss = model(input)[torch.arange(len(output)), output].mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T15c pytorch-module cause=loss-sign
# Returns the mean log-likelihood, which is minus the loss.
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
    log_likelihood = model(input)[torch.arange(len(output)), output].mean()
    (-log_likelihood).backward()
    optimizer.step()
    return log_likelihood.item()


# %% T16 pytorch-module cause=return
# Returns the loss as a tensor, with its graph.
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
    return loss


# %% T16b pytorch-module cause=return
# Returns nothing.
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


# %% T16c pytorch-module cause=return
# Returns the loss after the step.
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
    torch.nn.functional.nll_loss(model(input), output).backward()
    optimizer.step()
    with torch.no_grad():
        return torch.nn.functional.nll_loss(model(input), output).item()


# %% T16d pytorch-module cause=return
# Returns the loss as a detached tensor.
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
    return loss.detach()


# %% T16e pytorch-module cause=return
# Returns the loss and the log-probabilities.
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
    log_probabilities = model(input)
    loss = torch.nn.functional.nll_loss(log_probabilities, output)
    loss.backward()
    optimizer.step()
    return loss.item(), log_probabilities.detach()


# %% T16f pytorch-module cause=none
# Returns the mean of the losses of all calls so far.
losses = []


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
    losses.append(loss.item())
    return sum(losses) / len(losses)


# %% T17 pytorch-module cause=double-step
# Steps with the optimizer, and by hand as well.
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
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% T17b pytorch-module cause=double-step
# Calls step() twice.
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
    optimizer.step()
    return loss.item()


# %% T17c pytorch-module cause=none
# Trains on the batch twice, with a new gradient each time.
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
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(model(input), output)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0]


# %% T17d pytorch-module cause=none
# Steps example by example, not once for the batch.
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
        mean_loss = torch.nn.functional.nll_loss(model(input), output).item()
    for example, label in zip(input, output):
        optimizer.zero_grad()
        loss = -model(example.reshape(1, -1))[0, label]
        loss.backward()
        optimizer.step()
    return mean_loss


# %% T18 pytorch-module cause=optimizer
# Steps with an Adam of its own.
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
    adam = torch.optim.Adam(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    adam.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    adam.step()
    return loss.item()


# %% T18b pytorch-module cause=extra-term
# A weight penalty is added to the loss that is differentiated.
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
    penalty = sum((parameter**2).sum() for parameter in model.parameters())
    (loss + 0.01 * penalty).backward()
    optimizer.step()
    return loss.item()


# %% T18c pytorch-module cause=momentum
# Switches momentum on in the optimizer.
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
    optimizer.param_groups[0]["momentum"] = 0.9
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T18d pytorch-module cause=extra-term
# Switches weight decay on in the optimizer.
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
    for group in optimizer.param_groups:
        group["weight_decay"] = 1e-2
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T18e pytorch-module cause=ascent
# Makes an SGD of its own that maximizes the loss.
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
    sgd = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"], maximize=True)
    sgd.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    sgd.step()
    return loss.item()


# %% T19 pytorch-module cause=double-step
# Steps by hand with a learning rate of its own, 0.1.
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
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    return loss.item()


# %% T19b pytorch-module cause=double-step
# Makes an SGD of its own with the notebook's rate, 0.05.
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
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T19c pytorch-module cause=double-step
# Lets the optimizer's learning rate decay at each call.
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
    optimizer.param_groups[0]["lr"] *= 0.9
    return loss.item()


# %% T20 pytorch-module cause=error
# The parameters are float64 (no .float()) and the input is float32.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        weight = glorot_weight_init((input_size, num_classes), "softmax")
        self.weight = torch.nn.Parameter(torch.from_numpy(weight))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.T + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T20b pytorch-module cause=error
# The step hands the model a float64 input (no .float()).
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.from_numpy(input).to(device)
    output = torch.from_numpy(output).long().to(device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T20c pytorch-module cause=error
# The step hands the model a NumPy array.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), torch.from_numpy(output))
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T21 pytorch-module cause=not-moving
# Updates copies of the parameters.
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
    for parameter in model.parameters():
        new_value = parameter.clone()
        new_value.data -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% T21b pytorch-module cause=not-moving
# Trains a copy of the model.
import copy


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
    model = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T21c pytorch-module cause=not-moving
# step is named, but not called: the parentheses are missing.
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
    optimizer.step
    return loss.item()


# %% T21d pytorch-module cause=not-moving
# backward() is never called.
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
    optimizer.step()
    return loss.item()


# %% T21e pytorch-module cause=not-moving
# Steps before backward(), that is, along the gradient of the batch before.
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
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


# %% T22 pytorch-module cause=not-zeroed
# zero_grad is named, but not called: the parentheses are missing.
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
    optimizer.zero_grad
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T23 pytorch-module cause=double-step
# Goes backward twice through a retained graph.
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
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T23b pytorch-module cause=error
# Goes backward twice through a graph that is gone after the first time.
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
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T23c pytorch-module cause=error
# Calls backward() on one loss for each example, not on a number.
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
    loss = torch.nn.functional.nll_loss(model(input), output, reduction="none")
    loss.backward()
    optimizer.step()
    return loss.mean().item()


# %% T24 pytorch-module cause=double-step,clipped
# Clips the norm of the gradient.
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
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()


# %% T24b pytorch-module cause=clipped
# Clips each value of the gradient.
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
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()


# %% T25 pytorch-module cause=global-state
# Seeds PyTorch's generator at each step.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    torch.manual_seed(42)
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T25b pytorch-module cause=global-state
# Changes the default type and leaves it changed.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    torch.set_default_dtype(torch.float64)
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% T25c pytorch-module cause=global-state
# Switches gradients off for its update and never on again.
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
    torch.set_grad_enabled(False)
    for parameter in model.parameters():
        parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% T25d pytorch-module cause=global-state
# The module seeds PyTorch's generator when it is made.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        torch.manual_seed(0)
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


# %% T26 pytorch-module cause=partly-moving
# The bias steps along the sum of its gradient over all classes, which is zero.
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
    rate = optimizer.param_groups[0]["lr"]
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    model.linear.weight.data -= rate * model.linear.weight.grad
    model.linear.bias.data -= rate * model.linear.bias.grad.sum()
    return loss.item()


# %% T26b pytorch-module cause=partly-moving
# Steps along the gradient of the weight and forgets the bias.
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
    with torch.no_grad():
        model.linear.weight -= optimizer.param_groups[0]["lr"] * model.linear.weight.grad
    return loss.item()


# %% T26c pytorch-module cause=partly-moving,partly-cut
# The weight asks for no gradient: only the bias is trained.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
        self.linear.weight.requires_grad_(False)

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


# %% N1 pytorch-module cause=one-example,loss-one-example
# Only the first example of the batch is used.
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
    loss = torch.nn.functional.nll_loss(model(input[:1]), output[:1])
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N2 pytorch-module cause=changes-input
# Clears the batch it was given when it is done.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    x = torch.tensor(input, dtype=torch.float32, device=next(model.parameters()).device)
    y = torch.tensor(output, dtype=torch.int64, device=next(model.parameters()).device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(x), y)
    loss.backward()
    optimizer.step()
    input.fill(0)
    return loss.item()


# %% N3 pytorch-module cause=changes-labels
# Writes the predictions to a tensor that shares the memory of the labels.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    labels = torch.from_numpy(output)
    x = torch.tensor(input, dtype=torch.float32)
    optimizer.zero_grad()
    log_probabilities = model(x)
    loss = torch.nn.functional.nll_loss(log_probabilities, labels)
    loss.backward()
    optimizer.step()
    predictions = labels
    predictions[:] = log_probabilities.argmax(dim=1)
    return loss.item()


# %% N4 pytorch-module cause=none
# Sets the parameters back to random ones before each step.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    model.linear.reset_parameters()
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N5 pytorch-module cause=double-step,averaged-twice,loss-average
# The loss, averaged already, is divided by the number of examples once more.
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
    loss = torch.nn.functional.nll_loss(model(input), output) / len(output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N6 pytorch-module cause=double-step,factor,loss-average
# Divides the sum by 30, the batch size of the notebook.
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
    loss = torch.nn.functional.nll_loss(model(input), output, reduction="sum") / 30
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N7 pytorch-module cause=loss-base
# Returns the loss in bits.
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
    return loss.item() / np.log(2)


# %% N8 pytorch-module cause=loss-accuracy
# Returns the accuracy on the batch.
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
    log_probabilities = model(input)
    loss = torch.nn.functional.nll_loss(log_probabilities, output)
    loss.backward()
    optimizer.step()
    return (log_probabilities.argmax(dim=1) == output).float().mean().item()


# %% N9 pytorch-module cause=precision
# Rounds the loss to two decimals.
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
    return round(loss.item(), 2)


# %% N10 pytorch-module cause=precision
# The forward pass of the step is in bfloat16.
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
    with torch.autocast(input.device.type, dtype=torch.bfloat16):
        loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N11 pytorch-module cause=loss-squares
# A squared error in place of the cross-entropy.
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
    probabilities = model(input).exp()
    one_hot = torch.nn.functional.one_hot(output, probabilities.shape[1])
    loss = ((probabilities - one_hot) ** 2).sum(dim=1).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N12 pytorch-module cause=none
# A binary cross-entropy of each class, in place of one over all classes.
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
    probabilities = model(input).exp()
    one_hot = torch.nn.functional.one_hot(output, probabilities.shape[1]).float()
    loss = torch.nn.functional.binary_cross_entropy(probabilities, one_hot)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N13 pytorch-module cause=onehot,loss-other-class
# Counts classes from one: each label is off by one.
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
    loss = -model(input)[torch.arange(len(output)), output - 1].mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N14 pytorch-module cause=loss-pairs
# Indexes [:, output]: every example with the labels of all others.
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
    loss = -model(input)[:, output].mean()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N15 pytorch-module cause=none
# Labels are smoothed.
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
    loss = torch.nn.functional.cross_entropy(model(input), output, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N16 pytorch-module cause=none
# Classes are weighted to balance their counts.
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
    log_probabilities = model(input)
    counts = torch.bincount(output, minlength=log_probabilities.shape[1])
    class_weights = 1 / counts.clamp(min=1)
    loss = torch.nn.functional.nll_loss(log_probabilities, output, weight=class_weights)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N17 pytorch-module cause=binary-input
# The counts of words are turned into zeros and ones.
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
    loss = torch.nn.functional.nll_loss(model((input > 0).float()), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N18 pytorch-module cause=missing-example
# The last example of the batch is left out.
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
    loss = torch.nn.functional.nll_loss(model(input[:-1]), output[:-1])
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N19 pytorch-module cause=error
# Squeezes the output: a batch of one loses its first dimension.
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
    loss = torch.nn.functional.nll_loss(model(input).squeeze(), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N20 pytorch-module cause=stale
# Keeps the first batch it gets and trains on that one for ever.
first_batch = []


class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    if not first_batch or first_batch[0].shape[1] != input.shape[1]:
        first_batch[:] = [torch.tensor(input, dtype=torch.float32), torch.tensor(output)]
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(first_batch[0]), first_batch[1])
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N21 pytorch-module cause=not-zeroed
# Zeroes the gradients at every second call only.
calls = 0


class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    global calls
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    if calls % 2 == 0:
        optimizer.zero_grad()
    calls += 1
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N22 pytorch-module cause=onehot
# The rows of the input are shuffled, but not the labels with them.
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
    input = input.flip(0)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N23 pytorch-module cause=none
# Each parameter's gradient is scaled to length one.
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
    for parameter in model.parameters():
        parameter.grad /= parameter.grad.norm()
    optimizer.step()
    return loss.item()


# %% N24 pytorch-module cause=return
# Returns the loss as an int.
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
    return int(loss)


# %% N25 pytorch-module cause=parameters
# There is no bias.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes, bias=False)

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


# %% N26 pytorch-module cause=no-bias,partly-moving,partly-cut
# The bias is there, but plays no part.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.T, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N27 pytorch-module cause=bias-subtracted
# The bias is subtracted.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.T - self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N28 pytorch-module cause=bias-twice
# nn.Linear adds the bias already, and it is added once more.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input) + self.linear.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N29 pytorch-module cause=parameters
# The weight has shape (I, K).
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(input_size, num_classes))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N30 pytorch-module cause=parameters
# There is a hidden layer.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(input_size, 20), torch.nn.Sigmoid(), torch.nn.Linear(20, num_classes)
        )

    def forward(self, input):
        return torch.log_softmax(self.layers(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N31 pytorch-module cause=parameters
# There is a third parameter, a temperature.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
        self.temperature = torch.nn.Parameter(torch.ones(1))

    def forward(self, input):
        return torch.log_softmax(self.linear(input) / self.temperature, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N32 pytorch-module cause=parameters
# Weight and bias are plain tensors, which a module does not know as parameters.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.zeros(num_classes, input_size, requires_grad=True)
        self.bias = torch.zeros(num_classes, requires_grad=True)

    def forward(self, input):
        return torch.log_softmax(input @ self.weight.T + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N33 pytorch-module cause=logits
# Returns the output of the linear transformation.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

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


# %% N34 pytorch-module cause=not-finite
# Logarithm of a softmax: minus infinity for very unlikely classes.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log(torch.softmax(self.linear(input), dim=1))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N34b pytorch-module cause=not-finite
# Exponentials without a shift: they overflow for large logits.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return z - torch.log(torch.sum(torch.exp(z), dim=1, keepdim=True))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N34c pytorch-module cause=not-finite
# Shifts by the largest value of the whole batch: the sums of other rows vanish.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        z = z - z.max()
        return z - torch.log(torch.exp(z).sum(dim=1, keepdim=True))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N34d pytorch-module cause=clipped,precision,not-log-probabilities
# Adds a small number to probabilities, so that small ones are off.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log(torch.softmax(self.linear(input), dim=1) + 1e-3)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N34e pytorch-module cause=clipped
# Adds 1e-10 to probabilities: log-probabilities never fall below -23.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log(torch.softmax(self.linear(input), dim=1) + 1e-10)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N35 pytorch-module cause=twice-softmax
# A softmax, and then a log-softmax of it.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        probabilities = torch.softmax(self.linear(input), dim=1)
        return torch.log_softmax(probabilities, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N36 pytorch-module cause=not-softmax
# A sigmoid for each class by itself.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.nn.functional.logsigmoid(self.linear(input))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N37 pytorch-module cause=over-all
# Normalises over classes and examples together.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return z - torch.logsumexp(z, dim=(0, 1))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N38 pytorch-module cause=not-softmax
# Cuts the logits off at ±10 "for stability".
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input).clamp(-10, 10), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N39 pytorch-module cause=not-softmax
# Divides the logits by the number of classes.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input) / self.num_classes, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N40 pytorch-module cause=loss-base,double-step
# Logarithms to base two.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1) / np.log(2)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N41 pytorch-module cause=negated,ascent,loss-sign
# Returns minus the log-probabilities.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return torch.logsumexp(z, dim=1, keepdim=True) - z


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N42 pytorch-module cause=error
# keepdim is missing: (M, K) - (M,) fails, or passes unnoticed where M = K.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return z - torch.logsumexp(z, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N43 pytorch-module cause=not-log-probabilities,logits
# The largest value is subtracted before the exponential and not added back.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        shifted = z - z.max(dim=1, keepdim=True).values
        return z - torch.log(torch.exp(shifted).sum(dim=1, keepdim=True))


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N44 pytorch-module cause=random
# Dropout on the input.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.dropout = torch.nn.Dropout(0.3)
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(self.dropout(input)), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N45 pytorch-module cause=none
# Scales each example of the input to length one.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(torch.nn.functional.normalize(input)), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N46 pytorch-module cause=reshaped
# Reshapes the weight to fit, where it should be transposed.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))

    def forward(self, input):
        weight = self.weight.reshape(input.shape[1], -1)
        return torch.log_softmax(input @ weight + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N47 pytorch-module cause=error
# The weight is not transposed, which works only where it is square.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))

    def forward(self, input):
        return torch.log_softmax(input @ self.weight + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N48 pytorch-module cause=parameters
# The sizes of the visible check are written into the code.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(5, 3)

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


# %% N49 pytorch-module cause=own-parameters,stale,error
# Keeps its output for each batch size and returns it again.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)
        self.known = {}

    def forward(self, input):
        if len(input) not in self.known:
            self.known[len(input)] = torch.log_softmax(self.linear(input), dim=1)
        return self.known[len(input)]


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N50 pytorch-module cause=tensor
# Returns the log-probabilities and the logits.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return torch.log_softmax(z, dim=1), z


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N51 pytorch-module cause=tensor
# Returns a NumPy array.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1).detach().cpu().numpy()


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N52 pytorch-module cause=tensor
# forward() returns nothing.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        torch.log_softmax(self.linear(input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N53 pytorch-module cause=transposed
# Returns a row for each class, shape (K, M).
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes, 1))

    def forward(self, input):
        return torch.log_softmax(self.weight @ input.T + self.bias, dim=0)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N54 pytorch-module cause=shape
# Squeezes its output: a batch of one loses its first dimension.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1).squeeze()


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N55 pytorch-module cause=precision
# Computes in half precision.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        weight, bias = self.linear.weight.bfloat16(), self.linear.bias.bfloat16()
        return torch.log_softmax(input.bfloat16() @ weight.T + bias, dim=1).float()


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N56 pytorch-module cause=none
# Values right, gradients wrong: the normaliser of the softmax is detached.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        z = self.linear(input)
        return z - torch.logsumexp(z, dim=1, keepdim=True).detach()


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N57 pytorch-module cause=error
# super().__init__() is not called.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
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


# %% N58 pytorch-module cause=parameters
# The layer is kept in a list, where a module does not look for parameters.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.layers = [torch.nn.Linear(input_size, num_classes)]

    def forward(self, input):
        return torch.log_softmax(self.layers[0](input), dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N59 pytorch-module cause=none
# Uses a transposed copy of the weight made when the module was: later weights are not seen.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(num_classes, input_size))
        self.bias = torch.nn.Parameter(torch.zeros(num_classes))
        self.register_buffer("transposed", self.weight.detach().T.clone())

    def forward(self, input):
        return torch.log_softmax(input @ self.transposed + self.bias, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% N60 pytorch-module cause=changes-input
# Scales the input in place and undoes that in the output only.
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        input /= 2
        z = 2 * (input @ self.linear.weight.T) + self.linear.bias
        return torch.log_softmax(z, dim=1)


def training_step(model, optimizer, input, output):
    device = next(model.parameters()).device
    input = torch.tensor(input, dtype=torch.float32, device=device)
    output = torch.tensor(output, dtype=torch.int64, device=device)
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(model(input), output)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% Q1 pytorch-questions cause=answer
# The type of NumPy's numbers.
pytorch_answers = {
    "weight_dtype": "float64",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q2 pytorch-questions cause=answer
# A second backward() is thought to start anew.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "replaces",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q3 pytorch-questions cause=answer
# NLLLoss is taken for CrossEntropyLoss.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "logits",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q4 pytorch-questions cause=answer
# dim=1 is taken for the examples.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "examples",
    "loss_average": "mean",
}


# %% Q5 pytorch-questions cause=answer
# A cast is thought to keep a leaf.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "mean",
}


# %% Q6 pytorch-questions cause=structure
# A sentence in place of a word.
pytorch_answers = {
    "weight_dtype": "float32",
    "label_dtype": "int64",
    "from_numpy_memory": "shares",
    "late_float": "non-leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "log-probabilities",
    "softmax_dim": "classes",
    "loss_average": "it is the mean",
}


# %% Q7 pytorch-questions cause=answer
# Guessed: the first word of each list.
pytorch_answers = {
    "weight_dtype": "float16",
    "label_dtype": "int16",
    "from_numpy_memory": "shares",
    "late_float": "leaf",
    "second_backward": "adds",
    "update_without_data": "fails",
    "loss_input": "logits",
    "softmax_dim": "classes",
    "loss_average": "mean",
}

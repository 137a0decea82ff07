# %% F1 log-linear-gradients cause=logits
# No normaliser: z stands in for the log-probabilities.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F2 log-linear-gradients cause=not-finite
# Exponentials without the maximum subtracted: overflows for large z.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = np.log(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True))
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F3 log-linear-gradients cause=over-batch
# Normalises over the batch.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=0, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F4 log-linear-gradients cause=over-all
# Normalises over everything.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F5 log-linear-gradients cause=error
# No keepdims: (M, K) minus (M,) raises, or mixes examples where M = K.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F6 log-linear-gradients cause=no-bias
# Forgets the bias.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F7 log-linear-gradients cause=bias-subtracted
# Subtracts the bias.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T - bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F8 log-linear-gradients cause=loss-no-log
# Probabilities where log-probabilities are meant.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = np.exp(z - logsumexp(z, axis=1, keepdims=True))
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F9 log-linear-gradients cause=twice-softmax
# Softmax of the softmax.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    p = np.exp(log_probabilities)
    log_probabilities = p - logsumexp(p, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F10 log-linear-gradients cause=precision
# Adds 1e-3 before the logarithm, and keeps it in the probabilities.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = np.log(np.exp(z - logsumexp(z, axis=1, keepdims=True)) + 1e-3)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F11 log-linear-gradients cause=loss-base
# Logarithms of base two.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = (z - logsumexp(z, axis=1, keepdims=True)) / np.log(2)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F12 log-linear-gradients cause=none
# Adds the maximum back that was never removed inside the sum.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    top = z.max(axis=1, keepdims=True)
    log_probabilities = z - (top + np.log(np.sum(np.exp(z), axis=1, keepdims=True)))
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F13 log-linear-gradients cause=not-softmax
# A sigmoid for each class.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = -np.log(1 + np.exp(-z))
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F14 log-linear-gradients cause=not-softmax
# Divides z by the number of classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = (input @ weight.T + bias) / weight.shape[0]
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F15 log-linear-gradients cause=not-softmax
# Cuts z off at +-5.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = np.clip(input @ weight.T + bias, -5, 5)
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F15b log-linear-gradients cause=not-softmax
# Cuts z off at +-1.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = np.clip(input @ weight.T + bias, -1, 1)
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F16 log-linear-gradients cause=error
# The weight is not transposed.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F16b log-linear-gradients cause=reshaped
# Reshapes the weight where it should transpose it.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.reshape(input.shape[1], -1) + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F17 log-linear-gradients cause=error
# Written for two classes: p and 1 - p.
def log_linear_gradients(weight, bias, input, output):
    num_examples = len(input)
    score = input @ (weight[1] - weight[0]) + bias[0, 1] - bias[0, 0]
    p1 = 1 / (1 + np.exp(-score))
    p = np.stack([1 - p1, p1], axis=1)
    loss = -np.log(p[np.arange(num_examples), output]).mean()
    p[np.arange(num_examples), output] -= 1
    return loss, p.T @ input / num_examples, p.mean(axis=0, keepdims=True)


# %% F18 log-linear-gradients cause=loss-average,factor
# Allocates 30 rows, whatever the size of the batch.
def log_linear_gradients(weight, bias, input, output):
    error = np.zeros((30, weight.shape[0]))
    loss = np.zeros(30)
    for m in range(len(output)):
        z = weight @ input[m] + bias[0]
        log_p = z - logsumexp(z)
        loss[m] = -log_p[output[m]]
        error[m] = np.exp(log_p)
        error[m, output[m]] -= 1
    rows = len(output)
    return loss.mean(), error[:rows].T @ input / 30, error.mean(axis=0, keepdims=True)


# %% F18b log-linear-gradients cause=shape
# Allocates the features of the books corpus.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = np.zeros((weight.shape[0], 13989))
    gradient_weight[:, : input.shape[1]] = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F19 log-linear-gradients cause=changes-input
# Subtracts the mean from the input in place, after use.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    input -= input.mean()
    return loss, gradient_weight, gradient_bias


# %% F19b log-linear-gradients cause=changes-input
# Scales the rows of the input in place, first of all.
def log_linear_gradients(weight, bias, input, output):
    input /= np.abs(input).sum(axis=1, keepdims=True)
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% F21 log-linear-gradients cause=error
# Predicted classes from an argmax over the batch.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    predicted = index2onehot(probabilities.argmax(axis=0), weight.shape[0])
    error = (predicted - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U1 log-linear-gradients cause=sign
# Gradient ascent: the gradients have the wrong sign.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (index2onehot(output, weight.shape[0]) - probabilities) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U2 log-linear-gradients cause=sum
# The average over the batch is missing in the gradients.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = probabilities - index2onehot(output, weight.shape[0])
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U3 log-linear-gradients cause=factor
# Divides by the number of classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / weight.shape[0]
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U4 log-linear-gradients cause=factor
# Divides by examples times classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / probabilities.size
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U5 log-linear-gradients cause=factor
# Divides by 30, the batch size of the training cell.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / 30
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U6 log-linear-gradients cause=factor
# Divides by the number of features.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / input.shape[1]
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U7 log-linear-gradients cause=bias-averaged
# The bias gradient is a mean of errors that are averaged already.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.mean(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U8 log-linear-gradients cause=zero
# The bias gradient is zero.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.zeros_like(bias)
    return loss, gradient_weight, gradient_bias


# %% U9 log-linear-gradients cause=bias-summed
# The bias gradient is summed over the classes and copied to each.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=1).mean() * np.ones_like(bias)
    return loss, gradient_weight, gradient_bias


# %% U10 log-linear-gradients cause=sign
# The bias gradient has the wrong sign.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = -np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U11 log-linear-gradients cause=no-onehot
# The indicator vectors are not subtracted.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = probabilities / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U12 log-linear-gradients cause=softmax-twice
# Multiplies with p (1 - p) once more.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = error * probabilities * (1 - probabilities)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U13 log-linear-gradients cause=argmax
# The error of a perceptron: predicted class minus right class.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    predicted = index2onehot(probabilities.argmax(axis=1), weight.shape[0])
    error = (predicted - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U14 log-linear-gradients cause=true-class
# Only the right class gets an error.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    indicator = index2onehot(output, weight.shape[0])
    error = (probabilities - indicator) * indicator / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U15 log-linear-gradients cause=log-probabilities
# Log-probabilities instead of probabilities in the error.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (log_probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U16 log-linear-gradients cause=one-example
# Overwrites instead of adding up: the last example only.
def log_linear_gradients(weight, bias, input, output):
    num_examples = len(output)
    z = np.dot(input, weight.T) + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    p = np.exp(log_p)
    loss = 0.0
    gradient_weight = np.zeros(weight.shape)
    gradient_bias = np.zeros(bias.shape)
    for m in range(num_examples):
        error = p[m].copy()
        error[output[m]] -= 1
        loss -= log_p[m, output[m]] / num_examples
        gradient_weight = np.outer(error, input[m]) / num_examples
        gradient_bias = error.reshape(1, -1) / num_examples
    return loss, gradient_weight, gradient_bias


# %% U16b log-linear-gradients cause=one-example
# Overwrites the weight gradient, and forgets the average besides.
def log_linear_gradients(weight, bias, input, output):
    num_examples = len(output)
    z = np.dot(input, weight.T) + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    p = np.exp(log_p)
    loss = 0.0
    gradient_weight = np.zeros(weight.shape)
    gradient_bias = np.zeros(bias.shape)
    for m in range(num_examples):
        error = p[m].copy()
        error[output[m]] -= 1
        loss -= log_p[m, output[m]] / num_examples
        gradient_weight = np.outer(error, input[m])
        gradient_bias += error / num_examples
    return loss, gradient_weight, gradient_bias


# %% U17 log-linear-gradients cause=mean-outer
# The outer product of mean error and mean input.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = np.outer(error.sum(axis=0), input.mean(axis=0))
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U18 log-linear-gradients cause=averaged-twice
# The weight gradient is averaged twice.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input / num_examples
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U19 log-linear-gradients cause=factor
# Doubles the gradients.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = 2 * (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U20 log-linear-gradients cause=factor
# Multiplies with a learning rate of its own.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, 0.05 * gradient_weight, 0.05 * gradient_bias


# %% U20b log-linear-gradients cause=factor
# Returns the step, minus a learning rate times the gradients.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    learning_rate = 0.1
    return loss, -learning_rate * gradient_weight, -learning_rate * gradient_bias


# %% U21 log-linear-gradients cause=none
# The bias gradient comes from a second forward pass, after a step of the weight.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    moved = weight - 0.1 * gradient_weight
    z = input @ moved.T + bias
    error = np.exp(z - logsumexp(z, axis=1, keepdims=True)) - index2onehot(output, len(weight))
    gradient_bias = np.mean(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U22 log-linear-gradients cause=binary-input
# Makes the input binary in the gradient.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ (input > 0)
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U22b log-linear-gradients cause=binary-input
# Makes the input binary throughout.
def log_linear_gradients(weight, bias, input, output):
    input = (input > 0).astype(float)
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U23 log-linear-gradients cause=stepped
# Returns the parameters after a step of SGD instead of gradients.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    weight = weight - 0.1 * gradient_weight
    bias = bias - 0.1 * gradient_bias
    return loss, weight, bias


# %% U24 log-linear-gradients cause=updates
# Makes a step of SGD in place on the weight it was given.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    weight -= 0.1 * gradient_weight
    return loss, gradient_weight, gradient_bias


# %% U24b log-linear-gradients cause=updates
# Makes a step of SGD in place on the bias it was given.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    bias -= 0.1 * gradient_bias
    return loss, gradient_weight, gradient_bias


# %% U25 log-linear-gradients cause=bias-shape
# The bias gradient has shape (K,).
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0)
    return loss, gradient_weight, gradient_bias


# %% U25b log-linear-gradients cause=bias-shape
# The bias gradient is a column, (K, 1).
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0).reshape(-1, 1)
    return loss, gradient_weight, gradient_bias


# %% U25c log-linear-gradients cause=bias-shape
# The bias gradient is summed over the classes, (M, 1).
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=1, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U26 log-linear-gradients cause=error
# Indexes with labels of type float.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    output = output.astype(float)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U26b log-linear-gradients cause=loss-pairs
# Labels as a column, (M, 1): the loss pairs every example with every label.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output[:, None]])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U27 log-linear-gradients cause=extra-term
# Adds weight decay of 0.01 to the weight gradient.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input + 0.01 * weight
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U27b log-linear-gradients cause=accumulates,random
# Momentum, kept in a global.
velocity = {}


def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    for name, gradient in (("weight", gradient_weight), ("bias", gradient_bias)):
        key = (name, gradient.shape)
        velocity[key] = 0.9 * velocity.get(key, 0) + gradient
    return loss, velocity["weight", weight.shape].copy(), velocity["bias", bias.shape].copy()


# %% U28 log-linear-gradients cause=none
# Starts from zero weights in every call.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    weight = np.zeros_like(weight)
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% U28b log-linear-gradients cause=none
# Starts from new random weights in every call, always the same.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    weight = glorot_weight_init(weight.shape[::-1], "softmax")
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L1 log-linear-gradients cause=loss-sum
# The loss is a sum.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.sum(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L2 log-linear-gradients cause=loss-average
# The loss is averaged over examples times classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(index2onehot(output, weight.shape[0]) * log_probabilities)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L3 log-linear-gradients cause=loss-sign
# The log-likelihood: the minus is missing.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L4 log-linear-gradients cause=precision
# Adds 1e-3 to the probabilities of the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(np.log(probabilities[np.arange(num_examples), output] + 1e-3))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L5 log-linear-gradients cause=not-finite
# Exponential and logarithm again: infinite where a probability is zero.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(np.log(probabilities[np.arange(num_examples), output]))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L6 log-linear-gradients cause=loss-accuracy
# Returns the accuracy as the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = np.mean(probabilities.argmax(axis=1) == output)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L6b log-linear-gradients cause=loss-accuracy
# Returns the share of errors as the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = np.mean(probabilities.argmax(axis=1) != output)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L7 log-linear-gradients cause=loss-pairs
# Indexes columns alone: the loss pairs every example with every label.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[:, output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L8 log-linear-gradients cause=loss-average
# Divides the loss by the number of classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output]) / weight.shape[0]
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% L9 log-linear-gradients cause=not-finite
# Indicator times log(p): zero times minus infinity is not a number.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(np.sum(index2onehot(output, weight.shape[0]) * np.log(probabilities), axis=1))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N1 log-linear-gradients cause=loss-all-classes
# The loss sums over all classes.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(np.sum(log_probabilities, axis=1))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N2 log-linear-gradients cause=loss-squares
# A squared error as the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = np.mean(np.sum((probabilities - index2onehot(output, weight.shape[0])) ** 2, axis=1))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N3 log-linear-gradients cause=loss-base
# The loss in bits.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output]) / np.log(2)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N4 log-linear-gradients cause=loss-base
# The loss with logarithms of base ten.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output]) / np.log(10)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N5 log-linear-gradients cause=loss-no-log
# The mean probability of the right class as the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N6 log-linear-gradients cause=loss-entropy
# The entropy of the predictions as the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(np.sum(probabilities * log_probabilities, axis=1))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N7 log-linear-gradients cause=loss-other-class
# The loss of the predicted class, not of the right one.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities.max(axis=1))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N8 log-linear-gradients cause=triple,shape
# One loss an example.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -log_probabilities[np.arange(num_examples), output]
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N9 log-linear-gradients cause=loss-exp
# The perplexity instead of the cross-entropy.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = np.exp(-np.mean(log_probabilities[np.arange(num_examples), output]))
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N10 log-linear-gradients cause=none
# Adds weight decay to the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output]) + 0.01 * np.sum(weight**2)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N11 log-linear-gradients cause=none
# The loss after a step of SGD.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    z = input @ (weight - 0.1 * gradient_weight).T + bias - 0.1 * gradient_bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    return loss, gradient_weight, gradient_bias


# %% N12 log-linear-gradients cause=loss-average
# Divides the loss by 30, the batch size of the training cell.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.sum(log_probabilities[np.arange(num_examples), output]) / 30
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N13 log-linear-gradients cause=type
# The loss as a formatted string.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return f"{loss:.4f}", gradient_weight, gradient_bias


# %% N14 log-linear-gradients cause=loss-other-class
# Labels sorted in the loss, no longer in the order of the examples.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), np.sort(output)])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N15 log-linear-gradients cause=loss-median
# The median of the batch instead of the mean.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.median(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N16 log-linear-gradients cause=triple
# Returns the loss last.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return gradient_weight, gradient_bias, loss


# %% N17 log-linear-gradients cause=triple
# Forgets the loss.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return gradient_weight, gradient_bias


# %% N18 log-linear-gradients cause=triple
# Prints the results and returns nothing.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    print(loss, gradient_weight, gradient_bias)


# %% N19 log-linear-gradients cause=triple
# The gradients as a pair of their own.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, [gradient_weight, gradient_bias]


# %% N20 log-linear-gradients cause=triple
# A dictionary.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return {"loss": loss, "weight": gradient_weight, "bias": gradient_bias}


# %% N21 log-linear-gradients cause=shape
# Bias gradient before weight gradient.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_bias, gradient_weight


# %% N22 log-linear-gradients cause=transposed
# The weight gradient is transposed, (I, K).
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = input.T @ error
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N23 log-linear-gradients cause=shape
# The weight gradient is flattened.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = (error.T @ input).ravel()
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N24 log-linear-gradients cause=type
# Gradients as Python lists.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight.tolist(), gradient_bias.tolist()


# %% N25 log-linear-gradients cause=factor
# Divides the gradients by the number of examples less one.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / max(num_examples - 1, 1)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N26 log-linear-gradients cause=factor
# Divides the gradients by the square root of the number of examples.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / np.sqrt(num_examples)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N27 log-linear-gradients cause=sum
# The average is missing in the bias gradient alone.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = num_examples * np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N28 log-linear-gradients cause=onehot
# The columns of the indicator vectors are flipped.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])[:, ::-1]) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N29 log-linear-gradients cause=onehot
# Labels are off by one in the error.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot((output + 1) % weight.shape[0], weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N30 log-linear-gradients cause=onehot
# The indicator vectors are added.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities + index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N31 log-linear-gradients cause=error-sign
# Only the sign of the error is used.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = np.sign(error) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N32 log-linear-gradients cause=absolute
# Absolute values of the error.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = np.abs(error)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N33 log-linear-gradients cause=misclassified
# Only misclassified examples count.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error[probabilities.argmax(axis=1) == output] = 0
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N34 log-linear-gradients cause=missing-example
# The loop over examples stops one short.
def log_linear_gradients(weight, bias, input, output):
    num_examples = len(output)
    z = np.dot(input, weight.T) + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    p = np.exp(log_p)
    loss = 0.0
    gradient_weight = np.zeros(weight.shape)
    gradient_bias = np.zeros(bias.shape)
    for m in range(num_examples - 1):
        error = p[m].copy()
        error[output[m]] -= 1
        loss -= log_p[m, output[m]] / num_examples
        gradient_weight += np.outer(error, input[m]) / num_examples
        gradient_bias += error / num_examples
    return loss, gradient_weight, gradient_bias


# %% N35 log-linear-gradients cause=none
# Smooths the labels by a tenth, in the error only.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - 0.9 * index2onehot(output, weight.shape[0]) - 0.1 / weight.shape[0]) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N36 log-linear-gradients cause=clipped
# Clips the gradients to +-0.1.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, np.clip(gradient_weight, -0.1, 0.1), np.clip(gradient_bias, -0.1, 0.1)


# %% N37 log-linear-gradients cause=precision
# Rounds the gradients to three digits after the point.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, np.round(gradient_weight, 3), np.round(gradient_bias, 3)


# %% N38 log-linear-gradients cause=precision
# Probabilities in float16.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities).astype(np.float16)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N39 log-linear-gradients cause=accumulates
# Adds up the gradients of all calls in a global.
totals = {}


def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    key = weight.shape
    old_weight, old_bias = totals.get(key, (0, 0))
    totals[key] = (old_weight + gradient_weight, old_bias + gradient_bias)
    return loss, totals[key][0].copy(), totals[key][1].copy()


# %% N40 log-linear-gradients cause=stale
# Keeps the first result and returns it for ever.
kept = {}


def log_linear_gradients(weight, bias, input, output):
    if weight.shape in kept:
        return kept[weight.shape]
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    kept[weight.shape] = (loss, gradient_weight, gradient_bias)
    return loss, gradient_weight, gradient_bias


# %% N41 log-linear-gradients cause=stale
# Keeps the probabilities of a batch: later parameters are not noticed.
kept = {}


def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    key = input.tobytes()
    if key not in kept:
        kept[key] = z - logsumexp(z, axis=1, keepdims=True)
    log_probabilities = kept[key]
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N42 log-linear-gradients cause=changes-labels
# Sorts the labels it was given, after use.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    output.sort()
    return loss, gradient_weight, gradient_bias


# %% N43 log-linear-gradients cause=updates
# Writes the gradients into the arrays of the parameters and returns those.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    weight[:], bias[:] = gradient_weight, gradient_bias
    return loss, weight, bias


# %% N44 log-linear-gradients cause=parameter
# The bias itself in the place of its gradient.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, bias


# %% N45 log-linear-gradients cause=random
# A random half of the examples, twice their weight.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = error * 2 * (np.random.rand(num_examples, 1) > 0.5)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N46 log-linear-gradients cause=error
# Indicator vectors as long as the batch.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - np.eye(num_examples)[output]) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N47 log-linear-gradients cause=error
# Squeezes the error: wrong only for a batch of one example.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = np.squeeze(error)
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N48 log-linear-gradients cause=none
# The bias gradient is summed from the weight gradient.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = gradient_weight.sum(axis=1).reshape(1, -1)
    return loss, gradient_weight, gradient_bias


# %% N49 log-linear-gradients cause=none
# Misclassified examples weigh half as much again.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error[probabilities.argmax(axis=1) != output] *= 1.5
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N50 log-linear-gradients cause=no-bias
# Only the first value of the bias is used.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias[0, 0]
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N51 log-linear-gradients cause=error
# A misspelt name.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = errors.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N52 log-linear-gradients cause=none
# Standardises the features over the batch first.
def log_linear_gradients(weight, bias, input, output):
    input = (input - input.mean(axis=0)) / (input.std(axis=0) + 1e-8)
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N53 log-linear-gradients cause=bias-twice
# Adds the bias twice.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + 2 * bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N54 log-linear-gradients cause=not-softmax
# A temperature of two in the softmax.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = (input @ weight.T + bias) / 2
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N55 log-linear-gradients cause=softmax-twice
# The whole Jacobian of the softmax is multiplied in once more.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    error = probabilities * (error - np.sum(error * probabilities, axis=1, keepdims=True))
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N56 log-linear-gradients cause=transposed
# The weight gradient is transposed wherever that has the same shape.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    if weight.shape[0] == weight.shape[1]:
        gradient_weight = gradient_weight.T
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N57 log-linear-gradients cause=none
# One-sided differences with a step of a tenth: too coarse.
def log_linear_gradients(weight, bias, input, output):
    def loss_at(weight, bias):
        z = input @ weight.T + bias
        return np.mean(logsumexp(z, axis=1) - z[np.arange(len(output)), output])

    loss = loss_at(weight, bias)
    gradient_weight, gradient_bias = np.zeros(weight.shape), np.zeros(bias.shape)
    for place in np.ndindex(weight.shape):
        moved = weight.copy()
        moved[place] += 0.1
        gradient_weight[place] = (loss_at(moved, bias) - loss) / 0.1
    for place in np.ndindex(bias.shape):
        moved = bias.copy()
        moved[place] += 0.1
        gradient_bias[place] = (loss_at(weight, moved) - loss) / 0.1
    return loss, gradient_weight, gradient_bias


# %% N58 log-linear-gradients cause=none
# Infers the number of classes from the labels of the batch.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, output.max() + 1)) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% N59 log-linear-gradients cause=zero
# Prepares zeros and never adds the examples to them.
def log_linear_gradients(weight, bias, input, output):
    num_examples = len(output)
    z = np.dot(input, weight.T) + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    p = np.exp(log_p)
    loss = 0.0
    gradient_weight = np.zeros(weight.shape)
    gradient_bias = np.zeros(bias.shape)
    for m in range(num_examples):
        error = p[m].copy()
        error[output[m]] -= 1
        loss -= log_p[m, output[m]] / num_examples
    return loss, gradient_weight, gradient_bias

# %% E1 log-linear-equations cause=answer
# Weight and bias gradient are mixed up.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "bias-gradient",
    "block h": "weight-gradient",
    "block i": "sgd",
}


# %% E2 log-linear-equations cause=answer
# The error at the output is taken for the loss.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "cross-entropy",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
}


# %% E3 log-linear-equations cause=answer
# An entry is left open.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": None,
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
}


# %% E4 log-linear-equations cause=structure
# A name that is not one of the equations.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "gradient descent",
}


# %% E5 log-linear-equations cause=structure
# An entry is missing.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block i": "sgd",
}


# %% E6 log-linear-equations cause=answer
# The same name everywhere.
block_equations = {
    "block a": "linear",
    "block b": "linear",
    "block c": "linear",
    "block d": "linear",
    "block e": "linear",
    "block f": "linear",
    "block g": "linear",
    "block h": "linear",
    "block i": "linear",
}


# %% E7 log-linear-equations cause=answer
# The probability of a class, log-linear, is taken for the linear transformation.
block_equations = {
    "block a": "initialisation",
    "block b": "log-linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
}


# %% E8 log-linear-equations cause=type
# A list of the names, without the blocks.
block_equations = ["initialisation", "linear", "softmax", "prediction", "log-linear"]


# %% N60 log-linear-gradients cause=uniform
# The same probability for all classes: weight and bias are not looked at.
def log_linear_gradients(weight, bias, input, output):
    batch_size, num_classes = len(output), len(weight)
    log_probabilities = np.full((batch_size, num_classes), -np.log(num_classes))
    loss = -np.mean(log_probabilities[np.arange(batch_size), output])
    error = (np.exp(log_probabilities) - index2onehot(output, num_classes)) / batch_size
    return loss, error.T @ input, error.sum(axis=0, keepdims=True)

# %% M1 numpy-backpropagation cause=sign
# The error has the wrong sign: right class minus probabilities.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (indicator - probabilities) / num_examples
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


# %% M2 numpy-backpropagation cause=sum
# The average over the batch is missing.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = probabilities - indicator
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


# %% M3 numpy-backpropagation cause=factor
# Divides by the number of classes instead of the number of examples.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / probabilities.shape[1]
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


# %% M4 numpy-backpropagation cause=factor
# Divides by examples times classes.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / probabilities.size
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


# %% M5 numpy-backpropagation cause=factor
# Divides by 30, the batch size of the training cell.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / 30
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


# %% M6 numpy-backpropagation cause=factor
# Divides by the square root of the number of examples.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / np.sqrt(num_examples)
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


# %% M7 numpy-backpropagation cause=averaged-twice
# Averages in the error and again in the weight gradient.
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
            weight_gradient = error.T @ layer_inputs[n] / num_examples
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M8 numpy-backpropagation cause=no-derivative
# The derivative of the sigmoid is missing.
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
                error = error @ weight
        return gradients[::-1]


# %% M9 numpy-backpropagation cause=derivative
# Applies the sigmoid to the activation again before taking the derivative.
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
                s = 1 / (1 + np.exp(-a))
                error = (error @ weight) * s * (1 - s)
        return gradients[::-1]


# %% M10 numpy-backpropagation cause=derivative
# Derivative 1 - a instead of a (1 - a).
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
                error = (error @ weight) * (1 - a)
        return gradients[::-1]


# %% M11 numpy-backpropagation cause=derivative
# Derivative a instead of a (1 - a).
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
                error = (error @ weight) * a
        return gradients[::-1]


# %% M12 numpy-backpropagation cause=derivative
# Derivative of tanh, 1 - a^2.
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
                error = (error @ weight) * (1 - a**2)
        return gradients[::-1]


# %% M13 numpy-backpropagation cause=no-derivative
# Derivative of a ReLU from the activation: always one behind a sigmoid.
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
                error = (error @ weight) * (a > 0)
        return gradients[::-1]


# %% M14 numpy-backpropagation cause=derivative
# A constant 1/4, the derivative of the sigmoid at zero.
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
                error = (error @ weight) * 0.25
        return gradients[::-1]


# %% M15 numpy-backpropagation cause=sign
# The derivative is negated: a (a - 1).
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
                error = (error @ weight) * a * (a - 1)
        return gradients[::-1]


# %% M16 numpy-backpropagation cause=derivative
# One a too many: a^2 (1 - a).
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
                error = (error @ weight) * a * a * (1 - a)
        return gradients[::-1]


# %% M17 numpy-backpropagation cause=no-derivative
# The derivative is skipped on the way into the first hidden layer only.
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
                error = error @ weight
                if n > 1:
                    error = error * a * (1 - a)
        return gradients[::-1]


# %% M18 numpy-backpropagation cause=weights-transposed
# Transposes every weight that is square.
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
                if weight.shape[0] == weight.shape[1]:
                    weight = weight.T
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M19 numpy-backpropagation cause=bias-averaged
# The bias gradient is a mean of errors that are averaged already.
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
            bias_gradient = np.mean(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M20 numpy-backpropagation cause=zero
# The bias gradients are zero.
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
            bias_gradient = np.zeros_like(bias)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M21 numpy-backpropagation cause=bias-shape
# The bias gradient has shape (n,): no keepdims.
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
            bias_gradient = np.sum(error, axis=0)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M22 numpy-backpropagation cause=one-example
# The bias gradient is that of the first example alone.
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
            bias_gradient = error[:1]
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M23 numpy-backpropagation cause=zero
# Only the bias of the last layer gets a gradient.
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
            last = n == len(self.parameters) - 1
            bias_gradient = np.sum(error, axis=0, keepdims=True) if last else 0 * bias
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M24 numpy-backpropagation cause=zero
# Only the hidden biases get a gradient.
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
            last = n == len(self.parameters) - 1
            bias_gradient = 0 * bias if last else np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M25 numpy-backpropagation cause=bias-shape
# The bias gradient is a column, (n, 1).
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
            bias_gradient = np.sum(error.T, axis=1, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M26 numpy-backpropagation cause=bias-summed
# The bias gradient is one total for all units.
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
            bias_gradient = np.sum(error) * np.ones_like(bias)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M27 numpy-backpropagation cause=sign
# The bias gradient has the wrong sign.
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
            bias_gradient = -np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M28 numpy-backpropagation cause=onehot
# The columns of the indicator vectors are flipped.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator[:, ::-1]) / num_examples
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


# %% M29 numpy-backpropagation cause=no-onehot
# The indicator vectors are not subtracted.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = probabilities / num_examples
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


# %% M30 numpy-backpropagation cause=softmax-twice
# An extra p (1 - p) at the output.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        error = error * probabilities * (1 - probabilities)
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


# %% M31 numpy-backpropagation cause=log-probabilities
# Log-probabilities instead of probabilities.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = log_probabilities
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


# %% M32 numpy-backpropagation cause=argmax
# The predicted class instead of the probabilities.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        predicted = index2onehot(probabilities.argmax(axis=1), probabilities.shape[1])
        error = (predicted - indicator) / num_examples
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


# %% M33 numpy-backpropagation cause=true-class
# Only the right class of each example gets an error.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) * indicator / num_examples
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


# %% M34 numpy-backpropagation cause=factor
# A factor of two, as from a squared error.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = 2 * (probabilities - indicator) / num_examples
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


# %% M35 numpy-backpropagation cause=error-sign
# Only the sign of the error is used.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = np.sign(probabilities - indicator) / num_examples
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


# %% M36 numpy-backpropagation cause=zero
# The weight gradient of the first layer is zero.
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
            weight_gradient = error.T @ layer_inputs[n] if n > 0 else np.zeros_like(weight)
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M37 numpy-backpropagation cause=extra-term
# Adds weight decay of 1e-3.
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
            weight_gradient = error.T @ layer_inputs[n] + 1e-3 * weight
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M38 numpy-backpropagation cause=clipped
# Clips the gradients to +-0.05.
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
        return [[np.clip(g, -0.05, 0.05) for g in pair] for pair in gradients[::-1]]


# %% M39 numpy-backpropagation cause=precision
# Probabilities in float16.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities).astype(np.float16)
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


# %% M40 numpy-backpropagation cause=updates
# Makes the SGD step inside backpropagation.
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
        gradients = gradients[::-1]
        for layer, (weight_gradient, bias_gradient) in zip(self.parameters, gradients):
            layer[0] = layer[0] - self.learning_rate * weight_gradient
            layer[1] = layer[1] - self.learning_rate * bias_gradient
        return gradients


# %% M41 numpy-backpropagation cause=wrong-input,clobbered
# Turns the cached activation into the derivative in place, then multiplies with it.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        num_examples, num_classes = log_p.shape
        errors = [(np.exp(log_p) - index2onehot(output, num_classes)) / num_examples]
        for n in range(len(self.parameters) - 1, 0, -1):
            derivative = layer_inputs[n]
            derivative *= 1 - derivative
            errors.insert(0, np.dot(errors[0], self.parameters[n][0]) * derivative)
        return [
            [np.dot(error.T, entering), error.sum(axis=0, keepdims=True)]
            for error, entering in zip(errors, layer_inputs)
        ]


# %% M42 numpy-backpropagation cause=structure
# Written for one hidden layer: the third layer gets no gradient.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        error2 = (np.exp(log_p) - index2onehot(output, log_p.shape[1])) / len(input)
        hidden = layer_inputs[1]
        error1 = np.dot(error2, self.parameters[-1][0])
        if error1.shape[1] == hidden.shape[1]:
            error1 = error1 * hidden * (1 - hidden)
        return [
            [np.dot(error1.T, input), error1.sum(0, keepdims=True)],
            [np.dot(error2.T, layer_inputs[-1]), error2.sum(0, keepdims=True)],
        ]


# %% M43 numpy-backpropagation cause=error
# Written for two classes.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = np.zeros((num_examples, 2))
        indicator[np.arange(num_examples), output % 2] = 1
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


# %% M43b numpy-backpropagation cause=error
# Written for two classes: labels into a column of one minus and a column of plus.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = np.stack([1 - output, output], axis=1)
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


# %% M44 numpy-backpropagation cause=changes-input
# Normalises the input in place after the gradients are computed.
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
        input /= 1 + np.abs(input).max()
        return gradients[::-1]


# %% M45 numpy-backpropagation cause=stale
# Keeps the first gradients and returns them for ever.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        if hasattr(self, "cached"):
            return self.cached
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
        self.cached = gradients[::-1]
        return self.cached


# %% M46 numpy-backpropagation cause=accumulates
# Adds up the gradients of all calls.
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
        gradients = gradients[::-1]
        if not hasattr(self, "total"):
            self.total = [[np.zeros_like(array) for array in pair] for pair in gradients]
        for total, pair in zip(self.total, gradients):
            total[0] = total[0] + pair[0]
            total[1] = total[1] + pair[1]
        return [list(total) for total in self.total]


# %% M47 numpy-backpropagation cause=layer-order
# The layers come in reverse order.
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
        return gradients


# %% M48 numpy-backpropagation cause=error
# Propagates through the weights of layer n instead of n + 1.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        p = np.exp(log_p)
        num_examples, num_classes = p.shape
        num_layers = len(self.parameters)

        # Error at the last layer, then backwards through the hidden ones
        errors = [-(index2onehot(output, num_classes) - p) / num_examples]
        for n in range(num_layers - 2, -1, -1):
            error = np.dot(errors[0], self.parameters[n][0])
            z_tilde = layer_inputs[n + 1]
            error = error * z_tilde * (1 - z_tilde)
            errors.insert(0, error)

        gradients = []
        for n in range(num_layers):
            weight_gradient = np.zeros(self.parameters[n][0].shape)
            for m in range(num_examples):
                weight_gradient += np.outer(errors[n][m], layer_inputs[n][m])
            bias_gradient = np.sum(errors[n], axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
        return gradients


# %% M48b numpy-backpropagation cause=wrong-weights
# Propagates through the weights of layer n wherever the shapes allow.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        p = np.exp(log_p)
        num_examples, num_classes = p.shape
        num_layers = len(self.parameters)

        # Error at the last layer, then backwards through the hidden ones
        errors = [-(index2onehot(output, num_classes) - p) / num_examples]
        for n in range(num_layers - 2, -1, -1):
            weight = self.parameters[n + 1][0]
            if self.parameters[n][0].shape == weight.shape:
                weight = self.parameters[n][0]
            error = np.dot(errors[0], weight)
            z_tilde = layer_inputs[n + 1]
            error = error * z_tilde * (1 - z_tilde)
            errors.insert(0, error)

        gradients = []
        for n in range(num_layers):
            weight_gradient = np.zeros(self.parameters[n][0].shape)
            for m in range(num_examples):
                weight_gradient += np.outer(errors[n][m], layer_inputs[n][m])
            bias_gradient = np.sum(errors[n], axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
        return gradients


# %% M49 numpy-backpropagation cause=wrong-input
# The inputs of the layers are off by one: each gets the input of the next.
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
            weight_gradient = error.T @ layer_inputs[min(n + 1, len(layer_inputs) - 1)]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M49b numpy-backpropagation cause=wrong-input
# Multiplies with z, before the sigmoid, instead of what entered the layer.
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
            entering = layer_inputs[n]
            if n > 0:
                entering = layer_inputs[n - 1] @ self.parameters[n - 1][0].T + self.parameters[n - 1][1]
            weight_gradient = error.T @ entering
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M49c numpy-backpropagation cause=wrong-input
# Takes the input of the layer before, where it has as many units.
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
            entering = layer_inputs[n]
            if n > 0 and layer_inputs[n - 1].shape == entering.shape:
                entering = layer_inputs[n - 1]
            weight_gradient = error.T @ entering
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M50 numpy-backpropagation cause=updates
# Writes the gradients into the memory of the parameters and returns that.
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
        for layer, pair in zip(self.parameters, gradients[::-1]):
            layer[0][:], layer[1][:] = pair
        return self.parameters


# %% M50b numpy-backpropagation cause=parameter
# The bias itself in the place of its gradient.
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
            gradients.append([weight_gradient, bias])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% M51 numpy-backpropagation cause=structure
# A flat list: weight, bias, weight, bias.
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
        return [array for pair in gradients[::-1] for array in pair]


# %% M51b numpy-backpropagation cause=structure
# A dictionary by layer.
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
        return {n: pair for n, pair in enumerate(gradients[::-1])}


# %% M51c numpy-backpropagation cause=structure
# Returns gradients and loss.
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
        return gradients[::-1], self.cross_entropy_loss(input, output)


# %% M51d numpy-backpropagation cause=structure,shape
# Returns all weight gradients, then all bias gradients.
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
        gradients = gradients[::-1]
        return [pair[0] for pair in gradients], [pair[1] for pair in gradients]


# %% N1 numpy-backpropagation cause=factor
# Divides by the number of examples less one.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / max(num_examples - 1, 1)
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


# %% N2 numpy-backpropagation cause=factor
# Returns the gradients times the learning rate.
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
        return [[self.learning_rate * array for array in pair] for pair in gradients[::-1]]


# %% N3 numpy-backpropagation cause=factor
# Returns the step of SGD, minus the learning rate times the gradient.
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
        return [[-self.learning_rate * array for array in pair] for pair in gradients[::-1]]


# %% N4 numpy-backpropagation cause=factor
# Divides by the number of features of the input.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[1]
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


# %% N5 numpy-backpropagation cause=factor
# Divides by the number of layers.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = len(self.parameters)
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


# %% N6 numpy-backpropagation cause=averaged-twice,bias-averaged
# Averages the error once more at every hidden layer.
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
                error = (error @ weight) * a * (1 - a) / num_examples
        return gradients[::-1]


# %% N7 numpy-backpropagation cause=factor
# Divides the propagated error by the number of units.
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
                error = (error @ weight) * a * (1 - a) / weight.shape[0]
        return gradients[::-1]


# %% N8 numpy-backpropagation cause=factor
# Gradients are scaled to length one.
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
        return [[array / np.linalg.norm(array) for array in pair] for pair in gradients[::-1]]


# %% N9 numpy-backpropagation cause=bias-shape
# The bias gradient is summed over the units, not over the examples.
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
            bias_gradient = np.sum(error, axis=1, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N10 numpy-backpropagation cause=transposed
# The weight gradients are transposed, (in, out).
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
            weight_gradient = layer_inputs[n].T @ error
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N11 numpy-backpropagation cause=structure
# Each pair has the bias first.
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
            gradients.append([bias_gradient, weight_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N12 numpy-backpropagation cause=structure
# Forgets the return.
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
        gradients = gradients[::-1]


# %% N13 numpy-backpropagation cause=structure
# Returns the gradients of the last layer only.
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
        return gradients[:1]


# %% N14 numpy-backpropagation cause=structure
# Returns weight gradients without bias gradients.
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
            gradients.append(weight_gradient)
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N15 numpy-backpropagation cause=structure
# Leaves the first layer out.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        gradients = []
        for n in range(len(self.parameters) - 1, 0, -1):
            weight, bias = self.parameters[n]
            weight_gradient = error.T @ layer_inputs[n]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N16 numpy-backpropagation cause=structure
# Returns from inside the loop.
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
            return gradients
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)


# %% N17 numpy-backpropagation cause=type
# Gradients as Python lists, which update cannot multiply.
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
            gradients.append([weight_gradient.tolist(), bias_gradient.tolist()])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N18 numpy-backpropagation cause=none
# Missing parentheses: a * 1 - a.
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
                error = (error @ weight) * a * 1 - a
        return gradients[::-1]


# %% N19 numpy-backpropagation cause=derivative
# Derivative a (1 + a).
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
                error = (error @ weight) * a * (1 + a)
        return gradients[::-1]


# %% N20 numpy-backpropagation cause=derivative
# The derivative is taken twice: (a (1 - a))^2.
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
                derivative = a * (1 - a)
                error = derivative * (error @ weight) * derivative
        return gradients[::-1]


# %% N21 numpy-backpropagation cause=derivative
# Derivative of tanh, taken from z.
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
                previous_weight, previous_bias = self.parameters[n - 1]
                z = layer_inputs[n - 1] @ previous_weight.T + previous_bias
                error = (error @ weight) * (1 - np.tanh(z) ** 2)
        return gradients[::-1]


# %% N22 numpy-backpropagation cause=derivative
# z (1 - z), with z before the sigmoid.
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
                previous_weight, previous_bias = self.parameters[n - 1]
                z = layer_inputs[n - 1] @ previous_weight.T + previous_bias
                error = (error @ weight) * z * (1 - z)
        return gradients[::-1]


# %% N23 numpy-backpropagation cause=derivative
# Derivative of a ReLU, taken from z.
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
                previous_weight, previous_bias = self.parameters[n - 1]
                z = layer_inputs[n - 1] @ previous_weight.T + previous_bias
                error = (error @ weight) * (z > 0)
        return gradients[::-1]


# %% N24 numpy-backpropagation cause=no-derivative
# The derivative is skipped in the last hidden layer only.
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
                error = error @ weight
                if n < len(self.parameters) - 1:
                    error = error * a * (1 - a)
        return gradients[::-1]


# %% N25 numpy-backpropagation cause=error
# Takes the derivative from the last hidden layer for all of them.
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
                a = layer_inputs[-1]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N26 numpy-backpropagation cause=none
# Adds the derivative instead of multiplying with it.
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
                error = (error @ weight) + a * (1 - a)
        return gradients[::-1]


# %% N27 numpy-backpropagation cause=none
# The derivative is averaged over the batch first.
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
                error = (error @ weight) * np.mean(a * (1 - a), axis=0)
        return gradients[::-1]


# %% N28 numpy-backpropagation cause=onehot
# Its own predictions stand in for the labels.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(self.predict(input), probabilities.shape[1])
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


# %% N29 numpy-backpropagation cause=onehot
# Labels are off by one.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot((output - 1) % probabilities.shape[1], probabilities.shape[1])
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


# %% N30 numpy-backpropagation cause=onehot
# Labels are sorted, no longer in the order of the examples.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(np.sort(output), probabilities.shape[1])
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


# %% N31 numpy-backpropagation cause=onehot
# One-hot values are -1 and 1.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = 2 * index2onehot(output, probabilities.shape[1]) - 1
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


# %% N32 numpy-backpropagation cause=onehot
# The indicator vectors are added.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities + indicator) / num_examples
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


# %% N33 numpy-backpropagation cause=none
# Smooths the labels by a tenth.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = 0.9 * index2onehot(output, probabilities.shape[1]) + 0.1 / probabilities.shape[1]
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


# %% N34 numpy-backpropagation cause=absolute
# Absolute values of the error.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = np.abs(probabilities - indicator) / num_examples
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


# %% N35 numpy-backpropagation cause=misclassified
# Only misclassified examples count, as in a perceptron.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        error[probabilities.argmax(axis=1) == output] = 0
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


# %% N36 numpy-backpropagation cause=softmax-twice
# The whole Jacobian of the softmax is multiplied in once more.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        error = probabilities * (
            error - np.sum(error * probabilities, axis=1, keepdims=True)
        )
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


# %% N37 numpy-backpropagation cause=one-example
# Overwrites instead of adding up: the weight gradient of the last example.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        p = np.exp(log_p)
        num_examples, num_classes = p.shape
        num_layers = len(self.parameters)

        # Error at the last layer, then backwards through the hidden ones
        errors = [-(index2onehot(output, num_classes) - p) / num_examples]
        for n in range(num_layers - 2, -1, -1):
            error = np.dot(errors[0], self.parameters[n + 1][0])
            z_tilde = layer_inputs[n + 1]
            error = error * z_tilde * (1 - z_tilde)
            errors.insert(0, error)

        gradients = []
        for n in range(num_layers):
            weight_gradient = np.zeros(self.parameters[n][0].shape)
            for m in range(num_examples):
                weight_gradient = np.outer(errors[n][m], layer_inputs[n][m])
            bias_gradient = np.sum(errors[n], axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
        return gradients


# %% N38 numpy-backpropagation cause=missing-example
# The loop over examples stops one short.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_p, layer_inputs = self.log_forward(input)
        p = np.exp(log_p)
        num_examples, num_classes = p.shape
        num_layers = len(self.parameters)

        # Error at the last layer, then backwards through the hidden ones
        errors = [-(index2onehot(output, num_classes) - p) / num_examples]
        for n in range(num_layers - 2, -1, -1):
            error = np.dot(errors[0], self.parameters[n + 1][0])
            z_tilde = layer_inputs[n + 1]
            error = error * z_tilde * (1 - z_tilde)
            errors.insert(0, error)

        gradients = []
        for n in range(num_layers):
            weight_gradient = np.zeros(self.parameters[n][0].shape)
            for m in range(num_examples - 1):
                weight_gradient += np.outer(errors[n][m], layer_inputs[n][m])
            bias_gradient = np.sum(errors[n], axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
        return gradients


# %% N39 numpy-backpropagation cause=mean-outer
# The product of the mean error and the mean input.
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
            weight_gradient = np.outer(error.sum(axis=0), layer_inputs[n].mean(axis=0))
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N40 numpy-backpropagation cause=over-batch
# Normalises once more, over the batch.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        probabilities = probabilities / probabilities.sum(axis=0)
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


# %% N41 numpy-backpropagation cause=twice-softmax
# Takes a softmax of the probabilities.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        scores = np.exp(np.exp(log_probabilities))
        probabilities = scores / scores.sum(axis=1, keepdims=True)
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


# %% N42 numpy-backpropagation cause=no-bias
# Its own forward pass leaves the bias of the last layer out.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        layer_inputs = [input]
        for weight, bias in self.parameters[:-1]:
            layer_inputs.append(1 / (1 + np.exp(-(layer_inputs[-1] @ weight.T + bias))))
        z = layer_inputs[-1] @ self.parameters[-1][0].T
        p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
        error = (p - index2onehot(output, p.shape[1])) / len(input)
        gradients = []
        for (weight, _), entering in zip(self.parameters[::-1], layer_inputs[::-1]):
            gradients.insert(0, [error.T @ entering, error.sum(axis=0, keepdims=True)])
            error = (error @ weight) * entering * (1 - entering)
        return gradients


# %% N43 numpy-backpropagation cause=not-finite
# Its own softmax overflows for large values: no maximum subtracted.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        layer_inputs = [input]
        for weight, bias in self.parameters[:-1]:
            layer_inputs.append(1 / (1 + np.exp(-(layer_inputs[-1] @ weight.T + bias))))
        weight, bias = self.parameters[-1]
        scores = np.exp(layer_inputs[-1] @ weight.T + bias)
        p = scores / scores.sum(axis=1, keepdims=True)
        error = (p - index2onehot(output, p.shape[1])) / len(input)
        gradients = []
        for (weight, _), entering in zip(self.parameters[::-1], layer_inputs[::-1]):
            gradients.insert(0, [error.T @ entering, error.sum(axis=0, keepdims=True)])
            error = (error @ weight) * entering * (1 - entering)
        return gradients


# %% N44 numpy-backpropagation cause=none
# Its own forward pass has tanh in the hidden layers.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        layer_inputs = [input]
        for weight, bias in self.parameters[:-1]:
            layer_inputs.append(np.tanh(layer_inputs[-1] @ weight.T + bias))
        weight, bias = self.parameters[-1]
        z = layer_inputs[-1] @ weight.T + bias
        p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
        error = (p - index2onehot(output, p.shape[1])) / len(input)
        gradients = []
        for (weight, _), entering in zip(self.parameters[::-1], layer_inputs[::-1]):
            gradients.insert(0, [error.T @ entering, error.sum(axis=0, keepdims=True)])
            error = (error @ weight) * (1 - entering**2)
        return gradients


# %% N45 numpy-backpropagation cause=random
# Drops hidden units at random.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        layer_inputs = layer_inputs[:1] + [
            hidden * (np.random.rand(*hidden.shape) > 0.5) for hidden in layer_inputs[1:]
        ]
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


# %% N46 numpy-backpropagation cause=accumulates
# Adds momentum: nine tenths of the gradients of the call before.
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
        gradients = gradients[::-1]
        before = getattr(self, "velocity", [[0, 0]] * len(gradients))
        self.velocity = [
            [0.9 * old + new for old, new in zip(pair_before, pair)]
            for pair_before, pair in zip(before, gradients)
        ]
        return [list(pair) for pair in self.velocity]


# %% N47 numpy-backpropagation cause=precision
# Rounds the gradients to three digits after the point.
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
        return [[np.round(array, 3) for array in pair] for pair in gradients[::-1]]


# %% N48 numpy-backpropagation cause=changes-labels
# Sorts the labels it was given, after use.
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
        output.sort()
        return gradients[::-1]


# %% N49 numpy-backpropagation cause=stale
# Keeps the weights of the first call and propagates through those.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = (probabilities - indicator) / num_examples
        if not hasattr(self, "weights"):
            self.weights = [weight for weight, _ in self.parameters]
        gradients = []
        for n in reversed(range(len(self.parameters))):
            weight, bias = self.parameters[n]
            weight_gradient = error.T @ layer_inputs[n]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ self.weights[n]) * a * (1 - a)
        return gradients[::-1]


# %% N50 numpy-backpropagation cause=stale
# Keeps the forward pass of a batch: later parameters are not noticed.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        if not hasattr(self, "kept") or not np.array_equal(self.kept[0], input):
            self.kept = (input.copy(), self.log_forward(input))
        log_probabilities, layer_inputs = self.kept[1]
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


# %% N51 numpy-backpropagation cause=error
# Squeezes the error: wrong only for a batch of one example.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = index2onehot(output, probabilities.shape[1])
        error = np.squeeze(probabilities - indicator) / num_examples
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


# %% N52 numpy-backpropagation cause=error
# Indicator vectors as long as the batch, not as the number of classes.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.exp(log_probabilities)
        indicator = np.eye(num_examples)[output]
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


# %% N53 numpy-backpropagation cause=none
# Updates a layer before the error goes through its weights.
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
                moved = weight - self.learning_rate * weight_gradient
                error = (error @ moved) * a * (1 - a)
        return gradients[::-1]


# %% N54 numpy-backpropagation cause=factor
# Adds the gradient of the first layer twice.
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
        gradients[-1] = [2 * array for array in gradients[-1]]
        return gradients[::-1]


# %% N55 numpy-backpropagation cause=none
# The bias gradient is summed from the weight gradient.
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
            bias_gradient = np.sum(weight_gradient, axis=1).reshape(1, -1)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N56 numpy-backpropagation cause=mean-outer
# Every hidden layer sees the error of the batch's average example.
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
                error = np.repeat(error.mean(axis=0, keepdims=True), num_examples, axis=0)
        return gradients[::-1]


# %% N57 numpy-backpropagation cause=updates
# Sets the biases to zero before the forward pass.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        for layer in self.parameters:
            layer[1] = np.zeros_like(layer[1])
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


# %% N58 numpy-backpropagation cause=updates
# Turns the parameters into float32 on the way.
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
        self.parameters = [[array.astype(np.float32) for array in pair] for pair in self.parameters]
        return gradients[::-1]


# %% N59 numpy-backpropagation cause=sum
# The average over the batch is missing in the weight gradients alone.
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
            weight_gradient = num_examples * error.T @ layer_inputs[n]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N60 numpy-backpropagation cause=extra-term
# Adds weight decay to the biases.
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
            bias_gradient = np.sum(error, axis=0, keepdims=True) + 0.01 * bias
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N61 numpy-backpropagation cause=wrong-input,binary-input
# Multiplies with the sign of what entered the layer.
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
            weight_gradient = error.T @ np.sign(layer_inputs[n])
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N62 numpy-backpropagation cause=shape
# An elementwise product where products of all pairs are needed.
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
            weight_gradient = error.mean(axis=1, keepdims=True) * layer_inputs[n]
            bias_gradient = np.sum(error, axis=0, keepdims=True)
            gradients.append([weight_gradient, bias_gradient])
            if n > 0:
                a = layer_inputs[n]
                error = (error @ weight) * a * (1 - a)
        return gradients[::-1]


# %% N63 numpy-backpropagation cause=precision
# One-sided differences with a step of a tenth: too coarse.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        saved = self.parameters
        start = self.cross_entropy_loss(input, output)
        gradients = []
        for layer in range(len(saved)):
            pair = []
            for kind in (0, 1):
                gradient = np.zeros(saved[layer][kind].shape)
                for place in np.ndindex(gradient.shape):
                    moved = [[array.copy() for array in pair] for pair in saved]
                    moved[layer][kind][place] += 0.1
                    self.parameters = moved
                    gradient[place] = (self.cross_entropy_loss(input, output) - start) / 0.1
                pair.append(gradient)
            gradients.append(pair)
        self.parameters = saved
        return gradients


# %% N64 numpy-backpropagation cause=updates
# Differences of good accuracy, but the last parameters are never put back.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        gradients = []
        for pair in self.parameters:
            gradients.append([])
            for array in pair:
                gradient = np.zeros(array.shape)
                for place in np.ndindex(array.shape):
                    array[place] += 1e-5
                    above = self.cross_entropy_loss(input, output)
                    array[place] -= 2e-5
                    below = self.cross_entropy_loss(input, output)
                    gradient[place] = (above - below) / 2e-5
                gradients[-1].append(gradient)
        return gradients


# %% N65 numpy-backpropagation cause=precision
# Keeps probabilities within 1 % and 99 %: wrong only where a class is sure.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        num_examples = input.shape[0]
        probabilities = np.clip(np.exp(log_probabilities), 0.01, 0.99)
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


# %% N66 numpy-backpropagation cause=zero
# Prepares the list of zeros and never fills it.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(input)
        gradients = []
        for weight, bias in self.parameters:
            gradients.append([np.zeros(weight.shape), np.zeros(bias.shape)])
        return gradients


# %% N67 numpy-backpropagation cause=error
# A misspelt name.
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        log_probabilities, layer_inputs = self.log_forward(inputs)
        error = (np.exp(log_probabilities) - index2onehot(output, self.geometry[-1])) / len(output)
        return [[error.T @ layer_inputs[-1], error.sum(axis=0, keepdims=True)]]

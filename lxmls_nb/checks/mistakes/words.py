"""Known mistakes: a key that tests refer to, and the words a student reads."""

from __future__ import annotations

#: What a failed check suggests, by key. Braces are filled in by the verdict.
CAUSES = {
    # how a batch is averaged
    "sign": "the sign is opposite: is it subtracted where it should be added, or the error "
    "turned around?",
    "sum": "it is {factor} times the numerical one, and the batch has {factor} examples: is the "
    "average over the batch missing?",
    "averaged-twice": "it is {factor} times too small, and the batch has {factor} examples: is it "
    "averaged over the batch twice?",
    "factor": "it is {factor:.4g} times the numerical one, everywhere: what is it divided by? It "
    "should be the size of this batch, {batch}, once",
    "one-example": "it is the gradient of a single example: are the others overwritten or left "
    "out?",
    "missing-example": "an example of the batch seems to be left out",
    "mean-outer": "it is the product of averages: it should be the average of the products, "
    "example by example",
    # the error at the output
    "no-onehot": "the indicator vectors of the right classes seem not to be subtracted",
    "onehot": "the indicator vectors seem to mark the wrong classes",
    "softmax-twice": "the derivative of the softmax seems to be multiplied in once more: the error "
    "at the output already has it",
    "log-probabilities": "log-probabilities seem to be used where probabilities are needed",
    "argmax": "the predicted class seems to be used where the probabilities are needed",
    "absolute": "absolute values of the error seem to be used",
    "misclassified": "only misclassified examples seem to get an error: all examples do",
    "true-class": "only the right class of each example seems to get an error: all classes do",
    "error-sign": "only the sign of the error seems to be used",
    # hidden layers
    "no-derivative": "the derivative of the sigmoid seems to be missing",
    "derivative": "the derivative of the sigmoid seems to be wrong; with a the activation, the "
    "numbers look like {shape}",
    "wrong-weights": "the error seems to be propagated through the wrong layer's weights",
    "wrong-input": "it seems to be multiplied with the input of another layer",
    "binary-input": "the input seems to be made binary, or cut down to its sign",
    "parameter": "it is the parameter itself",
    "stepped": "it looks like the parameter after a step of SGD: return the gradient alone",
    "clobbered": "the activations seem to be changed before they are used here",
    "transposed": "it looks transposed",
    "weights-transposed": "a weight matrix seems to be transposed on the way: only where it is "
    "square does that pass unnoticed",
    "layer-order": "the layers are in reverse order: the first layer comes first",
    "zero": "it is zero everywhere",
    # biases
    "bias-averaged": "it is {factor} times too small: is it averaged over the batch once too "
    "often? The error already is",
    "bias-summed": "every unit has the same value: is it summed over the units too?",
    "bias-shape": "a bias gradient has the shape of the bias, one row: (1, {size})",
    # side effects
    "accumulates": "gradients seem to be summed over calls: start from zero in each",
    "stale": "something seems to be kept from one call to the next; it should depend on the "
    "arguments and parameters of this call alone",
    "updates": "the parameters are changed; here they are only read",
    "aliases": "the result shares memory with the parameters: return new arrays",
    "changes-input": "the input is changed; work on a copy",
    "changes-labels": "the labels are changed; work on a copy",
    # forms
    "triple": "three things are expected, in this order: the loss, the weight gradient, the bias "
    "gradient",
    "structure": "a list with a pair [weight gradient, bias gradient] for each layer is expected",
    "shape": "the shape is wrong",
    "type": "it is of the wrong type",
    "error": "an error was raised",
    "not-finite": "there are values that are not finite: is the softmax computed from large "
    "exponentials?",
    "extra-term": "a multiple of the parameters seems to be added to it, as in weight decay",
    "clipped": "large or small values seem to be cut off",
    "precision": "it is nearly right, within 2 %: is something small added, left out, cut off or "
    "rounded?",
    # losses and outputs
    "loss-sign": "the loss is negative: it is minus the mean log-probability",
    "loss-sum": "it is {factor} times the mean: is the average over the batch missing?",
    "loss-average": "it is off by a constant factor, {factor:.4g}: it should be averaged over the "
    "batch alone",
    "loss-base": "it is in bits, not nats: use the natural logarithm",
    "loss-entropy": "it is the entropy of the predictions: only the right class of each example "
    "counts",
    "loss-other-class": "the probability of another class than the right one seems to be picked",
    "loss-exp": "it is the exponential of the loss, known as perplexity",
    "loss-median": "it is the median over the batch, not the mean",
    "loss-one-example": "it is the loss of a single example",
    "loss-pairs": "it seems to mix examples: pick the probability of each example's own class",
    "loss-no-log": "the logarithm seems to be missing",
    "loss-all-classes": "the log-probabilities of all classes seem to be summed: only that of the "
    "right class counts",
    "loss-squares": "it is a squared error, not a cross-entropy",
    "loss-accuracy": "it is an accuracy, not a cross-entropy",
    "probabilities": "these are probabilities where log-probabilities are expected",
    "logits": "these are the values before the softmax: normalise them",
    "over-batch": "the softmax is taken over the batch, not over the classes: check the axis",
    "over-all": "the softmax is taken over everything: it should be over the classes of each "
    "example",
    "twice-softmax": "the softmax seems to be taken twice",
    "not-softmax": "the probabilities look like {shape}; a softmax over the classes is expected",
    "uniform": "all classes seem to get the same probability, whatever the weights",
    "reshaped": "the weight seems to be reshaped where it should be transposed",
    "negated": "the sign is opposite: log-probabilities are never positive",
    "not-log-probabilities": "these are no log-probabilities: the exponentials of a row should add "
    "up to one",
    "tensor": "a tensor is expected, with the graph that leads to it",
    "no-bias": "a bias seems to be left out",
    "bias-twice": "a bias seems to be added twice",
    "bias-subtracted": "the bias seems to be subtracted",
    "output-activation": "the last layer seems to go through the hidden non-linearity too",
    "no-activation": "the hidden layers seem to have no non-linearity",
    "activation": "the hidden non-linearity looks like {shape}; a sigmoid is expected",
    "num-layers": "the number of layers seems to be fixed: go over all of `self.parameters`",
    "own-parameters": "the output does not depend on the parameters as they are now",
    "random": "a second call on the same input gives something else: is something kept between "
    "calls, or drawn at random?",
    # PyTorch training
    "cut": "no gradient reaches the parameters: .detach(), .data, .numpy(), torch.no_grad() or a "
    "new tensor made from them cuts the graph",
    "partly-cut": "no gradient reaches the {what}: it plays no part in the output, or is cut off "
    "from it",
    "not-moving": "the parameters do not move: are gradients zeroed before the step, or is a copy "
    "updated?",
    "partly-moving": "the {what} does not move",
    "not-zeroed": "the {what} of earlier steps are added to this one's: zero them before each "
    "backward()",
    "momentum": "a share of earlier gradients seems to be added, as with momentum: use the "
    "optimizer that is passed",
    "ascent": "the parameters move in the wrong direction: the loss goes up",
    "double-step": "the step is {factor:.4g} times as long as the optimizer's learning rate, "
    "{rate:g}, and the mean loss ask for",
    "module": "`LogLinear` is not right yet",
    "optimizer": "the optimizer that is passed seems not to be the one that makes the step",
    "return": "a plain float, the loss before the step, is expected",
    "global-state": "PyTorch's global state is changed: {what}",
    "parameters": "the module has exactly two parameters, of shape (K, I) and of K elements",
    # questions
    "answer": "not so",
}

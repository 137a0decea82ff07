"""From an error of Python or PyTorch to the mistake behind it."""

from __future__ import annotations

import pytest

from lxmls_nb.checks.mistakes.torch_errors import name_error
from lxmls_nb.checks.mistakes.torch_shapes import Raised

#: Messages of several versions of PyTorch, the student's line, and the mistake.
ERRORS = [
    ("mat1 and mat2 shapes cannot be multiplied (7x6 and 5x6)", "x @ w", "not-transposed"),
    ("mat1 and mat2 shapes cannot be multiplied (5x6 and 7x6)", "w @ x", "not-transposed"),
    ("mat1 and mat2 shapes cannot be multiplied (7x3 and 5x3)", "x @ w.T", "wrong-layer"),
    ("mat1 and mat2 shapes cannot be multiplied (6x7 and 6x5)", "x.T @ w.T", "product-shapes"),
    (
        "The size of tensor a (3) must match the size of tensor b (7) at non-singleton dimension 1",
        "z - torch.logsumexp(z, dim=1)",
        "keepdim",
    ),
    (
        "The size of tensor a (5) must match the size of tensor b (3) at non-singleton dimension 1",
        "x @ weight.T + bias",
        "element-shapes",
    ),
    ("expected m1 and m2 to have the same dtype, but got: double != float", "", "mixed-types"),
    ("mat1 and mat2 must have the same dtype, but got Double and Float", "", "mixed-types"),
    ("expected scalar type Float but found Double", "", "mixed-types"),
    ("expected scalar type Long but found Float", "", "labels-type"),
    ("expected target dtype to be Long or Byte, but got Float", "", "labels-type"),
    (
        "\"nll_loss_out_frame\" not implemented for 'Int'",
        "",
        "labels-type",
    ),
    ("0D or 1D target tensor expected, multi-target not supported", "", "labels-shape"),
    ("Target 3 is out of bounds.", "", "labels-range"),
    ("Expected input batch_size (1) to match target batch_size (7).", "", "batch-sizes"),
    (
        "linear(): argument 'input' (position 1) must be Tensor, not numpy.ndarray",
        "",
        "not-a-tensor",
    ),
    (
        "sigmoid(): argument 'input' (position 1) must be Tensor, not Linear",
        "",
        "class-as-function",
    ),
    (
        "element 0 of tensors does not require grad and does not have a grad_fn",
        "loss.backward()",
        "loss-cut",
    ),
    ("'float' object has no attribute 'backward'", "loss.backward()", "loss-no-tensor"),
    ("'LogLinear' object has no attribute 'backward'", "model.backward()", "loss-no-tensor"),
    (
        "Linear.__init__() missing 1 required positional argument: 'out_features'",
        "torch.nn.Linear(input_size)",
        "layer-sizes",
    ),
    ("'NoneType' object has no attribute 'zero_'", "p.grad.zero_()", "no-gradient-yet"),
    ("'LogLinear' object has no attribute '_parameters'", "", "super-init"),
    ("LogLinear.forward() takes 1 positional argument but 2 were given", "", "self-missing"),
    (
        "LogLinear.forward() takes 2 positional arguments but 3 were given",
        "model(input, output)",
        "argument-count",
    ),
    (
        "Sigmoid.__init__() takes 1 positional argument but 2 were given",
        "nn.Sigmoid(x)",
        "class-as-function",
    ),
    (
        "0D or 1D target tensor expected, multi-target not supported",
        "loss = nll_loss(output, output.long())",
        "not-the-labels",
    ),
    ("expected np.ndarray (got Tensor)", "torch.from_numpy(input).float()", "already-tensor"),
    ("expected np.ndarray (got Tensor)", "torch.from_numpy(output).long()", "not-the-labels"),
    (
        "For 1D input, 1D target must have size 1, but got target size: 7",
        "loss = nll_loss(predicted, output)",
        "loss-of-predictions",
    ),
    (
        "Index tensor must have the same number of dimensions as input tensor",
        "loss = -log_p.gather(1, output).mean()",
        "gather-column",
    ),
    (
        "Index tensor must have the same number of dimensions as input tensor",
        "loss = -log_p.mean(0).gather(0, output.unsqueeze(1)).mean()",
        None,
    ),
    ("Torch not compiled with CUDA enabled", "input = torch.tensor(input).cuda()", "no-device"),
    ("'LogLinear' object has no attribute 'device'", "x.to(model.device)", "no-device"),
    ("a Tensor with 7 elements cannot be converted to Scalar", "h.item() > loss", "single-number"),
    (
        "a Tensor with 7 elements cannot be converted to Scalar",
        "loss_of(h, y).item()",
        "loss-array",
    ),
    ("invalid index of a 0-dim tensor", "x = weight.sum()[0]  # of the loss", None),
    ("Boolean value of Tensor with more than one value is ambiguous", "if z > max(0, 1):", None),
    (
        "Dimension out of range (expected to be in range of [-1, 0], but got 1)",
        "picked = torch.max(output, 1)",
        "not-the-labels",
    ),
    (
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
        "picked = torch.max(output, 2)",
        "dimension",
    ),
    ("a Tensor with 21 elements cannot be converted to Scalar", "z.item()", "single-number"),
    ("a Tensor with 7 elements cannot be converted to Scalar", "loss.item()", "loss-array"),
    (
        "only one element tensors can be converted to Python scalars",
        "1 / (1 + math.exp(-z))",
        "python-function",
    ),
    ("Boolean value of Tensor with more than one value is ambiguous", "max(z)", "python-function"),
    ("'dim' is an invalid keyword argument for sum()", "sum(z, dim=1)", "python-function"),
    ("invalid index of a 0-dim tensor", "return loss.data[0]", "loss-as-float"),
    (
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
        "return loss.numpy()",
        "loss-as-float",
    ),
    ("Can't call numpy() on Tensor that requires grad.", "np.exp(z)", "numpy-of-tensor"),
    ("maximum recursion depth exceeded", "self(input)", "endless"),
    ("name 'F' is not defined", "F.relu(x)", "not-defined"),
]


@pytest.mark.parametrize(("message", "code", "key"), ERRORS)
def test_errors_are_named(message, code, key):
    line = f"line 3: {code}" if code else ""
    found = name_error(Raised("RuntimeError", message, line, [6, 5, 3], 7))
    assert (found and found.mistake.key) == key
    assert found is None or "{" not in found.sentence()


@pytest.mark.parametrize(
    ("message", "told", "not_told"),
    [
        ("argument 'target' (position 2) must be Tensor, not numpy.ndarray", "int64", "float32"),
        ("argument 'input' (position 1) must be Tensor, not numpy.ndarray", "float32", "int64"),
        ("mat1 and mat2 must have the same dtype, but got Long and Float", "int64", "NumPy"),
        ("mat1 and mat2 must have the same dtype, but got Double and Float", "NumPy", "int64"),
        ("'LogLinear' object has no attribute 'backward'", "on a `LogLinear`", "number"),
        ("'float' object has no attribute 'backward'", "plain number (float)", "on a"),
    ],
)
def test_the_words_fit_what_was_found(message, told, not_told):
    found = name_error(Raised("RuntimeError", message, "line 1: x", [6, 5, 3], 7))
    assert found is not None
    start = found.sentence().partition("call `backward()` on the loss")[0]
    assert told in start
    assert not_told not in start


def test_an_error_that_is_not_known_has_no_name():
    assert name_error(Raised("RuntimeError", "the disk is full", "line 1: x", [6, 5, 3], 7)) is None


def test_both_shapes_and_the_sizes_are_told():
    message = "mat1 and mat2 shapes cannot be multiplied (6x7 and 6x5)"
    found = name_error(Raised("RuntimeError", message, "line 1: x", [6, 5, 3], 7))
    assert found is not None
    for text in ("(6, 7) and (6, 5)", "7 columns meet 6 rows", "(5, 6), (3, 5)", "input (7, 6)"):
        assert text in found.sentence()
    assert "transpose" not in found.sentence()

"""Checks of the forward passes of Exercises 2.3 and 2.4, beyond what the catalogue shows."""

from __future__ import annotations

import pytest

from lxmls_nb import checks
from tests.support.course import definitions


def network(change):
    """Return the reference network with its log-probabilities changed."""

    class Changed(definitions("exercise_2_4")["MyPytorchMLP"]):
        def log_forward(self, input):
            return change(self, super().log_forward(input))

    return Changed


@pytest.mark.parametrize(
    ("wrong_where", "geometry", "batch_size", "words"),
    [
        (lambda model, z: len(model.parameters) == 4, [5, 6, 4, 3, 2], 7, "wrong with 3"),
        (lambda model, z: model.geometry[0] == model.geometry[1], [4, 4, 3], 7, "are equal"),
        (lambda model, z: len(z) == 1, [6, 5, 3], 1, "right with 7 examples"),
        (lambda model, z: z.shape[1] == 2, [6, 5, 2], 7, "right with 3 classes"),
    ],
)
def test_what_a_network_is_right_on_tells_what_is_wrong(wrong_where, geometry, batch_size, words):
    import torch

    answer = network(
        lambda model, z: torch.log_softmax(z * z, dim=1) if wrong_where(model, z) else z
    )
    with pytest.raises(checks.CheckFailed, match=words) as failure:
        checks.log_forward(answer, geometry=geometry, batch_size=batch_size)
    assert "off by up to" in str(failure.value)


def test_a_contrast_is_told_where_one_example_is_too_few_for_a_name():
    import torch

    answer = network(
        lambda model, z: (
            torch.log_softmax(z * z, dim=1) if model.geometry[0] == model.geometry[1] else z
        )
    )
    with pytest.raises(checks.CheckFailed, match=r"7 examples.*are equal") as failure:
        checks.gradient_flow(answer, geometry=[4, 4, 2], batch_size=1)
    assert failure.value.cause == "square-weights"


def test_a_network_that_is_wrong_everywhere_has_no_contrast():
    import torch

    answer = network(lambda model, z: torch.log_softmax(z * z, dim=1))
    with pytest.raises(checks.CheckFailed, match=r"off by up to \d+ % of the largest value\.$"):
        checks.log_forward(answer, geometry=[5, 4, 4, 3])


@pytest.mark.parametrize("change", ["default dtype", "gradients enabled"])
def test_the_global_state_is_put_back_after_an_error_too(change):
    import torch

    def fail(model, z):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        raise RuntimeError("after that")

    with pytest.raises(checks.CheckFailed, match="after that"):
        checks.log_forward(network(fail), geometry=[3, 2])
    state = {
        "default dtype": torch.get_default_dtype() == torch.float32,
        "gradients enabled": torch.is_grad_enabled(),
    }
    assert state[change]


def cause_of(answer, **options):
    with pytest.raises(checks.CheckFailed) as caught:
        checks.log_forward(answer, geometry=[6, 5, 3], **options)
    return caught.value.cause


def test_an_input_that_is_kept_is_told():
    class Keeps(definitions("exercise_2_4")["MyPytorchMLP"]):
        def log_forward(self, input):
            self.kept = getattr(self, "kept", input)
            return super().log_forward(self.kept)

    assert cause_of(Keeps) == "kept-batch"
    assert cause_of(Keeps, batch_size=1) == "kept-batch"


def test_nothing_is_said_to_be_kept_of_a_batch_that_is_wrong_itself():
    """Of one example, both have the same output on any batch, or the same number of rows."""
    bias_alone = network(
        lambda model, z: (z - z.mean(dim=0) + model.parameters[-1][1]).log_softmax(dim=1)
    )
    assert cause_of(bias_alone, batch_size=1) != "kept-batch"
    transposed = network(lambda model, z: z.log_softmax(dim=1).T)
    assert cause_of(transposed, batch_size=1) == "transposed"


def test_an_output_that_is_the_same_everywhere_comes_from_no_other_parameters():
    uniform = network(lambda model, z: (z - z.max(dim=0).values).log_softmax(dim=1))
    assert cause_of(uniform, batch_size=1) != "own-parameters"


def test_probabilities_of_large_logits_are_told_as_such_whatever_else_is_wrong():
    squared = network(lambda model, z: (z * z).softmax(dim=1))
    assert cause_of(squared, scale=1000.0) == "probabilities"


def test_logits_that_are_divided_still_add_up_to_one():
    divided = network(lambda model, z: (z / 2.3).log_softmax(dim=1))
    assert cause_of(divided, scale=1000.0) is None


def test_a_method_of_the_students_own_called_eval_is_not_called():
    class WithMethod(definitions("exercise_2_3")["LogLinear"]):
        def eval(self, input, output):
            raise AssertionError("the check calls it")

    checks.log_linear_module(WithMethod)


def test_gradients_of_small_sigmoids_are_compared_by_their_own_size():
    """A sigmoid computed as what is left of one is right, and one that is cut off is not."""
    import torch

    class LeftOfOne(definitions("exercise_2_4")["MyPytorchMLP"]):
        sigmoid = staticmethod(lambda z: 1 - 1 / (1 + torch.exp(z)))

        def log_forward(self, input):
            x = self.to_tensor(input)
            for weight, bias in self.parameters[:-1]:
                x = self.sigmoid(x @ weight.T + bias)
            weight, bias = self.parameters[-1]
            return torch.log_softmax(x @ weight.T + bias, dim=1)

    class CutOff(LeftOfOne):
        sigmoid = staticmethod(lambda z: torch.sigmoid(z.clamp(-11, 11)))

    checks.gradient_flow(LeftOfOne, geometry=[5, 7, 6, 3])
    with pytest.raises(checks.CheckFailed, match="is 0 times what is right") as failure:
        checks.gradient_flow(CutOff, geometry=[5, 7, 6, 3])
    assert failure.value.cause == "sigmoid-cut-off"

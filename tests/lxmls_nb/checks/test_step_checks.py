"""The check of a training step: what is the step's fault, and what the module's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks.long_gradients import LARGEST, with_long_gradient
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.probes.course_module import course_module
from lxmls_nb.checks.problems import forward, make_problem
from tests.support.course import definitions


@pytest.fixture
def names():
    return dict(definitions("exercise_2_3"))


def wrong_modules(right):
    import torch

    class Logits(right):
        def forward(self, input):
            return self.linear(input)

    class Cut(right):
        def forward(self, input):
            return super().forward(input).detach()

    class NoBias(torch.nn.Module):
        def __init__(self, input_size, num_classes):
            super().__init__()
            self.linear = torch.nn.Linear(input_size, num_classes, bias=False)

    class Unwritten(torch.nn.Module):
        def __init__(self, input_size, num_classes):
            raise NotImplementedError("not attempted yet")

    class Broken(right):
        def forward(self, input):
            return self.linear(input.T)

    return [Logits, Cut, NoBias, Unwritten, Broken]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("steps", [1, 3])
def test_a_right_step_has_its_points_whatever_the_module(names, number, steps, capsys):
    module = wrong_modules(names["LogLinear"])[number]
    checks.training_step(names["training_step"], module, steps=steps)
    assert "a model of the course, as `LogLinear` is not right yet" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_step_that_makes_up_for_its_module_is_right(names, capsys):
    import torch

    class Probabilities(names["LogLinear"]):
        def forward(self, input):
            return super().forward(input).exp()

    def step(model, optimizer, input, output):
        optimizer.zero_grad()
        input, output = torch.tensor(input).float(), torch.tensor(output)
        loss = torch.nn.functional.nll_loss(torch.log(model(input)), output)
        loss.backward()
        optimizer.step()
        return loss.item()

    checks.training_step(step, Probabilities, steps=3)
    assert "course" not in capsys.readouterr().out


def test_of_a_wrong_step_and_a_wrong_module_the_step_is_named(names):
    def step(model, optimizer, input, output):
        optimizer.zero_grad = lambda: None
        return names["training_step"](model, optimizer, input, output)

    with pytest.raises(checks.CheckFailed, match="earlier steps are added") as failure:
        checks.training_step(step, wrong_modules(names["LogLinear"])[0], steps=2)
    assert failure.value.cause == "not-zeroed"


def test_a_step_that_needs_the_names_of_its_wrong_module_is_told_so(names):
    def step(model, optimizer, input, output):
        assert model.linear is not None
        return names["training_step"](model, optimizer, input, output)

    with pytest.raises(checks.CheckFailed, match="`LogLinear` is not right yet") as failure:
        checks.training_step(step, wrong_modules(names["LogLinear"])[0])
    assert failure.value.cause == "module"


def test_an_unwritten_step_is_not_attempted(names):
    def step(model, optimizer, input, output):
        raise NotImplementedError("not attempted yet")

    for module in (names["LogLinear"], wrong_modules(names["LogLinear"])[3]):
        with pytest.raises(checks.NotAttempted, match="write `training_step`"):
            checks.training_step(step, module)


def test_a_step_that_differs_each_time_is_told_so(names):
    """And no mistake is named that its loss fits by chance."""

    def step(model, optimizer, input, output):
        model.linear.reset_parameters()
        loss = names["training_step"](model, optimizer, input, output)
        right_class = forward(make_problem([5, 3], 7)).log_probabilities.max(axis=1)
        return float(-right_class.mean()) if next(calls) == 0 else loss

    calls = itertools.count()
    with pytest.raises(checks.CheckFailed, match="A second call with the same") as failure:
        checks.training_step(step, names["LogLinear"])
    assert failure.value.cause == "random"


@pytest.mark.parametrize("kind", [float, np.float32, np.float64])
def test_a_number_of_numpy_is_a_loss_and_an_array_is_none(names, kind):
    def step(model, optimizer, input, output):
        return make(names["training_step"](model, optimizer, input, output))

    make = kind
    checks.training_step(step, names["LogLinear"])
    make = np.asarray
    with pytest.raises(checks.CheckFailed, match="an array of no dimension") as failure:
        checks.training_step(step, names["LogLinear"])
    assert failure.value.cause == "return"


@pytest.mark.parametrize("beyond", [0, 2])
def test_an_error_names_the_step_that_it_was_raised_in(names, beyond):
    def step(model, optimizer, input, output):
        if len(output) > 7 and beyond == 0:
            raise ArithmeticError("too many")
        loss = names["training_step"](model, optimizer, input, output)
        if beyond and float(model.linear.weight.grad.abs().max()) > beyond:
            raise ArithmeticError
        return loss

    with pytest.raises(checks.CheckFailed) as failure:
        checks.training_step(step, names["LogLinear"], steps=2)
    where = "7 examples with a long gradient" if beyond else "8 examples"
    told = "" if beyond else ": too many"
    raised = f"`training_step` (5 features, 3 classes, {where}) raised ArithmeticError{told}"
    assert str(failure.value) == raised


@pytest.mark.parametrize("kind", [float, np.float32, np.asarray])
def test_a_mistake_in_the_loss_is_named_whatever_number_it_is(names, kind):
    def step(model, optimizer, input, output):
        return kind(len(output) * names["training_step"](model, optimizer, input, output))

    with pytest.raises(checks.CheckFailed, match="average over the batch missing") as failure:
        checks.training_step(step, names["LogLinear"])
    assert failure.value.cause == "loss-sum"


def test_a_loss_that_differs_each_time_is_told_so(names):
    def step(model, optimizer, input, output):
        return names["training_step"](model, optimizer, input, output) + next(calls) / 7

    calls = itertools.count(1)
    with pytest.raises(checks.CheckFailed, match="A second call with the same") as failure:
        checks.training_step(step, names["LogLinear"])
    assert failure.value.cause == "random"


def test_a_mistake_in_the_loss_of_a_later_step_is_named_with_what_the_answer_keeps(names):
    """What it keeps on the model shows where the earlier steps are made, too."""

    def step(model, optimizer, input, output):
        loss = names["training_step"](model, optimizer, input, output)
        model.losses = [*getattr(model, "losses", []), loss]
        return -loss if len(model.losses) == 2 else loss

    with pytest.raises(checks.CheckFailed, match="step 2 made the right step") as failure:
        checks.training_step(step, names["LogLinear"], steps=3)
    assert failure.value.cause == "loss-sign"


def test_a_history_is_not_taken_for_a_mistake_of_one_step(names):
    def step(model, optimizer, input, output):
        loss = names["training_step"](model, optimizer, input, output)
        model.losses = [*getattr(model, "losses", []), loss]
        return float(np.mean(model.losses))

    with pytest.raises(checks.CheckFailed, match="step 2 made the right step") as failure:
        checks.training_step(step, names["LogLinear"], steps=3, seed=2)
    assert failure.value.cause in (None, "precision")


class TestTheModelOfTheCourse:
    def test_it_gives_log_probabilities(self):
        import torch

        problem = make_problem([5, 3], 7)
        model = course_module(*problem.parameters[0])
        found = model(torch.tensor(problem.input, dtype=torch.float32)).detach().numpy()
        assert np.allclose(found, forward(problem).log_probabilities, atol=1e-5)

    def test_it_is_no_answer_to_the_exercise(self):
        def answer(input_size, num_classes):
            return course_module(np.zeros((num_classes, input_size)), np.zeros((1, num_classes)))

        with pytest.raises(checks.CheckFailed, match="parameters of shapes"):
            checks.log_linear_module(answer)


def clipping(right, cut):
    """Return a training step that does something with the gradients before the step."""

    def step(model, optimizer, input, output):
        def before(*_):
            cut(list(model.parameters()))

        optimizer.register_step_pre_hook(before)
        return right(model, optimizer, input, output)

    return step


@pytest.mark.parametrize("kind", ["norm", "value", "none"])
def test_a_gradient_that_is_cut_only_where_it_is_long_is_seen_in_several_steps(names, kind):
    import torch

    cut = {
        "norm": lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, 5.0),
        "value": lambda parameters: torch.nn.utils.clip_grad_value_(parameters, 5.0),
        "none": lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, float("inf")),
    }[kind]
    step = clipping(names["training_step"], cut)
    checks.training_step(step, names["LogLinear"])
    if kind == "none":
        checks.training_step(step, names["LogLinear"], steps=3)
        return
    with pytest.raises(checks.CheckFailed, match=r"a long gradient.* a further step") as caught:
        checks.training_step(step, names["LogLinear"], steps=3)
    assert caught.value.cause == {"norm": "step-cut", "value": "clipped"}[kind]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("geometry", [[5, 3], [4, 5], [3, 2]])
def test_a_long_gradient_is_long_and_the_loss_is_that_of_the_ordinary_problem(seed, geometry):
    ordinary = make_problem(geometry, 7, seed=seed)
    problem = with_long_gradient(ordinary)
    assert np.allclose(forward(problem).linear[-1], forward(ordinary).linear[-1])
    found, right = numerical_gradients(problem)[0], numerical_gradients(ordinary)[0]
    assert np.isclose(np.abs(found[0]).max(), LARGEST)
    factor = LARGEST / np.abs(right[0]).max()
    for array, other in zip(found, [right[0] * factor, right[1]], strict=True):
        assert np.abs(array - other).max() < 1e-8 * np.abs(other).max()


def test_a_step_that_is_wrong_for_a_single_example_is_right_in_several_steps(names):
    def step(model, optimizer, input, output):
        if len(output) == 1:
            raise ValueError("not enough examples")
        return names["training_step"](model, optimizer, input, output)

    checks.training_step(step, names["LogLinear"], steps=3)
    with pytest.raises(checks.CheckFailed, match="and wrong with one"):
        checks.training_step(step, names["LogLinear"], batch_size=1)


@pytest.mark.parametrize("kind", ["added", "cut"])
def test_a_module_that_is_wrong_where_logits_are_large_is_for_its_own_check(names, kind, capsys):
    import torch

    class Rough(names["LogLinear"]):
        def forward(self, input):
            if kind == "cut":
                return super().forward(input).clamp(min=-20)
            return torch.log(torch.softmax(self.linear(input), dim=1) + 1e-10)

    checks.training_step(names["training_step"], Rough, steps=3)
    assert "a model of the course" not in " ".join(capsys.readouterr().out.split())

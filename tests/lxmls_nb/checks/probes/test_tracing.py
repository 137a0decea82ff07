"""What is recorded of a training step."""

from __future__ import annotations

import copy

import pytest

from lxmls_nb.checks.probes.tracing import only_named, traced


@pytest.fixture
def training():
    import torch

    model = torch.nn.Linear(3, 2)
    return model, torch.optim.SGD(model.parameters(), lr=0.1), torch.ones(4, 3)


def test_a_right_step_in_its_order(training):
    model, optimizer, input = training
    with traced(model, optimizer) as events:
        model(input).mean().backward()
        optimizer.step()
    assert events == ["forward", "backward", "gradient", "step"]


def test_what_goes_wrong_in_steps(training):
    import torch

    model, optimizer, input = training
    with traced(model, optimizer) as events:
        with torch.no_grad():
            model(input)
        copy.deepcopy(model)(input)
        torch.autograd.grad(model(input).sum(), list(model.parameters()))
        optimizer.step()
        model(input).sum().backward()
        torch.optim.Adam(model.parameters()).step()
        torch.optim.Adam([torch.zeros(1, requires_grad=True)]).step()
        model.weight = torch.nn.Parameter(torch.zeros(2, 3))
    assert events == [
        *("forward without graph", "forward of a copy", "forward", "backward", "gradient"),
        *("empty step", "forward", "backward", "gradient", "step of Adam"),
        *("step elsewhere of Adam", "replaced"),
    ]


def test_another_model_is_told_from_a_copy_and_from_what_has_no_parameters(training):
    import torch

    model, optimizer, input = training
    other = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LogSoftmax(dim=1))
    with traced(model, optimizer) as events:
        torch.nn.NLLLoss()(other(input), torch.zeros(4, dtype=torch.int64)).backward()
        torch.nn.Sigmoid()(model(input))
        copy.deepcopy(model)(input)
    assert events == ["forward of another model", "backward", "forward", "forward of a copy"]


def test_nothing_is_left_behind(training):
    import torch

    model, optimizer, input = training
    before = torch.autograd.backward, torch.autograd.grad
    with pytest.raises(ZeroDivisionError), traced(model, optimizer) as events:
        raise ZeroDivisionError
    assert (torch.autograd.backward, torch.autograd.grad) == before
    model(input).mean().backward()
    torch.nn.Linear(3, 2)(input)
    optimizer.step()
    assert events == []


def test_what_is_named_and_not_called():
    def step(model, optimizer):
        """Make a step."""
        model.zero_grad()
        optimizer.zero_grad  # noqa: B018
        optimizer.step  # noqa: B018

    assert only_named(step) == ["optimizer.zero_grad", "optimizer.step"]
    assert only_named(len) == only_named(None) == []

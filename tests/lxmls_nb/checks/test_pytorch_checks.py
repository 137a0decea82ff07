"""Checks of Exercises 2.3 and 2.4."""

from __future__ import annotations

import pytest

from lxmls_nb import checks
from tests.support.course import definitions


def test_a_step_whose_module_is_missing_says_so():
    import torch

    class LogLinear(torch.nn.Module):
        def __init__(self, input_size, num_classes):
            super().__init__()
            raise NotImplementedError("not attempted yet")

    training_step = definitions("exercise_2_3")["training_step"]
    with pytest.raises(checks.NotAttempted, match="write `LogLinear`"):
        checks.training_step(training_step, LogLinear)


def test_a_step_whose_module_is_wrong_says_so():
    names = definitions("exercise_2_3")

    class Logits(names["LogLinear"]):
        def forward(self, input):
            return super().forward(input) + 1

    with pytest.raises(checks.CheckFailed, match="`LogLinear` is not right yet"):
        checks.training_step(names["training_step"], Logits)

"""What is found out where a class, or a method, is not what is asked for."""

from __future__ import annotations

import pytest

from lxmls_nb import checks
from lxmls_nb.checks.probes.classes import is_outside
from tests.lxmls_nb.checks.probes.test_errors import ARGUMENTS, define


def failure_of(code: str) -> checks.CheckFailed:
    """Return the failure of an answer to Exercise 2.2."""
    with pytest.raises(checks.CheckFailed) as failure:
        checks.backpropagation(define(code)["MyNumpyMLP"], geometry=[6, 5, 3])
    return failure.value


def message_of(code: str) -> str:
    return str(failure_of(code))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def backprop(self, input, output):\n        pass", "there is `backprop`:"),
        (
            "def backpropagation(self, input, output):\n"
            "        raise NotImplementedError('not attempted yet')\n"
            "    def sigmoid(self, z):\n        pass",
            "write `backpropagation` in its cell above",
        ),
        (
            "def backpropagation(self, input, output):\n"
            "        raise NotImplementedError('not attempted yet')\n"
            "class MyNumpyMlp(NumpyMLP):\n"
            "    def backpropagation(self, input, output):\n        pass",
            "there is `MyNumpyMlp`:",
        ),
    ],
    ids=["method", "helper", "class"],
)
def test_another_name_is_told(code, words):
    assert words in message_of(f"class MyNumpyMLP(NumpyMLP):\n    {code}")


def test_another_name_of_a_function_is_told():
    code = f"""
        def softmax(z):
            pass

        def log_linear_gradients{ARGUMENTS}:
            raise NotImplementedError("not attempted yet")
    """
    with pytest.raises(checks.NotAttempted, match="write `log_linear_gradients` in its cell"):
        checks.log_linear_gradients(define(code)["log_linear_gradients"])
    code += f"""
        def loglinear_gradients{ARGUMENTS}:
            pass
    """
    with pytest.raises(checks.NotAttempted, match="there is `loglinear_gradients`:"):
        checks.log_linear_gradients(define(code)["log_linear_gradients"])


@pytest.mark.parametrize(
    ("line", "base", "options"),
    [
        ("np.ones(3) @ np.ones(4)", "NumpyMLP", "*arguments, **options"),
        ("self.no_such_thing", "NumpyMLP", "*arguments, **options"),
        ("input()", "NumpyMLP", "geometry, activation_functions, learning_rate"),
        ("self.no_such_thing", "object", "geometry, activation_functions, learning_rate"),
        ("None + 1", "object", "geometry, activation_functions, learning_rate"),
    ],
)
def test_a_class_is_not_blamed_for_an_error_of_another_kind(line, base, options):
    """Whether it has an `__init__` of its own, or inherits nothing and needs nothing."""
    super_init = "pass" if base == "object" else "super().__init__(geometry, activation_functions)"
    if "*" in options:
        super_init = "super().__init__(*arguments, **options)"
    code = f"""
        class MyNumpyMLP({base}):
            def __init__(self, {options}):
                {super_init}

            def backpropagation(self, input, output):
                {line}
    """
    failure = failure_of(code)
    assert failure.cause not in ("no-base", "own-init", "no-class"), str(failure)
    assert line in str(failure)


def test_a_function_beside_a_class_that_has_its_method_is_no_mistake():
    code = """
        def backpropagation(model, input, output):
            return model.no_such_thing

        class MyNumpyMLP(NumpyMLP):
            def backpropagation(self, input, output):
                return backpropagation(self, input, output)
    """
    assert failure_of(code).cause == "error"


def test_what_only_has_the_same_name_is_not_the_method():
    class Network:
        def forward(self):
            return list(range(3))

        def other(self):
            def step():
                return None

            return step

    assert is_outside(Network, "step")
    assert not is_outside(Network, "forward")
    assert not is_outside(Network, "message_of_nothing")
    assert not is_outside(Network, "define")  # it is another module's
    assert not is_outside(Network, "ARGUMENTS")

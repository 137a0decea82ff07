"""What a test cell calls: runs an answer on given arrays and reports what is wrong.

Each check has two halves: a *probe* (:mod:`~lxmls_nb.checks.probes`) that runs the answer and
reports arrays, and a *verdict* that compares them with the truth, found by central differences,
and names the likely mistake (:mod:`~lxmls_nb.checks.mistakes`). A verdict is imported when it is
first used: where only probes run, nothing that knows what is right is loaded.

The tasks of the chapters, which carry no points, are checked by :func:`prediction`, and the steps
of "Build it yourself" by :func:`autograd_operation` and its neighbours. A notebook can have checks
of its own, made of :func:`probe`, :func:`plain`, :func:`ask` and :class:`CheckFailed`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lxmls_nb.checks import probes  # noqa: F401 (it registers the probes)
from lxmls_nb.checks.personal_numbers import personal
from lxmls_nb.checks.predictions import prediction
from lxmls_nb.checks.probes.running import plain, probe
from lxmls_nb.errors import CheckFailed, NotAttempted
from lxmls_nb.notebook.watching import watch

if TYPE_CHECKING:  # as in _VERDICTS
    from lxmls_nb.checks.autograd_checks import (
        answers_needed,
        autograd_backward,
        autograd_model,
        autograd_operation,
        autograd_order,
    )
    from lxmls_nb.checks.dictionaries import dictionary
    from lxmls_nb.checks.ladder_checks import error_ladder
    from lxmls_nb.checks.numpy_checks import backpropagation, log_linear_gradients
    from lxmls_nb.checks.pytorch_checks import gradient_flow, log_forward, log_linear_module
    from lxmls_nb.checks.real_size import backpropagation_at_size
    from lxmls_nb.checks.replies import ask
    from lxmls_nb.checks.step_checks import training_step
    from lxmls_nb.checks.weighted_checks import weighted_gradients

__all__ = [
    "CheckFailed",
    "NotAttempted",
    "answers_needed",
    "ask",
    "autograd_backward",
    "autograd_model",
    "autograd_operation",
    "autograd_order",
    "backpropagation",
    "backpropagation_at_size",
    "dictionary",
    "error_ladder",
    "gradient_flow",
    "log_forward",
    "log_linear_gradients",
    "log_linear_module",
    "personal",
    "plain",
    "prediction",
    "probe",
    "training_step",
    "weighted_gradients",
]


#: The modules of verdicts, by their names here.
_VERDICTS = {
    "answers_needed": "autograd_checks",
    "ask": "replies",
    "autograd_backward": "autograd_checks",
    "autograd_model": "autograd_checks",
    "autograd_operation": "autograd_checks",
    "autograd_order": "autograd_checks",
    "backpropagation": "numpy_checks",
    "backpropagation_at_size": "real_size",
    "dictionary": "dictionaries",
    "error_ladder": "ladder_checks",
    "gradient_flow": "pytorch_checks",
    "log_forward": "pytorch_checks",
    "log_linear_gradients": "numpy_checks",
    "log_linear_module": "pytorch_checks",
    "training_step": "step_checks",
    "weighted_gradients": "weighted_checks",
}


def __getattr__(name: str) -> Any:
    """Return a verdict, which is imported when it is first used."""
    if name not in _VERDICTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_VERDICTS[name]}"), name)


def __dir__() -> list[str]:
    """Return the names, for completion: also of verdicts that nobody has used yet."""
    return sorted({*globals(), *__all__})


watch()

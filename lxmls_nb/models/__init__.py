"""Models of the day: the scaffolds that exercises complete, and their parts."""

from typing import Any

from scipy.special import logsumexp

from lxmls_nb.models.model import Model, glorot_weight_init, index2onehot
from lxmls_nb.models.numpy_mlp import NumpyMLP
from lxmls_nb.models.weight_study import get_mlp_loss_range, get_mlp_parameter_handlers

__all__ = [
    "Model",
    "NumpyMLP",
    "PytorchMLP",
    "get_mlp_loss_range",
    "get_mlp_parameter_handlers",
    "glorot_weight_init",
    "index2onehot",
    "logsumexp",
]


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to import, and Exercises 2.1 and 2.2 do not need it.
    if name == "PytorchMLP":
        from lxmls_nb.models.pytorch_mlp import PytorchMLP

        return PytorchMLP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

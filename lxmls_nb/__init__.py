"""Day 2 of the LxMLS school, "Non-Linear Classifiers": what its notebooks import.

Importing this package does not import PyTorch; only :mod:`lxmls_nb.device`,
:class:`lxmls_nb.models.PytorchMLP` and the checks of Chapter 3b and of Exercises 2.3 and 2.4 do.
"""

__version__ = "0.5.0"

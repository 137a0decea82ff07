"""Mistakes in the parameters of a module, and from wrong parameters to the likely one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxmls_nb.checks.mistakes.form import PARAMETERS
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake, first_seen


@dataclass(frozen=True)
class Parameters:
    """What is known of a module whose parameters are not a weight (K, I) and a bias.

    Attributes
    ----------
    sizes : (int, int)
        I and K.
    shapes : sequence of sequences of int
        Of the parameters that the module knows.
    is_module, initialised : bool
        Whether it is a module, and whether ``super().__init__()`` was called.
    tensors : sequence of str
        Attributes that are plain tensors.
    hidden : sequence of str
        Attributes that are lists or dictionaries with tensors or modules in them.
    """

    sizes: tuple[int, int]
    shapes: Sequence[Sequence[int]]
    is_module: bool = True
    initialised: bool = True
    tensors: Sequence[str] = ()
    hidden: Sequence[str] = ()

    @property
    def weights(self) -> list[Sequence[int]]:
        """The shapes that are those of matrices with more than a row and a column."""
        return [shape for shape in self.shapes if len(shape) == 2 and min(shape) > 1]

    @property
    def fitting_weights(self) -> int:
        """How many parameters have the shape of the weight."""
        return sum(list(shape) == [self.sizes[1], self.sizes[0]] for shape in self.shapes)

    @property
    def is_exchanged(self) -> bool:
        """Whether a parameter has the shape of the transposed weight, and none that of it."""
        exchanged = any(list(shape) == list(self.sizes) for shape in self.shapes)
        return exchanged and not self.fitting_weights


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`self.{name}`" for name in names[:4])


def _plain_tensors(module: Parameters) -> bool | Mapping[str, object]:
    if not module.tensors or len(module.shapes) >= 2:
        return False
    one = len(module.tensors) == 1
    return {
        "names": _listed(module.tensors),
        "are": "is a plain tensor" if one else "are plain tensors",
    }


def _hidden_parameters(module: Parameters) -> bool | Mapping[str, object]:
    hidden = len(module.shapes) < 2 and module.hidden
    return {"names": _listed(hidden)} if hidden else False


def _exchanged(module: Parameters) -> bool | Mapping[str, object]:
    size, classes = module.sizes
    return module.is_exchanged and {"shape": (size, classes), "right": (classes, size)}


def _lacks_bias(module: Parameters) -> bool:
    return len(module.shapes) == 1 and (module.fitting_weights == 1 or module.is_exchanged)


def _lacks_weight(module: Parameters) -> bool:
    return len(module.shapes) == 1 and math.prod(module.shapes[0]) == module.sizes[1]


def _layers(module: Parameters) -> bool | Mapping[str, object]:
    # Layers in a row: what comes out of one enters the next.
    weights = module.weights
    inner = [list(shape) for shape in weights]
    chained = len(inner) > 1 and all(
        one[0] == two[1] for one, two in zip(inner[:-1], inner[1:], strict=True)
    )
    return chained and {"count": len(inner)}


def _too_many(module: Parameters) -> bool | Mapping[str, object]:
    return len(module.shapes) > 2 and {"count": len(module.shapes)}


def _one_bias(module: Parameters) -> bool | Mapping[str, object]:
    others = [shape for shape in module.shapes if list(shape) != list(module.sizes)[::-1]]
    wrong = len(module.shapes) == 2 and module.fitting_weights == 1
    return wrong and {"shape": tuple(others[0]), "classes": module.sizes[1]}


def _other_sizes(module: Parameters) -> bool | Mapping[str, object]:
    size, classes = module.sizes
    return len(module.shapes) == 2 and {"size": size, "classes": classes}


SUPER_INIT = Mistake(
    "super-init",
    "`super().__init__()` is missing: it has to come first in `__init__`",
    seen=lambda module: not module.initialised,
)

#: The first that shows is named.
OF_MODULES = (
    Mistake(
        "no-module",
        "it is no `torch.nn.Module`, which knows its parameters: begin the class with "
        "`class LogLinear(torch.nn.Module):`",
        name="the class is no `torch.nn.Module`",
        lesson="A module knows its parameters because it is a `torch.nn.Module`: begin with "
        "`class LogLinear(torch.nn.Module):`.",
        seen=lambda module: not module.is_module,
    ),
    SUPER_INIT,
    Mistake(
        "plain-tensor",
        "{names} {are}, which a module does not know as parameters: wrap each in "
        "`torch.nn.Parameter(...)` last, after any `.float()`",
        name="the parameters are plain tensors",
        lesson="A module finds its parameters only if they are `torch.nn.Parameter`s, or layers, "
        "assigned to `self`.",
        seen=_plain_tensors,
    ),
    Mistake(
        "hidden-parameters",
        "{names} is a list or dictionary, where a module does not look for parameters: assign the "
        "layer itself to `self`, or use `torch.nn.ModuleList` or `ParameterList`",
        name="the parameters are hidden in a list or dictionary",
        lesson="A module does not look into lists: assign the layer itself to `self`, or use "
        "`torch.nn.ModuleList`.",
        seen=_hidden_parameters,
    ),
    Mistake(
        "no-parameters",
        "a layer, or a `torch.nn.Parameter`, is a parameter of the module only where `__init__` "
        "assigns it to `self`",
        name="the module has no parameters",
        seen=lambda module: not module.shapes,
    ),
    Mistake(
        "no-bias-parameter",
        "there is a weight but no bias: a second parameter of K elements is missing",
        seen=_lacks_bias,
    ),
    Mistake(
        "no-weight-parameter",
        "there is a bias but no weight: a parameter of shape (K, I) is missing",
        seen=_lacks_weight,
    ),
    Mistake(
        "hidden-layer",
        "there are {count} layers, one after the other: a log-linear model has one, straight from "
        "the input to the classes",
        name="there is more than one layer",
        lesson="A log-linear model has one layer, straight from the input to the classes.",
        seen=_layers,
    ),
    Mistake(
        "too-many-parameters",
        "there are {count} parameters: exactly two belong there, a weight of shape (K, I) and a "
        "bias of K elements",
        name="there are too many parameters",
        seen=_too_many,
    ),
    Mistake(
        "exchanged-sizes",
        "the sizes are exchanged: the weight has shape {shape}, and {right}, that is (K, I), is "
        "expected (`torch.nn.Linear` takes the size of its input first)",
        lesson="`torch.nn.Linear` takes the size of its input first, and has a weight of shape "
        "(out, in).",
        seen=_exchanged,
    ),
    Mistake(
        "bias-size",
        "the bias has shape {shape}: one element for each class is expected, {classes} in all",
        name="the bias has another size than the classes",
        seen=_one_bias,
    ),
    Mistake(
        "fixed-sizes",
        "other sizes are asked for, {size} inputs and {classes} classes: do yours come from "
        "`input_size` and `num_classes`?",
        name="the sizes of the module are fixed",
        lesson="`input_size` and `num_classes` are arguments: use them, not numbers.",
        seen=_other_sizes,
    ),
)


def name_parameters(module: Parameters) -> Finding:
    """Return the likely mistake in the parameters of a module, or what they should be."""
    return first_seen(OF_MODULES, module) or PARAMETERS.finding()

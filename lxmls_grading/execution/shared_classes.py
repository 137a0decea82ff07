"""Classes of Python and of libraries that are the same in the judge and in the student kernel."""

from __future__ import annotations

import sys

#: Packages whose classes and functions are the same on both sides, and are handed over by name.
SHARED = frozenset(
    {
        *("builtins", "numpy", "pandas", "torch", "scipy", "math", "operator", "functools"),
        *("itertools", "collections", "random", "re", "string", "statistics", "datetime"),
        *("decimal", "fractions", "pathlib", "typing", "abc", "numbers", "time", "copy"),
        *("json", "sklearn", "matplotlib"),
    }
)

#: What a dictionary has as its keys, values and items.
VIEWS = tuple(("builtins", f"dict_{name}") for name in ("keys", "values", "items"))

#: Classes that have a name in no module.
UNNAMED: dict[tuple[str, str], type] = dict(
    zip(VIEWS, map(type, ({}.keys(), {}.values(), {}.items())), strict=True)
)

#: Classes of whose objects NumPy makes an array in a way of theirs.
ARRAYS = frozenset(
    {
        *(("numpy", "ndarray"), ("PIL.Image", "Image")),
        *(
            ("pandas.api.extensions", "ExtensionArray"),
            ("pandas.core.arrays.base", "ExtensionArray"),
        ),
    }
)

#: Classes of containers that are one object for NumPy, though they have a length.
ONE_OBJECT = frozenset(
    ("builtins", name) for name in ("dict", "set", "frozenset", "mappingproxy")
) | frozenset(VIEWS)


def known_class(module: str, name: str) -> type | None:
    """Return a class of a shared package that is imported here, has this name, and calls itself so.

    A student's process chooses the name, and must not get hold of a class in any other way.

    Parameters
    ----------
    module : str
    name : str
    """
    if module.partition(".")[0] not in SHARED:
        return None
    found = UNNAMED.get((module, name)) or vars(sys.modules.get(module, object)).get(name)
    exact = isinstance(found, type) and (found.__module__, found.__qualname__) == (module, name)
    return found if exact else None


def is_of_pytorch_in_c(kind: type) -> bool:
    """Whether PyTorch's C++ code asks for a class by `isinstance`, and reads the object then.

    No class that is written in Python calls itself one of `torch` itself, but for `torch.Tensor`.

    Parameters
    ----------
    kind : type
    """
    modules = {each.__module__ for each in kind.__mro__}
    return "torch" in modules or any(each.startswith("torch._C") for each in modules)

"""The attributes of an object of the student that a test does not get."""

from __future__ import annotations

#: Attributes that lead from an object to the machinery of its process.
MACHINERY = frozenset(
    [
        "__globals__",
        "__closure__",
        "__builtins__",
        "__subclasses__",
        "__mro__",
        "__base__",
        "__bases__",
        "__reduce__",
        "__reduce_ex__",
        "__getstate__",
        "__setstate__",
        "__loader__",
        "__spec__",
        "__func__",
        "__self__",
        "__traceback__",
        "__context__",
        "__cause__",
        "__getattribute__",
        "__defaults__",
        "__kwdefaults__",
        "gi_frame",
        "cr_frame",
        "ag_frame",
        "tb_frame",
        "f_globals",
        "f_locals",
        "f_builtins",
        "f_back",
        "f_code",
        "gi_code",
        "gi_yieldfrom",
        "cr_code",
        "ag_code",
        "tb_next",
        "__objclass__",
        "__init_subclass__",
        "__getattr__",
    ]
)

#: Those that lead to its code.
CODE = ("__code__", "__wrapped__")

#: Beginnings of attributes by which libraries take the memory of an object. What a stand-in has of
#: them, it has itself: an address that comes from the student would be read in this process.
PROTOCOLS = (
    "__array",
    "__cuda_array",
    "__dlpack",
    "__dataframe",
    "__arrow",
    "__torch",
    "_as_param",
)

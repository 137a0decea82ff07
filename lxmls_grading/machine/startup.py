"""Saves two seconds of imports: each process of grading imports this module first.

Where rfc3987_syntax is installed (JupyterLab brings it), jsonschema imports it to check addresses
in other alphabets, which takes two seconds. No notebook has such a field, and each process of
grading imports jsonschema. Written for jsonschema 4.26.
"""

import sys
from contextlib import suppress
from typing import Any

if not sys.modules.keys() & {"jsonschema", "rfc3987_syntax"}:
    modules: dict[str, Any] = sys.modules
    modules["rfc3987_syntax"] = None
    with suppress(ImportError):
        import jsonschema  # noqa: F401
    del modules["rfc3987_syntax"]

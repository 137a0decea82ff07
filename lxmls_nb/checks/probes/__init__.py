"""What runs beside the answer: probes, and what carries them out.

In grading this is all of the checks that the student's process needs. Nothing here knows what is
right: importing this package registers the probes, and imports none of the modules that judge.
"""

from lxmls_nb.checks.probes import numpy_probes, pytorch_probes

__all__ = ["numpy_probes", "pytorch_probes"]

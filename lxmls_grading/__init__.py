"""Grades submissions: what instructors use, and students do not install.

The way of a submission:

1. :mod:`~lxmls_grading.intake` reads what was handed in, and rebuilds each notebook: the course's
   cells from source, with the student's answers. No code of the student runs here.
2. :mod:`~lxmls_grading.execution` executes it in two halves. Student cells run in a
   :mod:`~lxmls_grading.kernel`, in a :mod:`~lxmls_grading.sandbox`; test cells in a judge outside.
3. nbgrader saves the points; :mod:`~lxmls_grading.feedback` makes what students get.
4. :mod:`~lxmls_grading.results` makes what instructors get: the report, and tables for an LMS.

:mod:`~lxmls_grading.class_run` does this for a whole class at once, and
:mod:`~lxmls_grading.nbgrader_steps` are the same steps, for nbgrader's own commands.
"""

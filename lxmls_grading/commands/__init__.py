"""The commands of ``lxmls-nb``, one in each module: applications as nbgrader's own commands are."""

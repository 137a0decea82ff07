"""Which submissions have points."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook

from lxmls_grading.gradebook.rows import graded_students


@pytest.mark.parametrize("with_test", [True, False])
def test_a_row_without_points_is_that_of_an_extension_unless_no_cell_is_a_test(with_test, tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        for name in ("day2", "day3"):
            gradebook.add_assignment(name)
            gradebook.add_notebook("notebook", name)
            where = "notebook", name
            gradebook.add_solution_cell("essay", *where)
            gradebook.add_grade_cell("essay", *where, max_score=2, cell_type="markdown")
            if with_test or name == "day3":
                gradebook.add_grade_cell("test", *where, max_score=2, cell_type="code")
        for student, score in {"ada": 0, "bob": None}.items():
            gradebook.add_student(student)
            gradebook.add_submission("day2", student)
            gradebook.find_grade("essay", "notebook", "day2", student).manual_score = score
        gradebook.add_student("cyn")
        gradebook.db.commit()
        graded = graded_students(gradebook.db, "day2")
    assert graded == ({"ada"} if with_test else {"ada", "bob"})

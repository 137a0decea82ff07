"""What instructors need, and students don't: the extra ``instructor`` installs for it."""

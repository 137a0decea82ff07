"""A school's day on a JupyterHub: `make test-hub` (the ordinary tests leave this folder out)."""

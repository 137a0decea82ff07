"""The sandbox of Linux that a student kernel lives in; knows no Jupyter."""

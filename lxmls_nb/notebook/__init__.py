"""What the course knows of the notebook that runs it, and shows there.

``cards`` draws what a check reports, ``missing`` explains names that are not there yet,
``freshness`` finds values that are older than the code they come from, ``score`` adds up points,
and ``watching`` connects all of them to IPython. Outside of a notebook none of it does anything.
"""

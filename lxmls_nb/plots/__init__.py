"""The figures of the day, each with a text that says what it shows to those who don't see it."""

from lxmls_nb.plots.curves import (
    plot_epoch_times,
    plot_learning_curves,
    plot_tangent,
    tangent_explorer,
)
from lxmls_nb.plots.figure import (
    BLUE,
    DPI,
    GREEN,
    ORANGE,
    PURPLE,
    STYLES,
    VERMILLION,
    DescribedFigure,
    show,
)
from lxmls_nb.plots.graphs import plot_chain, plot_network
from lxmls_nb.plots.losses import plot_cost_of_probability, plot_costs, plot_descent

__all__ = [
    "BLUE",
    "DPI",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "STYLES",
    "VERMILLION",
    "DescribedFigure",
    "plot_chain",
    "plot_cost_of_probability",
    "plot_costs",
    "plot_descent",
    "plot_epoch_times",
    "plot_learning_curves",
    "plot_network",
    "plot_tangent",
    "show",
    "tangent_explorer",
]

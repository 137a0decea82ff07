"""The figures of the day, each with an alternative text for those who cannot see it."""

from lxmls_nb.plots.backward_graphs import plot_backward_graphs
from lxmls_nb.plots.curves import (
    plot_descent,
    plot_epoch_times,
    plot_learning_curves,
    plot_loss_of_probability,
    plot_losses,
)
from lxmls_nb.plots.explorer import tangent_explorer
from lxmls_nb.plots.figure import (
    BLUE,
    DPI,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    STYLES,
    DescribedFigure,
    show,
)
from lxmls_nb.plots.graphs import plot_chain, plot_network
from lxmls_nb.plots.tangent import plot_tangent

__all__ = [
    "BLUE",
    "DPI",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "RED",
    "STYLES",
    "DescribedFigure",
    "plot_backward_graphs",
    "plot_chain",
    "plot_descent",
    "plot_epoch_times",
    "plot_learning_curves",
    "plot_loss_of_probability",
    "plot_losses",
    "plot_network",
    "plot_tangent",
    "show",
    "tangent_explorer",
]

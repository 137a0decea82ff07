"""The figures of the day, each with an alternative text for those who cannot see it."""

from lxmls_nb.plots.backward_graphs import plot_backward_graphs
from lxmls_nb.plots.curves import (
    plot_activation_functions,
    plot_descent,
    plot_epoch_times,
    plot_learning_curves,
    plot_loss_between,
    plot_loss_of_probability,
    plot_losses,
    plot_product_times,
)
from lxmls_nb.plots.evidence import plot_evidence
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
from lxmls_nb.plots.tangent import plot_tangent, plot_wrong_tangents

__all__ = [
    "BLUE",
    "DPI",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "RED",
    "STYLES",
    "DescribedFigure",
    "plot_activation_functions",
    "plot_backward_graphs",
    "plot_chain",
    "plot_descent",
    "plot_epoch_times",
    "plot_evidence",
    "plot_learning_curves",
    "plot_loss_between",
    "plot_loss_of_probability",
    "plot_losses",
    "plot_network",
    "plot_product_times",
    "plot_tangent",
    "plot_wrong_tangents",
    "show",
    "tangent_explorer",
]

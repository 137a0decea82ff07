"""Computation graphs: what is written at the nodes, and that it can be read."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.mathtext import MathTextParser
from matplotlib.patches import Circle

from lxmls_nb import plots
from lxmls_nb.models import NumpyMLP
from lxmls_nb.plots.figure import BLUE, RED
from lxmls_nb.plots.graph_canvas import PAINT, ShapedText
from lxmls_nb.plots.graph_layout import number
from lxmls_nb.plots.network_graph import build_network_graph
from tests.support.course import definitions

GEOMETRIES = [[1, 1], [2, 2], [3, 3], [2, 3, 2], [6, 5, 3], [784, 100, 50, 10]]


def network(geometry, hidden="sigmoid", cls=NumpyMLP, scale=1.0):
    """Return a network with random biases, and a batch for it."""
    random = np.random.RandomState(1)
    model = cls(geometry, [hidden] * (len(geometry) - 2) + ["softmax"])
    model.parameters = [
        [scale * weight, random.normal(size=bias.shape)] for weight, bias in model.parameters
    ]
    inputs = random.normal(size=(4, geometry[0]))
    return model, inputs, random.randint(geometry[-1], size=4)


def draw(model, *batch, **options):
    return plots.plot_network(model.parameters, model.activation_functions, *batch, **options)


def texts(figure, color=None):
    """Return texts from left to right, and from top to bottom."""
    chosen = [text for text in figure.axes[0].texts if text.get_text()]
    chosen = [text for text in chosen if color is None or text.get_color() == color]
    return sorted(chosen, key=lambda t: (round(t.get_position()[0], 3), -t.get_position()[1]))


def words(figure, color):
    return [text.get_text() for text in texts(figure, color)]


def written(*arrays):
    return [number(value) for array in arrays for value in np.ravel(array)]


@pytest.mark.parametrize("hidden", ["sigmoid", "relu"])
def test_forward_values_are_those_of_the_model(hidden):
    model, inputs, output = network([4, 3, 2], hidden)
    log_probabilities, (_, hidden_output) = model.log_forward(inputs)
    z = [
        layer_input @ weight.T + bias
        for layer_input, (weight, bias) in zip(
            (inputs, hidden_output), model.parameters, strict=True
        )
    ]
    loss = model.cross_entropy_loss(inputs[[2]], output[[2]])
    assert words(draw(model, inputs, output, example=2), BLUE) == written(
        inputs[2], z[0][2], hidden_output[2], z[1][2], np.exp(log_probabilities[2]), loss
    )


def autograd_errors(model, inputs, output):
    """Return errors by PyTorch of each linear and each hidden function, one row an example."""
    torch = pytest.importorskip("torch")
    nodes = [torch.tensor(inputs, requires_grad=True)]
    for (weight, bias), name in zip(model.parameters, model.activation_functions, strict=True):
        nodes.append(nodes[-1] @ torch.tensor(weight).T + torch.tensor(bias))
        if name != "softmax":
            nodes.append({"sigmoid": torch.sigmoid, "relu": torch.relu}[name](nodes[-1]))
    for node in nodes:
        node.retain_grad()
    loss = torch.nn.functional.cross_entropy(nodes[-1], torch.tensor(output), reduction="sum")
    loss.backward()
    return [node.grad.numpy() for node in nodes[1:]]


@pytest.mark.parametrize("geometry", [[3, 2], [4, 3, 2], [5, 4, 3, 3]])
@pytest.mark.parametrize("hidden", ["sigmoid", "relu"])
def test_errors_are_derivatives_of_the_loss_of_the_example(geometry, hidden):
    model, inputs, output = network(geometry, hidden)
    errors = autograd_errors(model, inputs, output)
    expected = written(*(error[1] for error in errors), 1)
    assert words(draw(model, inputs, output, example=1), RED) == [f"← {text}" for text in expected]


def test_averages_over_a_batch():
    model, inputs, output = network([4, 3, 2])
    figure = draw(model, inputs, output, example=None)
    errors = autograd_errors(model, inputs, output)
    expected = written(*(error.mean(axis=0) for error in errors), 1)
    assert words(figure, RED) == [f"← {text}" for text in expected]
    assert words(figure, BLUE)[-1] == number(model.cross_entropy_loss(inputs, output))
    assert "average of the batch" in figure.alt


def test_a_relu_at_its_kink_passes_no_error():
    model, inputs, output = network([2, 2, 2], "relu")
    model.parameters[0] = [np.zeros((2, 2)), np.zeros((1, 2))]
    assert words(draw(model, inputs, output), RED)[:2] == ["← 0", "← 0"]


def test_tensors_are_drawn_like_arrays():
    torch = pytest.importorskip("torch")
    model, inputs, output = network([3, 2])
    parameters = [[torch.tensor(a, requires_grad=True) for a in pair] for pair in model.parameters]
    tensors = torch.tensor(inputs), torch.tensor(output)
    figure = plots.plot_network(parameters, ["softmax"], *tensors)
    assert figure.alt == draw(model, inputs, output).alt


def test_structure_alone_has_no_numbers_at_the_nodes():
    model, *_ = network([784, 100, 10])
    figure = draw(model)
    assert words(figure, BLUE) == words(figure, RED) == []
    assert {"784 units", "100 units", "10 units"} <= set(words(figure, "black"))


def test_weights_and_biases_are_written_in_a_small_network():
    model, *_ = network([3, 2])
    ((weight, bias),) = model.parameters
    seen = words(draw(model), "black")
    assert set(written(weight)) <= set(seen)
    assert {number(b) if b < 0 else f"+{number(b)}" for b in bias[0]} <= set(seen)


def edges(figure):
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]


def test_edges_tell_sign_by_dashes_and_colour_and_size_by_width():
    weight = np.array([[2.0, -1.0], [0.5, -2.0]])
    figure = plots.plot_network([[weight, np.zeros((1, 2))]], ["softmax"])
    first = edges(figure)[:4]
    for line, value in zip(first, weight.ravel(), strict=True):
        assert line.is_dashed() == (value < 0)
    assert len({line.get_color() for line in first}) == 2
    widths = [line.get_linewidth() for line in first]
    assert widths[0] == widths[3] > widths[1] > widths[2]


def test_of_a_large_input_units_that_are_not_zero_are_shown():
    model, inputs, output = network([50, 2])
    inputs[0] = 0
    inputs[0, [7, 31]] = 3
    figure = draw(model, inputs, output, names=[f"word {i}" for i in range(50)])
    shown = [text for text in words(figure, "black") if text.startswith("word")]
    assert shown == ["word 0", "word 1", "word 7", "word 31"]
    assert "$x_{32}$" in words(figure, "black")


def test_the_right_class_is_always_shown():
    model, inputs, _ = network([3, 12])
    figure = draw(model, inputs, np.full(4, 10))
    assert r"$\tilde{z}_{11}$" in words(figure, "black")
    assert "the right class is number 11" in figure.alt


def test_the_gradient_of_a_weight_is_worked_out():
    my_numpy_mlp = definitions("exercise_2_2")["MyNumpyMLP"]
    model, inputs, output = network([9, 7, 3], cls=my_numpy_mlp)
    figure = draw(model, inputs, output, example=2, highlight=(0, 6, 8))
    gradients = model.backpropagation(inputs[[2]], output[[2]])
    formulas = [text for text in words(figure, "black") if "partial" in text]
    assert [text.split(" = ")[-1] for text in formulas] == written(
        gradients[0][0][6, 8], gradients[0][1][0, 6]
    )
    assert {"$x_{9}$", "$z_{7}^{1}$"} <= set(words(figure, "black"))


def boxes(figure):
    legend = figure.axes[0].get_legend()
    found = texts(figure) + (legend.get_texts() if legend else [])
    figure.draw_without_rendering()
    return [(text, text.get_window_extent()) for text in found]


def assert_legible(figure):
    """No text lies on another, on a circle that is not its own, or outside of the figure."""
    found = boxes(figure)
    for (one, a), (other, b) in itertools.combinations(found, 2):
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0
        assert apart, f"{one.get_text()!r} and {other.get_text()!r} overlap"
    circles = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    outlines = [circle.get_window_extent() for circle in circles]
    for text, box in found:
        assert figure.bbox.x0 <= box.x0
        assert figure.bbox.y0 <= box.y0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
        for outline in outlines:
            inside = outline.x0 <= box.x0 and box.x1 <= outline.x1
            assert (inside and outline.y0 <= box.y0) or not box.overlaps(outline), text


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_texts_do_not_overlap(geometry):
    model, inputs, output = network(geometry)
    assert_legible(draw(model))
    model, inputs, output = network(geometry, scale=30)  # longer numbers
    names = ["a rather long name of an input"] * geometry[0]
    assert_legible(
        draw(model, inputs, output, names=names, class_names=["positive"] * geometry[-1])
    )
    assert_legible(draw(model, inputs, output, highlight=(0, 0, 0)))


@pytest.mark.parametrize("arguments", [
    {"example": 4},
    {"names": ["one"]},
    {"highlight": (1, 0, 0)},
    {"highlight": (0, 2, 0)},
])  # fmt: skip
def test_what_does_not_fit_is_refused(arguments):
    model, inputs, output = network([3, 2])
    with pytest.raises(ValueError, match=r"example 4|1 names|no weight"):
        draw(model, inputs, output, **arguments)


def test_inputs_of_another_size_are_refused():
    model, inputs, output = network([3, 2])
    with pytest.raises(ValueError, match="2 features, not 3"):
        draw(model, inputs[:, :2], output)
    with pytest.raises(ValueError, match="need an input"):
        draw(model, None, output)


def test_alternative_text_has_structure_and_numbers():
    model, inputs, output = network([2, 3, 2])
    figure = draw(model, inputs, output)
    alt = figure.alt
    assert "2 inputs, linear (3 units), sigmoid, linear (2 units), softmax, loss" in alt
    assert "example 0" in alt
    for text in words(figure, BLUE) + [text[2:] for text in words(figure, RED)]:
        assert text in alt
    assert all(text in alt for text in written(*model.parameters[0]))
    assert alt in figure._repr_mimebundle_()["text/html"].replace("&#x27;", "'")


def test_a_notebook_shows_the_picture_once_and_with_its_text(monkeypatch):
    import IPython.display
    from IPython.core.formatters import DisplayFormatter

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    formatter = DisplayFormatter()
    formatter.formatters["image/png"].for_type(plots.DescribedFigure, lambda figure: b"again")
    formatter.ipython_display_formatter.enabled = True
    figure = plots.plot_chain(CHAIN, 0.5)
    assert formatter.format(figure) == ({}, {})
    (bundle,) = shown
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == figure.alt


CHAIN = {r"$2 \cdot x$": lambda x: 2 * x, "square": np.square, r"$\exp$": np.exp}


def test_a_chain_shows_values_errors_and_derivatives():
    figure = plots.plot_chain(CHAIN, 0.5, ["x", "u", "v", "F"])
    values = [0.5, 1.0, 1.0, np.e]
    assert words(figure, BLUE) == [
        f"${name}$ = {text}" for name, text in zip("xuvF", written(values), strict=True)
    ]
    errors = [4 * np.e, 2 * np.e, np.e, 1]  # exp(4x²) by x, exp(u²) by u, exp(v) by v
    assert words(figure, RED) == [f"← {text}" for text in written(errors)]
    slopes = [text for text in words(figure, "black") if text.startswith("×")]
    assert slopes == [f"× {text}" for text in written([2, 2, np.e])]
    assert all(text in figure.alt for text in written(values, errors))
    assert_legible(figure)


def test_a_chain_forward_only():
    figure = plots.plot_chain(CHAIN, 0.5, errors=False)
    assert words(figure, RED) == []
    assert "Errors" not in figure.alt
    assert_legible(figure)


def test_a_chain_needs_a_symbol_for_each_result():
    with pytest.raises(ValueError, match="3 functions need 4 symbols, not 2"):
        plots.plot_chain(CHAIN, 0.5, ["x", "y"])


@pytest.mark.slow
def test_drawing_networks_does_not_import_torch():
    code = "import sys; from lxmls_nb.plots import plot_network; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


GUESSED = {("z~", 0, 1): 7.0, ("z", 1, 0): None, ("e~", 1, 2): 0.5, ("e", 2, 1): -0.25}


def guessed_figure(**options):
    """Return a picture with a guess at four of its numbers: none, two wrong ones, a right one."""
    model, inputs, output = network([2, 3, 2])
    graph = build_network_graph(
        model.parameters, model.activation_functions, inputs, output, 0, None, None, None, {}
    )
    right = float(graph.columns[3].errors[1])
    guesses = GUESSED | {("e", 2, 1): right * 1.01}
    return draw(model, inputs, output, guesses=guesses, **options), graph, right


def test_guesses_stand_in_the_place_of_the_numbers():
    figure, graph, right = guessed_figure()
    found = [text.get_text() for text in texts(figure)]
    assert {"7 ✗", "?", "← 0.5 ✗", f"← {number(right * 1.01)} ✓"} <= set(found)
    hidden = [graph.columns[0].values[1], graph.columns[1].values[0], graph.columns[2].errors[2]]
    assert not {number(hidden[0]), number(hidden[1]), f"← {number(hidden[2])}"} & set(found)
    assert number(graph.columns[1].values[1]) in found  # nobody was asked for it
    assert "your guess" in figure.axes[0].get_legend().get_texts()[-1].get_text()


def test_numbers_of_a_column_are_rounded_alike():
    # As `checks.prediction` does: 0.18 is 4 % off, and 2 % of the largest error beside it.
    model, inputs, output = network([2, 3])
    error = np.exp(model.log_forward(inputs[:1])[0][0]) - np.eye(3)[output[0]]
    near = error + 0.019 * np.abs(error).max()
    together = draw(model, inputs, output, guesses={("e", 1, k): near[k] for k in range(3)})
    assert together.alt.count("(right)") == 3
    smallest = int(np.argmin(np.abs(error)))
    alone = draw(model, inputs, output, guesses={("e", 1, smallest): near[smallest]})
    assert "(wrong)" in alone.alt


def test_the_description_keeps_the_numbers_that_are_guessed():
    figure, graph, _ = guessed_figure()
    assert "7 (wrong)" in figure.alt
    assert "not there yet" in figure.alt
    assert "(right)" in figure.alt
    assert number(graph.columns[2].errors[2]) not in figure.alt


@pytest.mark.parametrize(("guess", "told"), [(None, False), (9.0, False), (0.0, True)])
def test_a_gradient_does_not_tell_the_error_that_is_guessed(guess, told):
    model, inputs, output = network([2, 2])
    error = model.log_forward(inputs[:1])[0][0, 0]
    error = np.exp(error) - (output[0] == 0)
    guesses = {("e", 1, 0): float(error) if told else guess}
    figure = draw(model, inputs, output, highlight=(0, 0, 1), guesses=guesses)
    assert ("The derivative of the loss with respect to W_{12}" in figure.alt) == told


@pytest.mark.parametrize("guess", ["0.5 or so", [1, 2], object(), np.ones(2), np.nan])
def test_a_guess_that_is_no_number_is_wrong(guess):
    model, *batch = network([2, 2])
    figure = draw(model, *batch, guesses={("e", 1, 0): guess})
    assert "(wrong)" in figure.alt
    assert any("✗" in text.get_text() for text in texts(figure))


@pytest.mark.parametrize(
    "place", [("e~", 2, 0), ("e", 0, 0), ("z", 0, 0), ("z", 1, 3), ("z~", 3, 0), ("y", 1, 0)]
)
def test_a_number_that_is_not_there_cannot_be_guessed(place):
    model, *batch = network([2, 3, 2])
    with pytest.raises(ValueError, match="has no number"):
        draw(model, *batch, guesses={place: 1.0})


def test_errors_cannot_be_guessed_where_there_are_none():
    model, inputs, _ = network([2, 3, 2])
    with pytest.raises(ValueError, match="has no number"):
        draw(model, inputs, guesses={("e", 1, 0): 1.0})


# In pixels, at 192 an inch. Matplotlib rounds the widths of letters, so long texts differ by more.
@pytest.mark.parametrize(
    ("text", "off"), [(r"$\tilde{z}_{1}^{2}$ = 1.5", 3), ("sigmoid", 3), ("← −0.514 ✓", 6)]
)
@pytest.mark.parametrize("across", ["left", "center", "right"])
@pytest.mark.parametrize("up", ["bottom", "center", "top"])
def test_a_text_stands_where_matplotlib_would_put_it(text, off, across, up):
    figure = plots.DescribedFigure(dpi=192)
    style = {"ha": across, "va": up, "fontsize": 11, "bbox": PAINT}
    ours = ShapedText(0.5, 0.5, text, **style)
    figure.add_artist(ours)
    theirs = figure.text(0.5, 0.5, text, **style)
    figure.draw_without_rendering()
    found, wanted = ours.get_window_extent(), theirs.get_window_extent()
    assert found.extents == pytest.approx(wanted.extents, abs=off)
    found, wanted = (each.get_bbox_patch().get_window_extent() for each in (ours, theirs))
    assert found.extents == pytest.approx(wanted.extents, abs=off)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["$5", "", " ", "two\nlines"])
def test_a_name_may_be_any_text(name):
    model, inputs, output = network([2, 3, 2])
    figure = draw(model, inputs, output, names=[name, "b"], class_names=["a", name])
    figure._repr_mimebundle_()
    assert words(figure, "black").count(" ".join(name.split())) == (2 if name.strip() else 0)


def test_a_formula_is_drawn_in_its_colour_and_only_in_its_box():
    figure = plots.DescribedFigure(figsize=(1, 1), facecolor="white")
    formula = ShapedText(0.5, 0.5, r"$z_{1}$", ha="center", va="center", color=RED)
    figure.add_artist(formula)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.flipud(np.asarray(canvas.buffer_rgba())[..., :3])
    rows, columns = np.nonzero((pixels != 255).any(axis=2))
    box = formula.get_window_extent()
    assert len(rows) > 20
    assert box.x0 - 1 <= columns.min()
    assert columns.max() <= box.x1 + 1
    assert box.y0 - 1 <= rows.min()
    assert rows.max() <= box.y1 + 1
    assert pixels.min(axis=(0, 1)) == pytest.approx(255 * np.array(to_rgb(RED)), abs=8)


def test_the_formulas_of_a_second_figure_are_not_parsed_again(monkeypatch):
    model, inputs, output = network([2, 3, 2])
    draw(model, inputs, output)._repr_mimebundle_()
    parsed = []
    parse = MathTextParser.parse
    monkeypatch.setattr(
        MathTextParser, "parse", lambda self, s, *more: parsed.append(s) or parse(self, s, *more)
    )
    draw(model, inputs, output)._repr_mimebundle_()
    assert parsed == []

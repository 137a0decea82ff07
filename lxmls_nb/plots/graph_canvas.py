"""Drawing the layout of a computation graph: circles, boxes, edges and texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.text import Text as WrittenText
from matplotlib.textpath import TextPath, text_to_path
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform

from lxmls_nb.plots.figure import BLUE, GREEN, PURPLE, RED, DescribedFigure
from lxmls_nb.plots.graph_layout import RADIUS, SMALL, Box, Edge, GraphLayout, Point, Text

Style = dict[str, Any]

#: Width of the line around texts, in points, so that they can be read where edges pass.
HALO = 1.5

#: The frame of a guess.
PAINT: Style = {"boxstyle": "round,pad=0.18", "linewidth": 1.2}

#: How texts look, by their kind.
TEXTS: dict[str, Style] = {
    "plain": {},
    "weight": {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8}},
    "forward": {"color": BLUE},
    "error": {"color": RED, "fontstyle": "italic"},
    "right": {"color": "#10331f", "bbox": PAINT | {"facecolor": "#d3efdf", "edgecolor": GREEN}},
    "wrong": {"color": "#5a0d0d", "bbox": PAINT | {"facecolor": "#fbdcdc", "edgecolor": RED}},
    "open": {"color": "#232936", "bbox": PAINT | {"facecolor": "#e6e8ee", "edgecolor": "0.4"}},
}

#: How edges look, by their kind.
EDGES: dict[str, Style] = {
    "positive": {"color": GREEN, "linestyle": "-"},
    "negative": {"color": PURPLE, "linestyle": (0, (4, 2))},
    "value": {"color": "0.45"},
    "right class": {"color": "black"},
    "other class": {"color": "0.45", "linestyle": ":"},
}

#: What stands for a kind of edge or number in the legend.
SAMPLES: dict[str, Style] = {
    "positive": EDGES["positive"] | {"linewidth": 2},
    "negative": EDGES["negative"] | {"linewidth": 2},
    "forward": {"color": BLUE, "markersize": 13, "linestyle": "none"},
    "error": {"color": RED, "markersize": 11, "linestyle": "none"},
    "bias": {"color": "black", "markersize": 11, "linestyle": "none"},
    "guess": {"color": "0.35", "markersize": 8, "linestyle": "none"},
    "slope": {"color": "black", "markersize": 7, "linestyle": "none"},
}

#: The formulas that are their markers.
MARKERS = {
    **{"forward": "$1.5$", "error": r"$\leftarrow$", "bias": "$+1$"},
    **{"guess": "$?$", "slope": r"$\times$"},
}


@cache
def sample_marker(formula: str) -> Path:
    """Return the shape of a formula, around the origin, for a sample in the legend.

    Matplotlib takes the formula itself for a marker, too, but parses it again for each legend.
    """
    shape = TextPath((0, 0), formula, size=10)
    box = shape.get_extents()
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return Path(shape.vertices - middle, shape.codes)


@lru_cache(2000)
def _shape(text: str, size: float, style: Any) -> tuple[Path, float, float, float]:
    """Return the shape of a text, its width, ascent and descent, all in points."""
    font = FontProperties(size=size, style=style)
    ismath = bool(is_math_text(text))  # a name may have a dollar sign
    width, height, descent = text_to_path.get_text_width_height_descent(text, font, ismath)
    vertices, codes = text_to_path.get_text_path(font, text, ismath)
    shape = Path(vertices, codes)
    # A line is at least as high as one of plain text, so that texts side by side stand level.
    usual, below = _line(size)
    shape = shape.transformed(Affine2D().scale(size / text_to_path.FONT_SCALE))
    return shape, width, max(height - descent, usual - below), max(descent, below)


@cache
def _line(size: float) -> tuple[float, float]:
    """Return the height of a line of plain text, and how far it goes below its base, in points."""
    font = FontProperties(size=size)
    _, height, descent = text_to_path.get_text_width_height_descent("lp", font, ismath=False)
    return height, descent


class ShapedText(WrittenText):
    """A text whose shape is made once in a process, with a white halo where it has no ground.

    Matplotlib measures a text and makes its shape anew for each figure, and parses formulas twice.
    That takes half of the time for a figure.
    """

    def _place(self) -> tuple[Path, Bbox, tuple[float, float]]:
        """Return the shape, its box and the left end of its baseline, the latter two in pixels."""
        shape, width, ascent, descent = _shape(
            self.get_text(), float(self.get_fontsize()), self.get_fontstyle()
        )
        pixels = self._pixels()
        x, y = self.get_transform().transform(self.get_position())
        share = {"left": 0, "center": 0.5, "right": 1}[self.get_horizontalalignment()]
        left = x - pixels * width * share
        ups = {"bottom": descent, "center": (descent - ascent) / 2, "top": -ascent}
        base = y + pixels * ups[self.get_verticalalignment()]
        top = base + pixels * ascent
        box = Bbox([(left, base - pixels * descent), (left + pixels * width, top)])
        return shape, box, (left, base)

    def _pixels(self) -> float:
        """Return how many pixels a point has."""
        figure = self.get_figure()
        assert figure is not None
        return figure.dpi / 72

    def get_window_extent(
        self, renderer: RendererBase | None = None, dpi: float | None = None
    ) -> Bbox:
        """Return the box of the text in pixels."""
        return self._place()[1]

    def update_bbox_position(self, renderer: RendererBase) -> None:
        """Put the ground below the text, if it has one."""
        ground = self.get_bbox_patch()
        if ground is not None:
            ground.set_bounds(self._place()[1].bounds)
            ground.set_transform(IdentityTransform())
            ground.set_mutation_scale(self._pixels() * float(self.get_fontsize()))

    def draw(self, renderer: RendererBase) -> None:
        """Draw the text."""
        shape, _, start = self._place()
        place = Affine2D().scale(self._pixels()).translate(*start)
        graphics = renderer.new_gc()
        ground = self.get_bbox_patch()
        if ground is not None:
            self.update_bbox_position(renderer)
            ground.draw(renderer)
        else:
            graphics.set_foreground("white")
            graphics.set_linewidth(self._pixels() * HALO)
            renderer.draw_path(graphics, shape, place)
        graphics.set_linewidth(0)
        renderer.draw_path(graphics, shape, place, to_rgba(self.get_color()))
        graphics.restore()
        self.stale = False


def text_width(text: str, size: float) -> float:
    """Return how wide a text of a size in points is, in inches."""
    return TextPath((0, 0), text, size=size).get_extents().width / 72 if text else 0.0


def draw(layout: GraphLayout) -> DescribedFigure:
    """Return a figure of a computation graph. Its axes cover it, and their unit is an inch."""
    figure = DescribedFigure(figsize=(layout.width, layout.height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.width), ylim=(0, layout.height))
    axes.set_axis_off()
    for edge in layout.edges:
        _draw_edge(axes, edge)
    for start, end in layout.arrows:
        _draw_arrow(axes, start, end)
    for centre in layout.circles:
        axes.add_artist(Circle(centre, RADIUS, facecolor="white", edgecolor="black", zorder=3))
    for box in layout.boxes:
        _draw_box(axes, box)
    for centre in layout.dots:
        _draw_dots(axes, centre)
    for text in layout.texts:
        if text.text:  # a name may be empty, which has no shape
            _draw_text(axes, text)
    _draw_legend(axes, layout.legend)
    return figure


def _draw_edge(axes: Axes, edge: Edge) -> None:
    style = EDGES[edge.kind] | ({"alpha": 0.3} if edge.faint else {})
    xs, ys = zip(edge.start, edge.end, strict=True)
    axes.add_line(Line2D(xs, ys, linewidth=edge.width, zorder=1, **style))


def _draw_arrow(axes: Axes, start: Point, end: Point) -> None:
    style: Style = {"arrowstyle": "-|>", "color": "0.3", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=2)


def _draw_box(axes: Axes, box: Box) -> None:
    axes.add_artist(
        FancyBboxPatch(
            (box.x - box.half_width, box.low),
            2 * box.half_width,
            box.high - box.low,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white",
            edgecolor="black",
            zorder=3,
        )
    )


def _draw_dots(axes: Axes, centre: Point) -> None:
    x, y = centre
    style: Style = {"linestyle": "none", "marker": "o", "markersize": 2.5, "color": "black"}
    axes.add_line(Line2D([x] * 3, [y - 0.1, y, y + 0.1], zorder=4, **style))


def _draw_text(axes: Axes, text: Text) -> None:
    style: Style = {"ha": text.ha, "va": text.va, "fontsize": text.size, "zorder": 5}
    axes.add_artist(ShapedText(text.x, text.y, text.text, **style, **TEXTS[text.kind]))


def _draw_legend(axes: Axes, legend: Sequence[tuple[str, str]]) -> None:
    """Explain at the bottom, two in a row, what lines and numbers mean."""
    handles = []
    for kind, meaning in legend:
        sample = Line2D([], [], label=meaning, **SAMPLES[kind])
        if kind in MARKERS:
            sample.set_marker(sample_marker(MARKERS[kind]))
        handles.append(sample)
    axes.legend(
        handles=handles,
        loc="lower center",
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        borderaxespad=0.4,
        handlelength=2.2,
    )

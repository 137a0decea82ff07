"""The colours of figures and equations: what they are called, and who can read them."""

from __future__ import annotations

import base64
import colorsys
import io
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from lxmls_nb.plots import BLUE, RED, plot_learning_curves
from lxmls_nb.plots.figure import DPI, image
from tests.support.colours import contrast, linear
from tests.support.course import ROOT

#: How people without one of the three kinds of cones see linear RGB (Machado et al., 2009).
VISION = {
    "no red cones": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green cones": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue cones": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
CSS = (ROOT / "docs" / "_static" / "book.css").read_text(encoding="utf-8")
DARK = "#131416"  # the ground of the site's theme, Furo, in dark


def on_the_site(name: str, dark: bool) -> str:
    """Return the colour that the site's style gives errors or forward values."""
    return re.search(rf"--{name}{': ' if dark else ', '}(#\w+)", CSS)[1]


def test_red_is_red():
    """The texts speak of red numbers."""
    hue, saturation, value = colorsys.rgb_to_hsv(*to_rgb(RED))
    assert min(hue, 1 - hue) < 8 / 360
    assert saturation > 0.8
    assert value > 0.8


def test_red_can_be_read():
    assert contrast(RED, "white") >= 4.5
    for name in ("error", "forward-value"):
        assert contrast(on_the_site(name, dark=False), "white") >= 4.5
        assert contrast(on_the_site(name, dark=True), DARK) >= 4.5


@pytest.mark.parametrize("vision", VISION)
def test_red_and_blue_are_told_apart(vision):
    red, blue = (np.array(VISION[vision]) @ linear(color) for color in (RED, BLUE))
    assert np.abs(red - blue).max() > 0.2


def test_equations_and_the_site_have_the_same_red():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")]
    colours = {found for text in texts for found in re.findall(r"color\{(#\w+)", text)}
    assert colours == {RED, "#2080C0"}
    for colour in colours:
        assert f'[fill="{colour}"]' in CSS
    assert on_the_site("error", dark=False).upper() == RED


def test_a_picture_has_the_colours_of_its_figure():
    figure = plot_learning_curves({"one": [50, 60, 70], "other": [50, 55, 80]})
    code = re.search('base64,([^"]+)', image(figure, ""))[1]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB"), int)
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    wanted = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    off = np.abs(picture - wanted).max(axis=2)
    assert off[(wanted == 255).all(axis=2)].max() == 0
    for colour in (BLUE, RED):
        line = (np.abs(wanted - 255 * np.array(to_rgb(colour))) < 1).all(axis=2)
        assert line.sum() > 1000
        assert off[line].max() <= 4
    assert (off > 4).mean() < 0.002
    assert off.max() < 64

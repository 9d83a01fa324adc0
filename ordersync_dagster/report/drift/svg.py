"""A figure of matplotlib as SVG to stand inside a page, in the page's own colours and with a text alternative."""

import io
import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that stand for the page's variables, which are others in the dark.
COLOURS = {
    "ink": "#010101", "soft": "#020202", "line": "#030303", "cell": "#040404", "good": "#050505", "late": "#060606",
    "lost": "#070707", "on-lost": "#080808", "on-late": "#090909",
}  # fmt: skip
ON_WHITE = {
    "ink": "#1f2328", "soft": "#57606a", "line": "#d0d7de", "cell": "#eaeef2", "good": "#7ea8d8", "late": "#e2a33c",
    "lost": "#c93c2e", "on-lost": "#ffffff", "on-late": "#1f2328",
}  # fmt: skip
_FONT = re.compile(r"font: ([\d.]+px) [^;\"]*")
_ID = re.compile(r' id="([^"]+)"')


def svg_of(figure: "Figure", name: str, title: str, description: str) -> str:
    """The drawing; `name` keeps its ids apart from those of other drawings on the page."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    image = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(image, format="svg", metadata=nothing, transparent=True)
    drawing = image.getvalue()
    return _inside(drawing[drawing.index("<svg") :], name, title, description)


def _inside(drawing: str, name: str, title: str, description: str) -> str:
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.S)
    drawing = _FONT.sub(r"font: \1 system-ui, sans-serif", drawing)
    for variable, colour in COLOURS.items():
        drawing = drawing.replace(colour, f"var(--{variable})")
    for each in set(_ID.findall(drawing)):
        is_used = f"#{each}" in drawing
        drawing = drawing.replace(f' id="{each}"', f' id="{name}-{each}"' if is_used else "")
        drawing = drawing.replace(f"#{each}", f"#{name}-{each}")
    head, _, rest = drawing.partition(">")
    box = re.search(r'viewBox="[^"]+"', head)
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    named = f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc"'
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {space} {box[0] if box else ''} {named}>{words}{rest}"

"""Pictures from elsewhere in a page: what draws is kept, what could run, load or be clicked is not."""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

__all__ = ["Picture", "picture"]

_DRAWS = {
    *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
    *("text", "tspan", "image", "title", "desc"),
}
_SAYS = {
    *("d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "points", "width", "height"),
    *("transform", "viewBox", "preserveAspectRatio", "style", "fill", "fill-opacity", "fill-rule", "opacity"),
    *("stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin", "stroke-dasharray"),
    *("font-size", "font-family", "font-weight", "font-style", "text-anchor", "dominant-baseline", "image-rendering"),
}
_REACHES = re.compile(r"url\s*\(|@|\\|expression|javascript:", re.IGNORECASE)
_PROLOG = re.compile(r"<\?xml[^>]*\?>")
_NUMBER = re.compile(r"^\s*([\d.]+)")


class Picture:
    """A drawing that may stand in a page: the marks, and the frame they lie in."""

    def __init__(self, frame: str, marks: str) -> None:
        self.frame = frame
        self.marks = marks

    def drawn(self, name: str, says: str) -> str:
        """The drawing, under a name by which it can be shown again."""
        return self._svg(f'<g id="{escape(name)}">{self.marks}</g>', says)

    def again(self, name: str, says: str) -> str:
        """The drawing that stands in the page under this name."""
        return self._svg(f'<use href="#{escape(name)}"/>', says)

    def _svg(self, inner: str, says: str) -> str:
        return (
            f'<svg class="picture" viewBox="{self.frame}" role="img" aria-label="{escape(says)}" '
            f'xmlns="http://www.w3.org/2000/svg">{inner}</svg>'
        )


def picture(svg: str) -> Picture | None:
    """The picture of SVG text, or None where it is none."""
    text = _PROLOG.sub("", svg, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    frame = _frame(root)
    if _bare(root.tag) != "svg" or frame is None:
        return None
    return Picture(frame, "".join(_kept(child) for child in root))


def _frame(root: ElementTree.Element) -> str | None:
    """Where the marks lie: the viewBox, or the size."""
    parts = root.get("viewBox", "").replace(",", " ").split()
    if not parts:
        sizes = [_NUMBER.match(root.get(side, "")) for side in ("width", "height")]
        parts = ["0", "0", *(size[1] for size in sizes if size)]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    return " ".join(f"{number:g}" for number in numbers) if len(numbers) == 4 and min(numbers[2:]) > 0 else None


def _kept(element: ElementTree.Element) -> str:
    tag = _bare(element.tag)
    if tag not in _DRAWS:
        return ""
    said = {_bare(name): value for name, value in element.attrib.items()}
    shown = {name: value for name, value in said.items() if name in _SAYS and not _REACHES.search(value)}
    if tag == "image":
        if not said.get("href", "").startswith("data:image/png;base64,"):
            return ""
        shown["href"] = said["href"]
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in shown.items())
    inner = escape(element.text or "").strip() if tag in ("text", "tspan", "title", "desc") else ""
    inner += "".join(_kept(child) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _bare(name: object) -> str:
    """A name without its namespace; comments have none."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""

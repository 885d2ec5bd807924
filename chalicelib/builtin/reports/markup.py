"""Build a page as a tree of elements, so that the serialiser escapes everything."""

from xml.etree.ElementTree import Element, tostring

Child = Element | str | int | None


def h(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """Make an element. `class_` becomes the attribute `class`, an underscore becomes a hyphen; None is left out."""
    element = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            element.set(name.rstrip("_").replace("_", "-"), text)
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            element.append(child)
            last = child
        elif child is not None and last is None:
            element.text = (element.text or "") + str(child)
        elif child is not None and last is not None:
            last.tail = (last.tail or "") + str(child)
    return element


def document(root: Element) -> bytes:
    """Return the tree as an HTML document in UTF-8."""
    text = "<!doctype html>\n" + tostring(root, encoding="unicode", method="html")
    return text.replace("\x00", "\ufffd").encode("utf-8", errors="replace")

"""The static HTML of a report: safe, readable without colour, the same in every run."""

import base64
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import html5lib
import numpy as np
import pytest

from msgrad_ext.views import mimebundle, page
from msgrad_ext.views.arrays import array_html, montage
from msgrad_ext.views.escape import escape, plain
from msgrad_ext.views.heat import DEEPEST, NEGATIVE, ODD, POSITIVE, colour, image, png
from msgrad_ext.views.parts import Matrix
from msgrad_ext.views.sections import build

from . import reports

ALL = [reports.tutorial, reports.wrong, reports.kink, reports.large, reports.hostile]
TAGS = set("div p strong table caption thead tbody tr th td details summary pre img".split())
ATTRIBUTES = set("style title aria-label role scope src alt width height class".split())


def elements(html):
    tree = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    return [element for element in tree.find("body").iter() if element.tag != "body"]


@pytest.mark.parametrize("make", ALL)
def test_only_known_tags_and_attributes(make):
    """No text of a user becomes a tag, an attribute, an event handler or a link."""
    for element in elements(mimebundle(make())["text/html"]):
        assert element.tag in TAGS
        assert set(element.attrib) <= ATTRIBUTES
        assert re.match("data:image/(png|svg[+]xml);base64,", element.get("src", "data:image/png;base64,"))


def test_hostile_text_is_shown_as_text():
    """A hostile name appears in the page as its visible self."""
    shown = "".join(elements("<div>" + mimebundle(reports.hostile())["text/html"] + "</div>")[0].itertext())
    assert plain(reports.HOSTILE) in shown
    assert not set(shown) & set("\u202e\u2066\x1b")


def test_hostile_svg_is_one_document():
    """The picture of a hostile network is XML with the tags that we drew, and nothing else."""
    import xml.etree.ElementTree as ElementTree

    html = mimebundle(reports.hostile())["text/html"]
    for source in re.findall(r"data:image/svg\+xml;base64,([^']+)", html):
        tags = {element.tag.split("}")[1] for element in ElementTree.fromstring(base64.b64decode(source)).iter()}
        assert tags <= {"svg", "title", "desc", "rect", "path", "g", "text"}


def test_hostile_page():
    """A hostile heading and title stay text in the page that stands alone."""
    found = elements(page([(reports.HOSTILE, reports.hostile())], reports.HOSTILE, reports.HOSTILE))
    known = {
        "main",
        "h1",
        "h2",
        "nav",
        "ul",
        "li",
        "a",
        "section",
        "code",
        "math",
        "mtext",
        "mrow",
        "mi",
        "mo",
        "mtable",
        "mtr",
        "mtd",
    }
    assert {element.tag.split("}")[-1] for element in found} <= TAGS | known
    assert all(element.get("href", "#report-").startswith("#report-") for element in found)
    assert not any(name.startswith("on") for element in found for name in element.attrib)


def test_page_needs_no_network():
    """The page names no address."""
    text = page([("tutorial", reports.tutorial())], "Gradients")
    assert re.findall(r"(?:src|href)='(?!data:|#)", text) == []
    assert "prefers-color-scheme" in text and "http" not in re.sub(r"base64,[^']+", "", text)


def test_escape():
    """Quotes, tags, ampersands, controls, surrogates and bidi marks are all made harmless."""
    assert escape("<a b='c' d=\"e\">&\x00\ud800\u202a\u2069\ufeff") == (
        "&lt;a b=&#x27;c&#x27; d=&quot;e&quot;&gt;&amp;\\x00\\ud800\\u202a\\u2069\\ufeff"
    )
    assert escape("gr\u00fc\u00df \u4e2d\u6587 \u03b1\n\t") == "gr\u00fc\u00df \u4e2d\u6587 \u03b1\n\t"


@pytest.mark.parametrize("make", ALL)
def test_same_in_every_run(make):
    """Two bundles of one report are equal."""
    assert mimebundle(make()) == mimebundle(make())


def test_same_in_every_process():
    """The hash seed of the process does not show in the output."""
    code = (
        "import hashlib; from tests.views import reports; from msgrad_ext.views import mimebundle, page\n"
        "text = str(mimebundle(reports.tutorial())) + page([('a', reports.large())], 'b')\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


def test_verdict_comes_first():
    """The first words of the HTML are the verdict."""
    text = "".join(elements(mimebundle(reports.wrong())["text/html"])[0].itertext())
    assert text.startswith("\u2717 disagree 2 gradients")


def test_every_number_of_a_small_array_can_be_read():
    """Without colour each entry, its indices and its caption stand in the table."""
    html = array_html(Matrix("x", "Gradient by x", "input", reports.Y))
    table = elements(html)[0]
    assert [cell.text for cell in table.iter("td")][1:] == "0.11 3.3 1.1 1.1 0.2 1.4 1.1 2.2 0.3".split()
    assert [head.get("scope") for head in table.iter("th")] == ["col"] * 3 + ["row"] * 3
    assert table.find("caption").text == "Gradient by x"
    assert "x[0, 1] = 3.3" in [cell.get("title") for cell in table.iter("td")]


@pytest.mark.parametrize(
    ("shape", "tables", "images"),
    [((), 1, 0), ((16,), 1, 0), ((17,), 1, 1), ((16, 16), 1, 0), ((17, 2), 1, 1), ((6, 3, 3), 6, 0), ((7, 3, 3), 1, 1),
     ((2, 2, 3, 4), 4, 0), ((0, 3), 0, 0), ((2, 0, 3), 0, 0), ((1, 1, 1, 1), 1, 0), ((600, 2), 1, 1)],
)  # fmt: skip
def test_size_classes(shape, tables, images):
    """Small arrays are tables, slices are tables, large arrays are an image with a corner of numbers."""
    html = array_html(Matrix("x", "x", "d", np.arange(int(np.prod(shape)), dtype=float).reshape(shape)))
    assert (html.count("<table"), html.count("<img")) == (tables, images)


@pytest.mark.parametrize("kind", ["bool", "int64", "uint8", "float16", "complex64"])
def test_dtypes(kind):
    """Arrays of other dtypes are shown as well."""
    html = array_html(Matrix("x", "x", "d", np.array([[0, 1]], kind)))
    assert html.count("<td") == 3


def test_slices_show_the_right_entries():
    """Each slice of four axes has its own entries under their own indices."""
    value = np.arange(24.0).reshape(2, 1, 3, 4)
    html = array_html(Matrix("x", "x", "d", value))
    for index in np.ndindex(*value.shape):
        assert f"title='x[{', '.join(map(str, index))}] = {value[index]}'" in html


def decoded(content):
    """RGBA pixels of a PNG of ours, read by the format's own rules."""
    columns, rows = struct.unpack(">II", content[16:24])
    chunks, place = b"", 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", content[place + 8 + length : place + 12 + length])
        assert check == zlib.crc32(kind + body)
        chunks += body if kind == b"IDAT" else b""
        place += 12 + length
    lines = np.frombuffer(zlib.decompress(chunks), np.uint8).reshape(rows, 1 + 4 * columns)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(rows, columns, 4)


def test_png_keeps_its_pixels():
    """What goes into a PNG comes out of it."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    assert np.array_equal(decoded(png(pixels)), pixels)


def test_image_colours():
    """Hue tells the sign, opacity the size; zero is clear, what is not finite has a colour of its own."""
    content, shape, block = image(np.array([[2.0, -1.0], [0.0, np.nan]]))
    pixels = decoded(content)
    assert (shape, block) == ((48, 48), (1, 1))
    assert [tuple(pixel) for pixel in pixels[::24, ::24].reshape(4, 4)] == [
        (*POSITIVE, 255), (*NEGATIVE, 128), (*POSITIVE, 0), (*ODD, 255)
    ]  # fmt: skip


def test_no_outlier_is_lost():
    """In an array larger than the image, a single large entry still has the deepest pixel."""
    value = np.full((1000, 3), 0.01)
    value[777, 1] = -5.0
    content, shape, block = image(value)
    assert (shape, block) == ((250, 72), (4, 1))
    assert tuple(decoded(content)[777 // 4, 24]) == (*NEGATIVE, 255)


def test_montage_keeps_all_entries():
    """Tiles side by side hold every entry of the array once."""
    value = np.arange(1.0, 1 + 7 * 2 * 3).reshape(7, 2, 3)
    plane = montage(value)
    assert sorted(plane[plane > 0]) == sorted(value.ravel())
    assert np.array_equal(plane[:2, :3], value[0])


def luminance(rgb):
    parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(("paper", "ink"), [(255, 33), (17, 222), (30, 212)], ids=["light", "dark", "editor dark"])
@pytest.mark.parametrize("value", [1.0, 0.5, -1.0, -0.5, np.nan, np.inf])
def test_contrast(paper, ink, value):
    """Theme text on each colour has a contrast of at least 4.5 (WCAG AA), on light and on dark themes."""
    red, green, blue, alpha = map(float, re.findall(r"[\d.]+", colour(value, 1.0)))
    back = [alpha * c + (1 - alpha) * paper for c in (red, green, blue)]
    low, high = sorted((luminance(back), luminance([ink] * 3)))
    assert (high + 0.05) / (low + 0.05) >= 4.5
    assert alpha <= DEEPEST


def test_no_tex_and_no_typesetting():
    """The HTML holds no LaTeX, and asks MathJax to leave dollar signs alone."""
    html = mimebundle(reports.tutorial())["text/html"]
    assert "\\bar" not in html and "$" not in html
    assert html.startswith("<div class='tex2jax_ignore mathjax_ignore'")


def test_many_gradients_are_grouped_by_evidence():
    """Gradients with the same evidence share a line, which says how many there are."""
    shown = reports.Report(reports.result(*(reports.gradient(f"w{k}", np.ones(1)) for k in range(9))))
    table = next(part for part in build(shown).parts if getattr(part, "title", "") == "Agreement").parts[1]
    assert [row[0] for row in table.rows] == ["w0, w1, w2, w3 and 5 more"]


def test_no_gradients():
    """A report without gradients says so."""
    bundle = mimebundle(reports.Report(reports.result()))
    assert bundle["text/plain"].startswith("unchecked: no gradient was taken")

# Takes the text out of a document of an untrusted source.
# Request: format, bytes (base64). Answer: text (a form feed ends a page), or error.
import base64
import html.parser
import posixpath
import re
import subprocess
import zipfile
from xml.etree import ElementTree

# What a document may unpack to, in bytes.
MOST = 128 << 20
PATH = "/tmp/document"
PDF_PROGRAM = "/usr/bin/pdftotext"


class Unreadable(Exception):
    pass


def pdf():
    try:
        done = subprocess.run([PDF_PROGRAM, "-enc", "UTF-8", "-q", PATH, "-"], capture_output=True)
    except FileNotFoundError:
        raise Unreadable("PDF files can't be read here: install the package poppler-utils")
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Unreadable("the PDF can't be read: " + (reason[-1] if reason else f"status {done.returncode}"))
    return done.stdout.decode("utf-8", "replace")


class Package:
    """The XML files in a zipped document."""

    def __init__(self):
        try:
            self.archive = zipfile.ZipFile(PATH)
        except zipfile.BadZipFile:
            raise Unreadable("the document is damaged: it is no zip archive")
        if any(entry.flag_bits & 1 for entry in self.archive.infolist()):
            raise Unreadable("the document is encrypted")
        self.left = MOST

    def names(self, pattern):
        """In the order of their numbers."""
        found = [name for name in self.archive.namelist() if re.fullmatch(pattern, name)]
        return sorted(found, key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)])

    def bytes(self, name):
        try:
            with self.archive.open(name) as file:
                data = file.read(self.left + 1)
        except KeyError:
            raise Unreadable(f"the document is damaged: {name} is missing")
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
            raise Unreadable(f"the document is damaged: {error}")
        self.left -= len(data)
        if self.left < 0:
            raise Unreadable(f"the document unpacks to more than {MOST >> 20} MB")
        return data

    def tree(self, name):
        data = self.bytes(name)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise Unreadable("the document declares entities, which are not read")
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            raise Unreadable(f"the document is damaged: {error}")


def local(element):
    return element.tag.rpartition("}")[2]


def lines(root, paragraphs, texts, breaks=()):
    """The texts of each paragraph as a line. Paragraphs of one table row are divided by tabs."""
    out = []

    def walk(element, inside_row):
        name = local(element)
        is_row = name in ("tr", "table-row")
        if is_row:
            start = len(out)
        if name in texts and element.text:
            out.append(element.text)
        elif name in breaks:
            out.append("\t" if name == "tab" else "\n")
        elif name in paragraphs and element.text and "#text" in texts:
            out.append(element.text)
        for child in element:
            walk(child, inside_row or is_row)
            if "#text" in texts and child.tail and name in paragraphs + ("span", "a"):
                out.append(child.tail)
        if name in paragraphs:
            out.append("\t" if inside_row else "\n")
        if is_row:
            row = "".join(out[start:]).rstrip("\t")
            out[start:] = [row + "\n"]

    walk(root, False)
    return "".join(out)


def docx():
    root = Package().tree("word/document.xml")
    return lines(root, ("p",), ("t",), ("tab", "br", "cr"))


def pptx():
    package = Package()
    slides = package.names(r"ppt/slides/slide\d+\.xml")
    return "\f".join(lines(package.tree(name), ("p",), ("t",), ("br",)) for name in slides)


def xlsx():
    package = Package()
    shared = []
    if "xl/sharedStrings.xml" in package.archive.namelist():
        for item in package.tree("xl/sharedStrings.xml"):
            shared.append("".join(part.text or "" for part in item.iter() if local(part) == "t"))
    sheets = []
    for name in package.names(r"xl/worksheets/sheet\d+\.xml"):
        rows = []
        for row in package.tree(name).iter():
            if local(row) != "row":
                continue
            cells = []
            for cell in row:
                parts = {local(part): part for part in cell.iter()}
                text = parts["v"].text if "v" in parts else parts["t"].text if "t" in parts else ""
                if cell.get("t") == "s" and text and text.isdecimal() and int(text) < len(shared):
                    text = shared[int(text)]
                cells.append(text or "")
            rows.append("\t".join(cells))
        sheets.append("\n".join(rows) + "\n")
    return "\f".join(sheets)


def odt():
    root = Package().tree("content.xml")
    return lines(root, ("p", "h"), ("#text", "span", "a"), ("tab", "line-break"))


class Text(html.parser.HTMLParser):
    BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "section", "title"}

    def __init__(self):
        super().__init__()
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("script", "style", "head")

    def handle_endtag(self, tag):
        self.hidden = max(0, self.hidden - (tag in ("script", "style", "head")))
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def epub():
    package = Package()
    container = package.tree("META-INF/container.xml")
    root = next((item.get("full-path") for item in container.iter() if local(item) == "rootfile"), None)
    if root is None:
        raise Unreadable("the document is damaged: its container names no content")
    content = package.tree(root)
    items = {item.get("id"): item.get("href") for item in content.iter() if local(item) == "item"}
    chapters = []
    for reference in content.iter():
        if local(reference) != "itemref" or not items.get(reference.get("idref")):
            continue
        name = posixpath.normpath(posixpath.join(posixpath.dirname(root), items[reference.get("idref")]))
        text = Text()
        text.feed(package.bytes(name).decode("utf-8", "replace"))
        chapters.append("".join(text.parts))
    return "\f".join(chapters)


def work(request):
    with open(PATH, "wb") as file:
        file.write(base64.b64decode(request["bytes"]))
    try:
        readers = {"pdf": pdf, "docx": docx, "pptx": pptx, "xlsx": xlsx, "odt": odt, "epub": epub}
        return {"text": readers[request["format"]]()}
    except Unreadable as error:
        return {"error": str(error)}
    except RecursionError:
        return {"error": "the document is nested too deeply"}

# Takes the text out of a document of an untrusted source. Headings become those of Markdown.
# Request: format, bytes (base64). Answer: text (a form feed ends a page), or error.
import base64
import html.parser
import os
import posixpath
import re
import subprocess
import time
import zipfile
from xml.etree import ElementTree

# What a document may unpack to, in bytes.
MOST = 128 << 20
PATH = "/tmp/document"
PDF_PROGRAM = "/usr/bin/pdftotext"
PDF_INFO_PROGRAM = "/usr/bin/pdfinfo"
PDF_IMAGE_PROGRAM = "/usr/bin/pdftoppm"
OCR_PROGRAM = "/usr/bin/tesseract"
MOST_PAGES = 5000
# Reading one takes about a second.
MOST_SCANNED_PAGES = 60
# The seconds for scans, of the 120 of a document.
SCAN_TIME = 90


class Unreadable(Exception):
    pass


def call(program, arguments, package, what):
    """The output of a program, and the last line that it complains with if it failed."""
    environment = {"PATH": "/usr/bin:/bin", "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run([program, *arguments], capture_output=True, env=environment)
    except FileNotFoundError:
        raise Unreadable(f"{what} can't be read here: install the package {package}")
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return done.stdout.decode("utf-8", "replace"), None if done.returncode == 0 else (lines or [f"status {done.returncode}"])[-1]


def pdf():
    information, _ = call(PDF_INFO_PROGRAM, [PATH], "poppler-utils", "PDF files")
    count = re.search(r"^Pages:\s+(\d+)", information, re.MULTILINE)
    pages = int(count[1]) if count else 0
    if pages > MOST_PAGES:
        raise Unreadable(f"the PDF has {pages} pages, more than the {MOST_PAGES} that are read: divide it")
    text, error = call(PDF_PROGRAM, ["-enc", "UTF-8", "-q", PATH, "-"], "poppler-utils", "PDF files")
    if error:
        raise Unreadable("the PDF can't be read: " + error)
    if text.strip() or not pages:
        return text
    return scanned_pdf(pages)


def scanned_pdf(pages):
    """The text of a PDF that has images alone."""
    if not os.path.exists(OCR_PROGRAM):
        raise Unreadable("the PDF has no text, but images: install the package tesseract-ocr to read those")
    if pages > MOST_SCANNED_PAGES:
        raise Unreadable(f"the PDF has {pages} scanned pages, more than the {MOST_SCANNED_PAGES} that are read: divide it")
    texts, end = [], time.monotonic() + SCAN_TIME
    for page in range(1, pages + 1):
        if time.monotonic() > end:
            raise Unreadable(f"its scanned pages take too long to read: divide it after page {page - 1}")
        number = str(page)
        _, error = call(
            PDF_IMAGE_PROGRAM, ["-f", number, "-l", number, "-scale-to", "2500", "-gray", "-png", "-singlefile", PATH, "/tmp/page"],
            "poppler-utils", "PDF files")
        if error:
            raise Unreadable("the PDF can't be read: " + error)
        texts.append(recognised("/tmp/page.png"))
    return "\f".join(texts)


def image():
    return recognised(PATH)


def recognised(path):
    text, error = call(OCR_PROGRAM, [path, "-", "-l", languages()], "tesseract-ocr", "images")
    if error:
        raise Unreadable("the image can't be read: " + error)
    return text.replace("\f", "")


def languages():
    """All that are installed but those for the direction of the page and for formulas."""
    listed, _ = call(OCR_PROGRAM, ["--list-langs"], "tesseract-ocr", "images")
    names = [name for name in listed.splitlines()[1:] if name not in ("osd", "equ")]
    return "+".join(names[:4]) or "eng"


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


def level_in_word(paragraph):
    """The level of a heading; 0 for other paragraphs."""
    for style in paragraph.iter():
        if local(style) == "pStyle":
            name = next((value for key, value in style.attrib.items() if key.rpartition("}")[2] == "val"), "")
            if name == "Title":
                return 1
            found = re.fullmatch(r"(?i)heading\s?([1-6])", name)
            return int(found[1]) if found else 0
    return 0


def level_in_slide(paragraphs_of_titles):
    return lambda paragraph: 1 if paragraph in paragraphs_of_titles else 0


def level_in_open_document(paragraph):
    if local(paragraph) != "h":
        return 0
    level = next((value for key, value in paragraph.attrib.items() if key.rpartition("}")[2] == "outline-level"), "1")
    return min(6, int(level)) if level.isdecimal() and int(level) else 1


def lines(root, paragraphs, texts, breaks=(), level=lambda paragraph: 0):
    """The texts of each paragraph as a line. Paragraphs of one table row are divided by tabs."""
    out = []

    def walk(element, inside_row):
        name = local(element)
        is_row = name in ("tr", "table-row")
        if is_row or name in paragraphs:
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
            depth = 0 if inside_row else level(element)
            if depth and "".join(out[start:]).strip():
                out.insert(start, "#" * depth + " ")
            out.append("\t" if inside_row else "\n")
        if is_row:
            row = "".join(out[start:]).rstrip("\t")
            out[start:] = [row + "\n"]

    walk(root, False)
    return "".join(out)


def docx():
    root = Package().tree("word/document.xml")
    return lines(root, ("p",), ("t",), ("tab", "br", "cr"), level_in_word)


def pptx():
    package = Package()
    names = set(package.archive.namelist())
    slides = []
    for name in package.names(r"ppt/slides/slide\d+\.xml"):
        root = package.tree(name)
        titles = set()
        for shape in root.iter():
            if local(shape) == "sp" and any(local(part) == "ph" and part.get("type") in ("title", "ctrTitle") for part in shape.iter()):
                titles.update(part for part in shape.iter() if local(part) == "p")
        text = lines(root, ("p",), ("t",), ("br",), level_in_slide(titles))
        notes = notes_of(package, name, names)
        if notes.strip():
            text += "\nNotes:\n" + notes
        slides.append(text)
    return "\f".join(slides)


def notes_of(package, slide, names):
    """What the speaker wrote below a slide."""
    relations = f"ppt/slides/_rels/{posixpath.basename(slide)}.rels"
    if relations not in names:
        return ""
    for relation in package.tree(relations):
        if (relation.get("Type") or "").endswith("/notesSlide"):
            name = posixpath.normpath(posixpath.join("ppt/slides", relation.get("Target") or ""))
            if name in names:
                root = package.tree(name)
                # The number of the slide is a field.
                for parent in list(root.iter()):
                    for child in [child for child in parent if local(child) == "fld"]:
                        parent.remove(child)
                return lines(root, ("p",), ("t",), ("br",))
    return ""


def xlsx():
    package = Package()
    names = package.archive.namelist()
    shared = []
    if "xl/sharedStrings.xml" in names:
        for item in package.tree("xl/sharedStrings.xml"):
            shared.append("".join(part.text or "" for part in item.iter() if local(part) == "t"))
    titles = []
    if "xl/workbook.xml" in names:
        titles = [sheet.get("name") for sheet in package.tree("xl/workbook.xml").iter() if local(sheet) == "sheet"]
    sheets = []
    for index, name in enumerate(package.names(r"xl/worksheets/sheet\d+\.xml")):
        rows = [f"# {titles[index]}"] if index < len(titles) and titles[index] else []
        for row in package.tree(name).iter():
            if local(row) != "row":
                continue
            rows.append("\t".join(cells(row, shared)))
        sheets.append("\n".join(rows) + "\n")
    return "\f".join(sheets)


def cells(row, shared):
    """The texts of a row, with empty ones for the cells that are left out."""
    found = []
    for cell in row:
        letters = re.match(r"[A-Z]{1,3}", cell.get("r") or "")
        if letters:
            column = 0
            for letter in letters[0]:
                column = column * 26 + ord(letter) - 64
            found += [""] * (min(column - 1, 1000) - len(found))
        parts = {local(part): part for part in cell.iter()}
        text = parts["v"].text if "v" in parts else parts["t"].text if "t" in parts else ""
        if cell.get("t") == "s" and text and text.isdecimal() and int(text) < len(shared):
            text = shared[int(text)]
        found.append(text or "")
    return found


def odt():
    root = Package().tree("content.xml")
    return lines(root, ("p", "h"), ("#text", "span", "a"), ("tab", "line-break"), level_in_open_document)


class Text(html.parser.HTMLParser):
    BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "section", "title"}

    def __init__(self):
        super().__init__()
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("script", "style", "head")
        if re.fullmatch("h[1-6]", tag):
            self.parts.append("\n" + "#" * int(tag[1]) + " ")

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
        readers = {"pdf": pdf, "docx": docx, "pptx": pptx, "xlsx": xlsx, "odt": odt, "epub": epub, "image": image}
        return {"text": readers[request["format"]]()}
    except Unreadable as error:
        return {"error": str(error)}
    except RecursionError:
        return {"error": "the document is nested too deeply"}

"""Uploads to folders through the published clients: real documents, and bodies that are too large."""

import io
import socket
import subprocess
import zipfile
from urllib.parse import urlsplit

import pytest

import harness
from steps import EMBEDDING, fresh, refused, until

pytestmark = pytest.mark.clients

TEXT = "\n".join(f"Line {n} tells of the harbour of Porto." for n in range(1, 121))


def make_folder(client):
    return client.create_folder(name=fresh("folder"), embedding=EMBEDDING).id


def read(client, folder, file):
    """The file when its text has been read."""
    return until(
        lambda: next(one for one in client.files_of_folder(folder, include_content=True) if one.id == file),
        lambda found: found.processing_status in ("completed", "error"))


def pdf(text, pages=1):
    """A PDF of pages that are alike."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    kids = b" ".join(b"%d 0 R" % (5 + page) for page in range(pages))
    return pdf_of([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ] + pages * [
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
    ])


def scan(text, folder):
    """An image of a page with this text, and a PDF that has that image alone."""
    (folder / "page.pdf").write_bytes(pdf(text))
    subprocess.run(["pdftoppm", "-r", "100", "-jpeg", "-singlefile", folder / "page.pdf", folder / "page"], check=True)
    image = (folder / "page.jpg").read_bytes()
    return image, pdf_of([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
        b"<< /Length 27 >>\nstream\nq 612 0 0 792 0 0 cm /I Do Q\nendstream",
        b"<< /Type /XObject /Subtype /Image /Width 850 /Height 1100 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode "
        b"/Length %d >>\nstream\n%s\nendstream" % (len(image), image),
    ])


def pdf_of(objects):
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table
            + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(out)))


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCX = zipped(**{"word/document.xml": f'<w:document xmlns:w="{WORDS}"><w:body><w:p><w:r><w:t>Porto has a </w:t></w:r><w:r><w:t>harbour'
                 "</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p>"
                 "</w:tc></w:tr></w:tbl></w:body></w:document>"})
XLSX = zipped(**{"xl/workbook.xml": '<workbook><sheets><sheet name="Ports"/></sheets></workbook>',
                 "xl/sharedStrings.xml": "<sst><si><t>Porto</t></si></sst>",
                 "xl/worksheets/sheet1.xml": '<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="C1"><v>7</v></c></row></sheetData>'
                 "</worksheet>"})
SLIDES = 'xmlns:p="presentation" xmlns:a="drawing"'
PPTX = zipped(**{
    "ppt/slides/slide1.xml": f'<p:sld {SLIDES}><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>Harbours</a:t></a:r></a:p></p:sp>'
    "<p:sp><a:p><a:r><a:t>Porto</a:t></a:r></a:p></p:sp></p:sld>",
    "ppt/slides/_rels/slide1.xml.rels": '<r><Relationship Type="x/notesSlide" Target="../notesSlides/notesSlide1.xml"/></r>',
    "ppt/notesSlides/notesSlide1.xml": f"<p:notes {SLIDES}><a:p><a:r><a:t>speak slowly</a:t></a:r></a:p></p:notes>"})
EPUB = zipped(**{"META-INF/container.xml": '<c><rootfile full-path="book/c.opf"/></c>',
                 "book/c.opf": '<p><item id="a" href="a.html"/><itemref idref="a"/></p>',
                 "book/a.html": "<html><body><h1>Harbours</h1><p>Porto</p></body></html>"})
ODT = zipped(**{"content.xml": '<o xmlns:t="text"><t:h t:outline-level="2">Harbours</t:h><t:p>Porto is <t:span>old</t:span></t:p></o>'})
BOMB = zipped(**{"word/document.xml": "<a>" + "x" * (300 << 20)})
ENTITIES = zipped(**{"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})


def test_a_text_is_read_and_listed(client, server):
    folder = make_folder(client)
    made = client.upload(folder, "harbour.txt", TEXT.encode())
    assert (made.original_file_name, made.file_size, made.processing_status) == ("harbour.txt", len(TEXT), "parsing")
    file = read(client, folder, made.id)
    assert (file.content, file.processing_status, file.total_chunks) == (TEXT, "completed", file.chunks_embedded)
    server.restart()
    assert [one.id for one in client.files_of_folder(folder)] == [made.id]
    with refused(client, 404):
        client.upload("source-00000000-0000-4000-8000-000000000000", "a.txt", b"x")


@pytest.mark.parametrize("name, data, text", [
    ("a.pdf", pdf("Porto has a harbour"), "Porto has a harbour"), ("a.docx", DOCX, "Porto has a harbour\na\tb\n"),
    ("a.xlsx", XLSX, "# Ports\nPorto\t\t7\n"), ("a.pptx", PPTX, "# Harbours\nPorto\n\nNotes:\nspeak slowly"),
    ("a.epub", EPUB, "# Harbours\nPorto"), ("a.odt", ODT, "## Harbours\nPorto is old"), ("latin.txt", "caf\u00e9".encode("latin-1"), "caf\u00e9"),
])
def test_documents_become_texts(client, name, data, text):
    folder = make_folder(client)
    file = read(client, folder, client.upload(folder, name, data).id)
    assert file.processing_status == "completed", file.error_message
    assert text in file.content


def test_images_and_scanned_pages_are_recognised(client, tmp_path):
    folder = make_folder(client)
    image, document = scan("The harbour is very old", tmp_path)
    for name, data in (("scan.jpg", image), ("scan.pdf", document)):
        file = read(client, folder, client.upload(folder, name, data).id)
        assert file.processing_status == "completed", file.error_message
        assert "harbour is very old" in file.content


@pytest.mark.parametrize("name, data, reason", [
    ("long.pdf", pdf("x", 5001), "5001 pages"), ("broken.png", b"\x89PNG nothing", "image"),
    ("broken.pdf", b"%PDF-1.4 nothing", "PDF"), ("bomb.docx", BOMB, "unpacks to more"), ("entities.docx", ENTITIES, "entities"),
    ("broken.docx", b"no zip", "no zip archive"), ("binary.txt", b"\0\1", "no text"),
])
def test_what_can_not_be_read_says_why(client, name, data, reason):
    folder = make_folder(client)
    file = read(client, folder, client.upload(folder, name, data).id)
    assert file.processing_status == "error" and reason in file.error_message
    assert read(client, folder, client.upload(folder, "next.txt", b"fine").id).content == "fine"


def test_a_body_of_500_mb_is_refused_before_it_is_sent(client, server):
    folder = make_folder(client)
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=harness.PATIENCE) as connection:
        connection.sendall((
            f"POST /v1/folders/{folder}/upload HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500000000\r\n\r\n").encode())
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]

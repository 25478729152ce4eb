"""Uploads to folders through the published clients: real documents, and bodies that are too large."""

import io
import socket
import time
import zipfile
from urllib.parse import urlsplit

import pytest

from steps import EMBEDDING, fresh, refused

pytestmark = pytest.mark.clients

TEXT = "\n".join(f"Line {n} tells of the harbour of Porto." for n in range(1, 121))


def make_folder(client):
    return client.create_folder(name=fresh("folder"), embedding=EMBEDDING).id


def read(client, folder, file):
    """The file when its text has been read."""
    deadline = time.monotonic() + 60
    while True:
        found, = (one for one in client.files_of_folder(folder, include_content=True) if one.id == file)
        if found.processing_status in ("completed", "error"):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def pdf(text):
    """A PDF of one page."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)


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
XLSX = zipped(**{"xl/sharedStrings.xml": "<sst><si><t>Porto</t></si></sst>",
                 "xl/worksheets/sheet1.xml": '<worksheet><sheetData><row><c t="s"><v>0</v></c><c><v>7</v></c></row></sheetData></worksheet>'})
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
    ("a.xlsx", XLSX, "Porto\t7\n"), ("latin.txt", "caf\u00e9".encode("latin-1"), "caf\u00e9"),
])
def test_documents_become_texts(client, name, data, text):
    folder = make_folder(client)
    file = read(client, folder, client.upload(folder, name, data).id)
    assert file.processing_status == "completed", file.error_message
    assert text in file.content


@pytest.mark.parametrize("name, data, reason", [
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
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall((
            f"POST /v1/folders/{folder}/upload HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500000000\r\n\r\n").encode())
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]

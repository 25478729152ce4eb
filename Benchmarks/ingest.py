"""How fast a folder takes in a text with the local embedding model, beside the bare speed of that model.

    LETTA_SERVER_BINARY=… .build-venv-v1/bin/python Benchmarks/ingest.py FOLDER [KILOBYTES]

FOLDER is a data folder with the models installed (`letta-server models install --data-dir FOLDER`). The bare speed is that of the same
process of llama-server, which gets the same passages, in batches of the same size, from here.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

import harness  # noqa: E402
import httpx  # noqa: E402

BATCH = 32
WORDS = ("harbour boat lamp engine village winter letter bridge garden stone river market teacher window music station "
         "colour paper doctor summer ticket bread forest island travel number kitchen morning question answer").split()


def prose(kilobytes, source):
    lines, size = [], 0
    while size < kilobytes * 1024:
        words = [source.choice(WORDS) for _ in range(source.randint(6, 18))]
        lines.append(" ".join(words).capitalize() + "." + ("\n\n" if source.random() < 0.15 else ""))
        size += len(lines[-1]) + 1
    return " ".join(lines)


def ingest(server, text):
    """The seconds until the file is complete, and its passages."""
    with httpx.Client(base_url=server.url, timeout=600) as http:
        folder = http.post("/v1/folders/", json={"name": "ingest", "embedding": "letta-local/all-minilm-l6-v2"}).raise_for_status().json()["id"]
        # The model is loaded before the time counts.
        warm = http.post(f"/v1/folders/{folder}/upload", files={"file": ("warm.txt", b"A warm-up.", "text/plain")}).json()["id"]
        done(http, folder, warm)
        start = time.monotonic()
        file = http.post(f"/v1/folders/{folder}/upload", files={"file": ("text.txt", text.encode(), "text/plain")}).json()["id"]
        done(http, folder, file)
        taken = time.monotonic() - start
        passages, cursor = [], None
        while page := http.get(f"/v1/folders/{folder}/passages", params={"limit": 1000, **({"after": cursor} if cursor else {})}).json():
            passages += [each["text"] for each in page if each["file_id"] == file]
            cursor = page[-1]["id"]
        return taken, passages


def done(http, folder, file):
    while True:
        state = http.get(f"/v1/folders/{folder}/files/{file}").json()
        if state["processing_status"] == "error" or state["error_message"]:
            raise SystemExit(f"the file was not embedded: {state['error_message']}")
        if state["processing_status"] == "completed":
            return
        time.sleep(0.02)


def bare(socket, passages):
    """The seconds that the model takes for the passages."""
    with httpx.Client(base_url="http://localhost", transport=httpx.HTTPTransport(uds=str(socket)), timeout=600) as http:
        start = time.monotonic()
        for index in range(0, len(passages), BATCH):
            http.post("/v1/embeddings", json={"input": passages[index:index + BATCH], "model": "m"}).raise_for_status()
        return time.monotonic() - start


def main():
    models, kilobytes = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 400
    text = prose(kilobytes, random.Random(7))
    with tempfile.TemporaryDirectory() as folder:
        server = harness.Server(Path(folder) / "server", database=False)
        server.data.mkdir()
        for name in ("models", "runtime"):
            (server.data / name).symlink_to(models / name)
        try:
            server.start()
            taken, passages = ingest(server, text)
            socket = next((server.data / "run").glob("*embedding*.sock"))
            alone = bare(socket, passages)
        finally:
            server.close()
    megabytes = len(text.encode()) / 1e6
    print(f"{megabytes:.2f} MB, {len(passages)} passages")
    print(f"folder {megabytes / taken:.4f} MB/s ({taken:.1f} s), bare model {megabytes / alone:.4f} MB/s ({alone:.1f} s), "
          f"ratio of the times {taken / alone:.2f}")


main()

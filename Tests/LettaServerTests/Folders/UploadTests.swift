import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Files that clients upload, and what becomes of them.
@Suite(.timeLimit(.minutes(2))) struct UploadTests {
    private static let lines = (1...120).map { "Line \($0) of the document about apples and number \($0 * 7)." }
        .joined(separator: "\n")

    private func seed(_ server: TestServer) async throws -> String {
        try await server.run([
            .post("/v1/folders/", ["name": "docs", "embedding": "openai/text-embedding-3-small"], expect: 200)
                .keep("docs")
        ])
        return server["docs"]
    }

    @Test(arguments: Engines.all) func `a file is uploaded, read and searched`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let folder = try await seed(server)
            let answer = try await server.upload("apples.txt", Self.lines, to: folder)
            #expect(answer.status == 200)
            #expect(
                answer.json.differences(from: [
                    "file_name": "docs/apples.txt", "original_file_name": "apples.txt", "file_type": "text/plain",
                    "file_size": .int(Int64(Self.lines.utf8.count)), "processing_status": "parsing",
                    "source_id": .string(folder), "total_chunks": nil, "content": nil,
                ]) == [])
            let id = try #require(answer.json["id"]?.string)
            let file = try await server.readFile(id, in: folder)
            #expect(
                file.differences(from: [
                    "file_name": "apples.txt", "processing_status": "completed", "error_message": nil,
                    "content": .string(Self.lines),
                ]) == [])
            #expect(file["total_chunks"] == file["chunks_embedded"])
            try await server.restart()
            try await server.run([
                .get("/v1/folders/{docs}/files", expect: 200, [["id": .string(id), "processing_status": "completed"]]),
                .get("/v1/folders/{docs}/metadata", expect: 200, ["file_count": 1]),
                .get("/v1/jobs/", expect: 200, [["status": "completed", "metadata": ["file_id": .string(id)]]]),
                .get("/v1/folders/source-\(nobody)/files", expect: 404),
            ])
            let passages = try await server.get("/v1/folders/\(folder)/passages?order=asc").json.array ?? []
            #expect(passages.count == file["total_chunks"]?.int.map(Int.init))
            var end = 0
            for passage in passages {
                let start = try #require(passage["metadata"]?["start"]?.int.map(Int.init))
                #expect(start <= end + 1, "nothing but line feeds is left out")
                end = try #require(passage["metadata"]?["end"]?.int.map(Int.init))
                #expect(passage["text"]?.string?.utf8.elementsEqual(Array(Self.lines.utf8)[start..<end]) == true)
            }
            #expect(end == Self.lines.utf8.count)
            #expect(passages.first?["file_name"] == "docs/apples.txt")
            #expect(passages.first?["metadata"]?["start"] == 0)
            #expect(try await server.upload("a.txt", "x", to: "source-\(nobody)").status == 404)
        }
    }

    @Test func `a file of the same name is numbered, kept, refused or replaced`() async throws {
        try await withServer(on: .sqlite) { server in
            let folder = try await seed(server)
            let first = try await server.upload("a.txt", "one", to: folder).json["id"]
            #expect(try await server.upload("a.txt", "two", to: folder).json["file_name"] == "docs/a_(1).txt")
            #expect(try await server.upload("x/a.txt", "two", to: folder).json["file_name"] == "docs/a_(2).txt")
            let kept = try await server.upload("a.txt", "two", to: folder, "?duplicate_handling=skip").json
            #expect(kept["id"] == first && kept["file_name"] == "docs/a.txt")
            let refused = try await server.upload("a.txt", "two", to: folder, "?duplicate_handling=error")
            #expect(refused.status == 400)
            #expect(
                refused.json["detail"] == "INVALID_ARGUMENT: File 'a.txt' already exists in folder 'docs'")
            let new = try await server.upload("a.txt", "new", to: folder, "?duplicate_handling=replace").json
            #expect(new["file_name"] == "docs/a.txt" && new["id"] != first)
            #expect(try await server.upload("a.txt", "x", to: folder, "?duplicate_handling=zzz").status == 422)
            let named = try await server.upload("orig.md", "m", to: folder, "?name=renamed.md").json
            #expect(named["file_name"] == "docs/renamed.md" && named["original_file_name"] == "orig.md")
            try await server.run([
                .get("/v1/folders/{docs}/files", expect: 200, .elements(4)),
                .get("/v1/folders/{docs}/files?order=asc&limit=1", expect: 200, .elements(1)),
            ])
            let id = try #require(new["id"]?.string)
            #expect(try await server.readFile(id, in: folder)["content"] == "new")
            let left = try await server.storage.read { db in
                try db.row("SELECT COUNT(*) AS count FROM file_upload_part WHERE file_id = \(first?.string ?? "")")
            }
            #expect(try left?["count"] as Int? == 0)
        }
    }

    @Test func `what is no file of a known type is refused`() async throws {
        try await withServer(on: .sqlite) { server in
            let folder = try await seed(server)
            let image = try await server.upload("x.mp4", [1, 2, 3], to: folder, type: "video/mp4")
            #expect(image.status == 415)
            let told = image.json["detail"]?.string ?? ""
            #expect(told.hasPrefix("Unsupported file type: video/mp4 (filename: x.mp4)."))
            try await server.run([.post("/v1/folders/{docs}/upload", [:], expect: 422).field("file")])
            let form = TestCaller.v1.with("Content-Type", "multipart/form-data; boundary=edge")
            let broken = try await server.send(
                .post, "/v1/folders/\(folder)/upload",
                bytes: Array(
                    "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx".utf8),
                as: form)
            #expect(broken.status == 400)
            let empty = try await server.send(
                .post, "/v1/folders/\(folder)/upload", bytes: Array("--edge--\r\n".utf8), as: form)
            #expect(empty.status == 422)
            try await server.run([.get("/v1/folders/{docs}/files", expect: 200, [])])
            let parts = try await server.storage.read { db in
                try db.row("SELECT COUNT(*) AS count FROM file_upload_part")
            }
            #expect(try parts?["count"] as Int? == 0)
        }
    }

    /// A thousand with the long tests.
    @Test func `many files of one name are read one after the other, and the broken ones fail alone`() async throws {
        let count = TestRun.isLong ? 1_000 : 40
        try await withServer(on: .sqlite) { server in
            let folder = try await seed(server)
            for number in 0..<count {
                let bytes = number % 10 == 9 ? [0, 1] : Array("File \(number) is about zebra\(number).".utf8)
                try await server.upload("same.txt", bytes, to: folder).expect(200)
            }
            let files = try await server.get("/v1/folders/\(folder)/files?limit=1000&order=asc").json.array ?? []
            #expect(files.count == count)
            #expect(Set(files.compactMap { $0["file_name"]?.string }).count == count)
            var failed = 0
            for file in files {
                let read = try await server.readFile(file["id"]?.string ?? "", in: folder)
                if read["processing_status"] == "error" { failed += 1 }
            }
            #expect(failed == count / 10)
            let passages = try await server.get("/v1/folders/\(folder)/passages?limit=1000").json.array ?? []
            #expect(passages.count == count - failed)
        }
    }

    @Test func `a file that can't be read says why, and the next one is read`() async throws {
        try await withServer(on: .sqlite) { server in
            let folder = try await seed(server)
            let bad = try await server.upload("x.txt", [0, 1, 2], to: folder).json["id"]?.string ?? ""
            let zip = try await server.upload("x.docx", Array("no zip".utf8), to: folder).json["id"]?.string ?? ""
            let good = try await server.upload("y.txt", "fine", to: folder).json["id"]?.string ?? ""
            #expect(try await server.readFile(good, in: folder)["processing_status"] == "completed")
            let binary = try await server.readFile(bad, in: folder)
            #expect(binary["processing_status"] == "error")
            #expect(binary["error_message"] == "The file can't be read: it is no text, but binary data.")
            let document = try await server.readFile(zip, in: folder)
            #expect(document["error_message"]?.string?.contains("it is no zip archive") == true)
            let empty = try await server.upload("e.txt", "", to: folder).json["id"]?.string ?? ""
            #expect(try await server.readFile(empty, in: folder)["processing_status"] == "completed")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a file that was being read when the server died is read again`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let folder = try await seed(server)
            let id = try await server.upload("a.txt", Self.lines, to: folder).json["id"]?.string ?? ""
            let before = try await server.readFile(id, in: folder)
            // As a server leaves it that dies in the middle.
            try await server.storage.write { db in
                _ = try db.execute("UPDATE folder_file SET processing_status = 'embedding', chunks_embedded = 1")
                _ = try db.execute(
                    """
                    INSERT INTO file_upload (organization_id, file_id, folder_id, job_id, user_id, created_at)
                    SELECT folder_file.organization_id, folder_file.id, folder_id, 'job-x', 'user-x', 1 FROM folder_file
                    """)
                let bytes = Array(Self.lines.utf8)
                _ = try db.execute(
                    """
                    INSERT INTO file_upload_part (organization_id, file_id, position, bytes)
                    SELECT organization_id, id, 0, \(bytes) FROM folder_file
                    """)
            }
            try await server.restart()
            let after = try await server.readFile(id, in: folder)
            #expect(after["processing_status"] == "completed")
            #expect(after["chunks_embedded"] == before["total_chunks"])
            let passages = try await server.get("/v1/folders/\(folder)/passages").json.array ?? []
            #expect(passages.count == before["total_chunks"]?.int.map(Int.init))
        }
    }
}

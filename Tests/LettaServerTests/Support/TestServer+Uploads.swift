import JSON
import LettaAPI
import TestSupport
import Testing

extension TestServer {
    /// Uploads a file as clients do.
    func upload(
        _ name: String, _ bytes: [UInt8], to folder: String, _ query: String = "", type: String = "text/plain"
    ) async throws -> Answer {
        let head =
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
            + "Content-Type: \(type)\r\n\r\n"
        let caller = TestCaller.v1.with("Content-Type", "multipart/form-data; boundary=edge")
        return try await send(
            .post, "/v1/folders/\(folder)/upload\(query)", bytes: head.utf8 + bytes + Array("\r\n--edge--\r\n".utf8),
            as: caller)
    }

    func upload(_ name: String, _ text: String, to folder: String, _ query: String = "") async throws -> Answer {
        try await upload(name, Array(text.utf8), to: folder, query)
    }

    /// The file when its text has been read.
    func readFile(_ id: String, in folder: String) async throws -> JSONValue {
        while true {
            let file = try await get("/v1/folders/\(folder)/files/\(id)?include_content=true").json
            guard ["pending", "parsing", "embedding"].contains(file["processing_status"]?.string) else { return file }
        }
    }

    /// The first folder of an agent that came with a file, and its first file, when that has been divided and embedded again.
    func importedFile(of agent: String) async throws -> (folder: String, file: String) {
        let folder = try await get("/v1/agents/\(agent)/folders").json[0]?["id"]?.string ?? ""
        let file = try await get("/v1/folders/\(folder)/files").json[0]?["id"]?.string ?? ""
        _ = try await readFile(file, in: folder)
        return (folder, file)
    }
}

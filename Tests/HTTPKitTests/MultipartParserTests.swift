import LettaAPI
import Testing

@testable import HTTPKit

@Suite struct MultipartParserTests {
    private static let contentType = "multipart/form-data; boundary=\"a b\""
    private static let body =
        "--a b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
        + "--a b \r\nContent-Disposition: form-data; name=\"file\"; filename=\"x;\\\"y\\\".txt\"\r\n"
        + "Content-Type: text/plain\r\n\r\nline\r\n--a cx\r\n-\r\n\r\n--a b--\r\nafter"

    private func read(_ body: String, inPiecesOf size: Int) throws -> (parts: [MultipartPart], texts: [String]) {
        var parser = try MultipartParser(contentType: Self.contentType)
        var parts: [MultipartPart] = []
        var texts: [String] = []
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            for event in try parser.read(bytes[start..<min(start + size, bytes.count)]) {
                switch event {
                case .part(let part):
                    parts.append(part)
                    texts.append("")
                case .bytes(let bytes): texts[texts.count - 1] += String(decoding: bytes, as: UTF8.self)
                case .end: texts[texts.count - 1] += "|"
                }
            }
        }
        #expect(parser.isAtEnd)
        return (parts, texts)
    }

    @Test(arguments: 1...40) func `the parts are the same, however the body is cut`(_ size: Int) throws {
        let (parts, texts) = try read(Self.body, inPiecesOf: size)
        var note = MultipartPart()
        note.name = "note"
        var file = MultipartPart()
        file.name = "file"
        file.fileName = "x;\"y\".txt"
        file.contentType = "text/plain"
        #expect(parts == [note, file])
        #expect(texts == ["hello|", "line\r\n--a cx\r\n-\r\n|"])
    }

    @Test func `names in UTF-8 win`() throws {
        let body =
            "--a b\r\ncontent-disposition: form-data; name=file; filename=\"x\"; filename*=UTF-8''%C3%A4.txt\r\n\r\n\r\n--a b--"
        #expect(try read(body, inPiecesOf: 1_000).parts[0].fileName == "ä.txt")
    }

    @Test(arguments: [nil, "", "application/json", "multipart/form-data", "multipart/mixed; boundary=a"])
    func `other bodies are no forms`(_ contentType: String?) {
        #expect(throws: MultipartFailure.notAForm) { try MultipartParser(contentType: contentType) }
    }

    @Test func `a body without an end is told`() throws {
        var parser = try MultipartParser(contentType: Self.contentType)
        _ = try parser.read(Self.body.utf8.dropLast(10))
        #expect(!parser.isAtEnd)
    }

    @Test(arguments: [
        String(repeating: "x", count: 20_000), "--a b\r\n" + String(repeating: "h", count: 20_000),
        "--a bb\r\n", "--a b" + String(repeating: " ", count: 20_000),
    ])
    func `a body that never gets to a part is refused`(_ body: String) throws {
        var parser = try MultipartParser(contentType: Self.contentType)
        #expect(throws: MultipartFailure.self) { try parser.read(body.utf8) }
    }
}

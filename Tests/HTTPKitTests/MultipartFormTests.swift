import LettaAPI
import Testing

@testable import HTTPKit

@Suite struct MultipartFormTests {
    private func parts(_ body: String) throws -> [String] {
        try MultipartForm.parts(Array(body.utf8), boundary: "b").map { "\($0.name)/\($0.fileName ?? "-")=\($0.text)" }
    }

    @Test func `parts are read with their names and bytes`() throws {
        let head = "Content-Disposition: form-data; name="
        #expect(
            try parts(
                "--b\r\n\(head)\"a\"\r\n\r\n1\r\n--b\r\n\(head)\"f\"; filename=\"x.af\"\r\nContent-Type: t\r\n\r\n\r\n--c\r\n\r\n--b--\r\n"
            ) == ["a/-=1", "f/x.af=\r\n--c\r\n"])
        #expect(try parts("--b\r\n\(head)a\r\n\r\n\r\n--b--") == ["a/-="])
        #expect(MultipartForm.boundary("multipart/form-data; boundary=\"x y\"") == "x y")
        #expect(MultipartForm.boundary("application/json; boundary=x") == nil)
    }

    @Test(arguments: [
        "", "--", "--b", "--b\r\n", "--b\r\n\r\n\r\n--b--", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "--bx\r\n", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        String(repeating: "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n", count: 101) + "--b--",
    ])
    func `a body that is no form is refused`(_ body: String) {
        #expect(throws: APIError.self) { try parts(body) }
    }
}

package import Hummingbird
import HTTPTypes
import JSON
package import LettaAPI
import NIOCore

/// Reads the form in a request's body while it arrives.
package struct FormReader: Sendable {
    private let request: Request

    /// - Parameter request: of an endpoint that takes `NoBody`, so that nobody has read it.
    package init(_ request: Request) {
        self.request = request
    }

    /// - Parameter limit: the most bytes of the whole body.
    /// - Throws: `APIError` 413 for a larger body, before it is read where its length is declared; 422 for a body that is
    ///   no form; 400 for one that is broken.
    package func read(limit: Int, _ receive: (MultipartParser.Event) async throws -> Void) async throws {
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            throw APIError.tooLarge(limit)
        }
        do {
            var parser = try MultipartParser(contentType: request.headers[.contentType])
            var size = 0
            for try await buffer in request.body {
                size += buffer.readableBytes
                guard size <= limit else { throw APIError.tooLarge(limit) }
                for event in try parser.read(buffer.readableBytesView) { try await receive(event) }
            }
            guard parser.isAtEnd else { throw MultipartFailure.malformed("it does not end") }
        } catch MultipartFailure.notAForm {
            throw APIError.missingFormField("file")
        } catch let failure as MultipartFailure {
            throw APIError(400, failure.description)
        }
    }
}

extension APIError {
    /// 422: a form lacks a field.
    package static func missingFormField(_ name: String) -> APIError {
        .invalid(.missing(at: [.name("body"), .name(name)], input: .null))
    }
}

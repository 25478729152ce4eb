import HTTPTypes
package import Hummingbird
import JSON
package import LettaAPI
import NIOCore

/// Reads the form in a request's body while it arrives.
package struct FormReader: Sendable {
    private static let mostParts = 100

    private let request: Request

    /// - Parameter request: of an endpoint that takes `NoBody`, so that nobody has read it.
    package init(_ request: Request) {
        self.request = request
    }

    /// - Parameter limit: the most bytes of the whole body.
    /// - Throws: `APIError` 413 for a larger body, before it is read where its length is declared; 422 for a body that is
    ///   no form; 400 for one that is broken.
    package func read(limit: Int, _ receive: (MultipartEvent) async throws -> Void) async throws {
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            throw APIError.tooLarge(limit)
        }
        do {
            var parser = try MultipartParser(contentType: request.headers[.contentType])
            var size = 0
            var parts = 0
            for try await buffer in request.body {
                size += buffer.readableBytes
                guard size <= limit else { throw APIError.tooLarge(limit) }
                for event in try parser.read(buffer.readableBytesView) {
                    if case .part = event { parts += 1 }
                    guard parts <= Self.mostParts else {
                        throw MultipartFailure.malformed("it has more than \(Self.mostParts) parts")
                    }
                    try await receive(event)
                }
            }
            guard parser.isAtEnd else { throw MultipartFailure.malformed("it does not end") }
        } catch MultipartFailure.notAForm {
            throw APIError.missingFormField("file")
        } catch let failure as MultipartFailure {
            throw APIError(400, failure.description)
        }
    }
}

/// A form whose parts are in memory.
package struct MultipartForm: Sendable {
    package struct Part: Sendable {
        package var name: String
        package var bytes: [UInt8] = []

        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    package private(set) var parts: [Part] = []

    /// - Throws: what ``FormReader/read(limit:_:)`` throws.
    package init(_ request: Request, limit: Int) async throws {
        var parts: [Part] = []
        try await FormReader(request).read(limit: limit) { event in
            switch event {
            case .part(let part): parts.append(Part(name: part.name))
            case .bytes(let bytes): parts[parts.count - 1].bytes += bytes
            case .end: break
            }
        }
        self.parts = parts
    }

    /// The last part with this name.
    package subscript(name: String) -> Part? { parts.last { $0.name == name } }
}

extension APIError {
    /// 422: a form lacks a field.
    package static func missingFormField(_ name: String) -> APIError {
        .invalid(.missing(at: [.name("body"), .name(name)], input: .null))
    }
}

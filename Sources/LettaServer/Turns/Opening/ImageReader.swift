import AgentEngine
import EventStreams
import FoundationEssentials
import JSON
import LettaAPI
import ModelProviders

/// Reads the images of a request before its turn starts, so that the history holds bytes and not addresses: what an
/// address leads to may change, and a model's service may not reach it.
struct ImageReader: Sendable {
    /// In bytes.
    static let sizeLimit = 10 << 20
    static let countLimit = 20
    static let deadline = Duration.seconds(20)

    let egress: EgressClient
    let clock: any Clock<Duration>

    /// The request with the bytes of its images.
    ///
    /// - Throws: `APIError` 400 for an image that can't be read or is none.
    func read(_ request: TurnRequest) async throws -> TurnRequest {
        var request = request
        var count = 0
        for (index, message) in request.given.enumerated() {
            guard case .parts(var parts) = message.content else { continue }
            try await read(&parts, &count)
            request.given[index].content = .parts(parts)
        }
        for index in request.answers.indices {
            guard var parts = request.answers[index].toolReturn?.result.array else { continue }
            try await read(&parts, &count)
            request.answers[index].toolReturn?.result = .array(parts)
        }
        return request
    }

    private func read(_ parts: inout [JSONValue], _ count: inout Int) async throws {
        for place in parts.indices where parts[place]["type"]?.string == "image" {
            guard let source = parts[place]["source"] else { continue }
            count += 1
            guard count <= Self.countLimit else {
                throw APIError.invalidArgument("A request takes \(Self.countLimit) images at most.")
            }
            parts[place] = ["type": "image", "source": try await image(source)]
        }
    }

    /// A source with base64 data and the media type that the bytes show.
    private func image(_ source: JSONValue) async throws -> JSONValue {
        let bytes: [UInt8]
        var fileID = JSONValue.null
        if let url = source["url"]?.string {
            if let data = Self.data(ofURI: url) {
                bytes = try Self.decoded(data)
            } else {
                do throws(ProviderFailure) {
                    bytes = try await egress.fetch(
                        url, limit: Self.sizeLimit, within: Self.deadline, clock: clock)
                } catch {
                    throw APIError.invalidArgument(
                        "The image at \(EgressAddress.shown(url)) can't be read. \(error.message)")
                }
            }
        } else {
            bytes = try Self.decoded(source["data"]?.string ?? "")
            fileID = source["file_id"] ?? .null
        }
        guard let type = ImageType(bytes) else {
            throw APIError.invalidArgument(
                "An image of \(bytes.count) bytes is none that models take. Send PNG, JPEG, GIF or WebP.")
        }
        return [
            "type": fileID.isNull ? "base64" : "letta", "file_id": fileID, "media_type": .string(type.rawValue),
            "data": .string(Data(bytes).base64EncodedString()), "detail": source["detail"] ?? .null,
        ]
    }

    /// The base64 text of a `data:` URI; nil for other addresses.
    private static func data(ofURI url: String) -> String? {
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ","), url[..<comma].hasSuffix(";base64") else {
            return nil
        }
        return String(url[url.index(after: comma)...])
    }

    private static func decoded(_ text: String) throws -> [UInt8] {
        guard text.utf8.count / 4 * 3 <= sizeLimit else {
            throw APIError.invalidArgument("An image is larger than \(sizeLimit) bytes.")
        }
        guard let data = Data(base64Encoded: text), !data.isEmpty else {
            throw APIError.invalidArgument("The data of an image is not base64.")
        }
        return Array(data)
    }
}

/// The types of images that models take, told by their first bytes.
enum ImageType: String, Sendable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case webP = "image/webp"

    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8)) {
            self = .gif
        } else if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            self = .webP
        } else {
            return nil
        }
    }
}

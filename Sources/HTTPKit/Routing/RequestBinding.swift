import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import NIOCore

/// Makes the typed call of an endpoint from a request, or says what doesn't fit.
///
/// The first complaint suffices: captures are looked at first, then the query, then the body.
struct RequestBinding<Path: PathParameters, Query: Codable & Sendable, Body: Codable & Sendable>: Sendable {
    private let captures: [(name: String, pattern: CapturePattern)]
    private let takesQuery = Query.self != NoQuery.self
    private let takesBody = Body.self != NoBody.self

    init<Output>(_ endpoint: Endpoint<Path, Query, Body, Output>) {
        captures = zip(RouteTemplate(endpoint.path).captureNames, Path.patterns).map { (name: $0, pattern: $1) }
    }

    /// The call, and the request with its body kept for who wants to know when the client leaves.
    func call(
        for request: Request, _ context: ServerContext, _ match: RouteMatch
    ) async throws -> (Call<Path, Query, Body>, Request) {
        var request = request
        let query = QueryString(request.uri.query)
        let body: ReceivedBody = takesBody ? try await .read(&request, upTo: context.maxUploadSize) : .absent
        let call = Call(
            path: try path(match, context.captures, query, body), query: try self.query(query),
            body: try self.body(body), caller: context.caller, client: context.client,
            target: request.head.path ?? "/")
        return (call, request)
    }

    private func path(
        _ match: RouteMatch, _ captured: [String], _ query: QueryString, _ body: ReceivedBody
    ) throws(APIError) -> Path {
        var values: [String] = []
        for (source, capture) in zip(match.sources, captures) {
            let text: String
            var place = ValidationIssue.LocationElement.name("path")
            var name = capture.name
            switch source {
            case .path(let position):
                text = captured[position]
            case .parameter(let parameter):
                (place, name) = (.name("query"), parameter)
                guard let given = query.text(parameter) ?? body.member(parameter) else {
                    throw .invalid(.missing(at: [place, .name(name)], input: .null))
                }
                text = given
            }
            guard capture.pattern.matches(text) else {
                throw .invalid(capture.pattern, text, at: [place, .name(name)])
            }
            values.append(text)
        }
        return Path(captured: values)
    }

    private func query(_ parameters: QueryString) throws(APIError) -> Query {
        var values = takesQuery ? parameters.values : JSONObject()
        while true {
            do throws(JSONDecodingFailure) {
                return try requestDecoding.query.decode(Query.self, from: .object(values))
            } catch {
                // A parameter that is expected once was given more often: the last one counts.
                guard error.path.count == 1, case .key(let key)? = error.path.first,
                    case .array(let texts)? = values[key], let last = texts.last
                else {
                    throw .invalid(ValidationIssue(error, in: .query))
                }
                values[key] = last
            }
        }
    }

    private func body(_ received: ReceivedBody) throws -> Body {
        guard takesBody else { return try decode(.object([:])) }
        switch received {
        case .json(.null) where !(Body.self is any ExpressibleByNilLiteral.Type):
            throw APIError.invalid(.missing(at: [.name("body")], input: .null))
        case .json(let value):
            return try decode(value)
        case .absent:
            guard Body.self is any ExpressibleByNilLiteral.Type else {
                throw APIError.invalid(.missing(at: [.name("body")], input: .null))
            }
            return try decode(.null)
        case .malformed(let issue):
            throw APIError.invalid(issue)
        case .notJSON(let bytes):
            throw UnsupportedContentType(body: bytes)
        }
    }

    private func decode(_ value: JSONValue) throws(APIError) -> Body {
        do throws(JSONDecodingFailure) {
            return try requestDecoding.body.decode(Body.self, from: value)
        } catch {
            throw .invalid(ValidationIssue(error, in: .body))
        }
    }
}

private let requestDecoding = (
    query: JSONDecoding(scalars: .lax, wrapsSingleValues: true), body: JSONDecoding(scalars: .lax)
)

/// A body whose `Content-Type` is not JSON.
struct UnsupportedContentType: Error {
    /// The peer's error list, which quotes the body.
    let issues: String

    init(body: [UInt8]) {
        let issue = ValidationIssue(
            type: "model_attributes_type", location: [.name("body")], message: ValidationIssue.notAnObject,
            input: .null)
        issues = PythonText.list(of: issue, input: body)
    }
}

/// Says that reading the request failed on the connection, which the HTTP library has to deal with.
struct ConnectionFailure: Error {
    var underlying: any Error
}

/// What came as the body of a request.
private enum ReceivedBody {
    case absent
    case json(JSONValue)
    case malformed(ValidationIssue)
    case notJSON([UInt8])

    static func read(_ request: inout Request, upTo limit: Int) async throws -> ReceivedBody {
        // A body that announces its size need not be read to be refused.
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw APIError.tooLarge(limit)
        }
        let buffer: ByteBuffer
        do {
            buffer = try await request.collectBody(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(limit)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionFailure(underlying: error)
        }
        guard buffer.readableBytes > 0 else { return .absent }
        guard isJSON(request.headers[.contentType]) else { return .notJSON(Array(buffer.readableBytesView)) }
        return buffer.withUnsafeReadableBytes { bytes in
            do throws(JSONSyntaxError) {
                return .json(try bodyParser.parse(bytes))
            } catch {
                return .malformed(ValidationIssue(error, in: bytes))
            }
        }
    }

    /// The text of a member of the body's object.
    func member(_ name: String) -> String? {
        guard case .json(let value) = self else { return nil }
        return value[name]?.string
    }

    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType, contentType != "application/json", !contentType.isEmpty else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        return type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
    }
}

/// Neither U+0000 nor half of a surrogate pair is refused; no store could keep the one, no writer the other.
private let bodyParser = JSONParser(options: [.removeNUL, .replaceLoneSurrogates])

import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import NIOCore
import NIOPosix

/// Makes the typed call of an endpoint from a request.
///
/// The first error suffices. Captures are checked first, then the query, then the body.
struct RequestBinding<Path: PathParameters, Query: Codable & Sendable, Body: Codable & Sendable>: Sendable {
    private let captures: [(name: String, pattern: CapturePattern)]
    private let takesQuery = Query.self != NoQuery.self
    private let takesBody = Body.self != NoBody.self

    init<Output>(_ endpoint: Endpoint<Path, Query, Body, Output>) {
        captures = zip(RouteTemplate(endpoint.path).captureNames, Path.patterns).map { (name: $0, pattern: $1) }
    }

    /// The call, and the request, whose body can be read again.
    ///
    /// Large bodies are parsed and decoded on a thread pool: that takes longer than other requests should wait for
    /// one of the few threads of the cooperative pool.
    func call(
        for request: Request, _ context: ServerContext, _ match: RouteMatch
    ) async throws -> (Call<Path, Query, Body>, Request) {
        var request = request
        let bytes = takesBody ? try await Self.collectBody(of: &request, limit: context.maxUploadSize) : ByteBuffer()
        let bind: @Sendable () throws -> Call<Path, Query, Body> = { [request] in
            try self.bind(request, bytes, context, match)
        }
        let call =
            if bytes.readableBytes < offloadedBodySize {
                try bind()
            } else {
                try await NIOThreadPool.singleton.runIfActive(bind)
            }
        return (call, request)
    }

    private static func collectBody(of request: inout Request, limit: Int) async throws -> ByteBuffer {
        // A declared length over the limit is rejected without reading the body.
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            throw APIError.tooLarge(limit)
        }
        do {
            return try await request.collectBody(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(limit)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionFailure(underlying: error)
        }
    }

    private func bind(
        _ request: Request, _ bytes: ByteBuffer, _ context: ServerContext, _ match: RouteMatch
    ) throws -> Call<Path, Query, Body> {
        let query = QueryString(request.uri.query)
        let body = BodyContent(bytes, contentType: request.headers[.contentType])
        return Call(
            path: try path(match, context.captures, query, body), query: try self.query(query),
            body: try self.body(body), caller: context.caller, client: context.client,
            target: request.head.path ?? "/")
    }

    private func path(
        _ match: RouteMatch, _ captured: [String], _ query: QueryString, _ body: BodyContent
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
                // The last one wins where a parameter that is no list is repeated.
                guard error.path.count == 1, case .key(let key)? = error.path.first,
                    case .array(let texts)? = values[key], let last = texts.last
                else {
                    throw .invalid(ValidationIssue(error, in: .query))
                }
                values[key] = last
            }
        }
    }

    private func body(_ content: BodyContent) throws -> Body {
        guard takesBody else { return try decode(.object([:])) }
        switch content {
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
        case .otherType(let bytes):
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

/// Bodies of at least this many bytes take milliseconds to parse.
private let offloadedBodySize = 256 << 10

/// A body whose `Content-Type` is not JSON.
struct UnsupportedContentType: Error {
    /// The peer's error list, which quotes the body.
    let issues: String

    init(body: ByteBufferView) {
        let issue = ValidationIssue(
            type: "model_attributes_type", location: [.name("body")], message: ValidationIssue.notAnObject,
            input: .null)
        issues = PythonText.list(of: issue, input: body)
    }
}

/// Reading the request failed on the connection. Hummingbird handles the underlying error.
struct ConnectionFailure: Error {
    var underlying: any Error
}

private enum BodyContent {
    case absent
    case json(JSONValue)
    case malformed(ValidationIssue)
    case otherType(ByteBufferView)

    init(_ buffer: ByteBuffer, contentType: String?) {
        guard buffer.readableBytes > 0 else {
            self = .absent
            return
        }
        guard Self.isJSON(contentType) else {
            self = .otherType(buffer.readableBytesView)
            return
        }
        self = buffer.withUnsafeReadableBytes { bytes in
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

/// Accepts U+0000 and lone surrogates and changes them: databases cannot store the one, JSON cannot encode the other.
let bodyParser = JSONParser(options: [.removeNUL, .replaceLoneSurrogates])

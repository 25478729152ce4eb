package import Hummingbird
import JSON
package import LettaAPI

/// The routes of a feature.
package protocol RouteGroup {
    func register(on routes: Routes)
}

/// Collects the routes of all features. ``RouteTable`` is made from it once, before the server starts.
///
/// A path that begins with `/v1/` is served under `/v1`, under `/latest` and without a prefix, with or without
/// a trailing slash. Any other path is served as declared.
package final class Routes {
    private(set) var entries: [Entry] = []

    struct Entry {
        var record: EndpointRecord
        var handler: RouteHandler
    }

    package init() {}

    package var records: [EndpointRecord] { entries.map(\.record) }

    /// Serves `endpoint`; the handler's output is the JSON body of the response.
    package func handle<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Output
    ) {
        respond(endpoint) { call in
            Response.json(try await handler(call), status: endpoint.status)
        }
    }

    /// Serves an endpoint whose body is `null` and whose handler returns nothing.
    package func handle<Path, Query, Body>(
        _ endpoint: Endpoint<Path, Query, Body, NullOutput>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Void
    ) {
        respond(endpoint) { call in
            try await handler(call)
            return Response.json(NullOutput(), status: endpoint.status)
        }
    }

    /// Serves a list that is read page by page, whatever its `limit`, in bounded memory. A `Link` header points to the next
    /// page.
    package func handle<Path, Query: PageQuery, Body, Element>(
        _ endpoint: Endpoint<Path, Query, Body, [Element]>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Page<Element>
    ) {
        handle(endpoint, in: { _ in .requested(zeroIsAll: true) }, handler)
    }

    /// Serves a list of messages like `handle`, with pages in chronological order.
    package func handleChronological<Path, Query: PageQuery, Body, Element>(
        _ endpoint: Endpoint<Path, Query, Body, [Element]>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Page<Element>
    ) {
        handle(endpoint, in: { _ in .chronological }, handler)
    }

    /// Serves a list like `handle`, in an order that may depend on the request.
    package func handle<Path, Query: PageQuery, Body, Element>(
        _ endpoint: Endpoint<Path, Query, Body, [Element]>,
        in order: @escaping @Sendable (Call<Path, Query, Body>) -> ListOrder,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Page<Element>
    ) {
        respond(endpoint) { call in
            let reader = ListReader(query: call.query, order: order(call)) { query in
                try await handler(call.with(query))
            }
            return try await reader.response(status: endpoint.status, target: call.target)
        }
    }

    /// Serves a short list: the body is the page's items, and a `Link` header points to the next page.
    package func handle<Path, Query, Body, Element>(
        _ endpoint: Endpoint<Path, Query, Body, [Element]>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Page<Element>
    ) {
        respond(endpoint) { call in
            let page = try await handler(call)
            return Response.json(
                page.items, status: endpoint.status,
                headers: PageLink.headers(
                    target: call.target, next: page.next, as: page.isBackwards ? "before" : "after"))
        }
    }

    /// Serves `endpoint` with an output and response headers.
    package func handle<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Reply<Output>
    ) {
        respond(endpoint) { call in
            let reply = try await handler(call)
            return Response.json(reply.output, status: endpoint.status, headers: reply.headers)
        }
    }

    /// Serves `endpoint` with a response made by the handler: event streams, downloads.
    ///
    /// The request's body has been read, unless the endpoint takes `NoBody`: then the handler may read it (uploads).
    package func handleResponse<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>, mayStream: Bool = true,
        _ handler: @escaping @Sendable (Call<Path, Query, Body>, Request) async throws -> Response
    ) {
        let binding = RequestBinding(endpoint)
        add(endpoint, mayStream: mayStream) { request, context, match in
            let (call, request) = try await binding.call(for: request, context, match)
            return try await withOwnStack { try await handler(call, request) }
        }
    }

    /// Serves a route that is not part of the API proper. Its captures are in the context, unvalidated.
    package func handleRaw(
        _ verb: HTTPVerb, _ path: String, _ summary: String,
        _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
    ) {
        add(.raw, verb, path, summary) { request, context, _ in try await handler(request, context) }
    }

    /// Serves `path` as a further spelling of an operation, unless that is not served or the spelling is taken.
    ///
    /// Captures of the operation that the path lacks are read from parameters: those that the path's query names, as in
    /// `?name={folder_name}`, and otherwise those of the capture's own name.
    package func alias(_ verb: HTTPVerb, _ path: String, of original: (verb: HTTPVerb, path: String)) {
        guard !shapes.contains(OperationShape(verb, path)),
            let entry = entries.first(where: {
                $0.record.kind == .endpoint
                    && OperationShape($0.record.verb, $0.record.path) == OperationShape(original.verb, original.path)
            })
        else { return }
        add(alias: verb, path, of: entry)
    }

    private var shapes: Set<OperationShape> { Set(records.map { OperationShape($0.verb, $0.path) }) }

    private func add(alias verb: HTTPVerb, _ path: String, of entry: Entry) {
        let template = RouteTemplate(path)
        guard let named = template.naming(entry.record.captures.map(\.name)) else { return }
        var record = entry.record
        record.verb = verb
        record.path = named
        record.original = record.original ?? "\(entry.record.verb.rawValue) \(entry.record.path)"
        entries.append(Entry(record: record, handler: entry.handler))
    }

    /// Responds with 501 to those of the listed operations that nothing registered so far serves.
    package func declareUnserved(_ listed: [(verb: HTTPVerb, path: String)]) {
        var known = shapes
        for (verb, path) in listed where known.insert(OperationShape(verb, path)).inserted {
            let text = "\(verb.rawValue) \(path) is not served yet by this server. Nothing was changed."
            add(.unserved, verb, path, text) { _, _, _ in throw APIError(501, text) }
        }
    }

    private func respond<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>,
        _ respond: @escaping @Sendable (Call<Path, Query, Body>) async throws -> Response
    ) {
        let binding = RequestBinding(endpoint)
        add(endpoint) { request, context, match in
            let (call, _) = try await binding.call(for: request, context, match)
            return try await respond(call)
        }
    }

    private func add<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>, mayStream: Bool = false, _ handler: @escaping RouteHandler
    ) {
        let names = RouteTemplate(endpoint.path).captureNames
        let entry = Entry(
            record: EndpointRecord(
                kind: .endpoint, verb: endpoint.verb, path: endpoint.path, summary: endpoint.summary,
                status: endpoint.status, captures: zip(names, Path.patterns).map { (name: $0, pattern: $1) },
                types: OperationTypes(query: Query.self, body: Body.self, output: Output.self), mayStream: mayStream),
            handler: handler)
        entries.append(entry)
        for path in endpoint.aliases { add(alias: endpoint.verb, path, of: entry) }
    }

    private func add(
        _ kind: EndpointRecord.Kind, _ verb: HTTPVerb, _ path: String, _ summary: String,
        _ handler: @escaping RouteHandler
    ) {
        entries.append(
            Entry(
                record: EndpointRecord(
                    kind: kind, verb: verb, path: path, summary: summary, status: 200,
                    captures: RouteTemplate(path).captureNames.map { (name: $0, pattern: .text) },
                    types: nil),
                handler: handler))
    }
}

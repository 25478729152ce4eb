import HTTPKit
import HTTPTypes
import Hummingbird
import LettaAPI
import NIOCore

/// `GET /` and the files that the page loads, under a path that changes with them.
struct DashboardRoutes: RouteGroup {
    /// Nil for no dashboard.
    let files: DashboardFiles?

    /// Scripts, styles and calls of this server alone. What would be parsed as markup needs a trusted type, and there is
    /// none.
    static let policy = """
        default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
        form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'
        """

    /// What is served to everybody.
    static func paths(of files: DashboardFiles) -> Set<String> {
        Set(["/"] + files.files.keys.map { path($0, in: files) })
    }

    /// Whether the path is one of the dashboard, of this version or another.
    static func isPath(_ path: String) -> Bool { path == "/" || path.hasPrefix("/ui/") }

    private static func path(_ name: String, in files: DashboardFiles) -> String { "/ui/\(files.version)/\(name)" }

    func register(on routes: Routes) {
        guard let files else { return }
        let tag = "\"\(files.version)\""
        routes.handleRaw(.get, "/", "The dashboard.") { request, _ in
            let headers: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
            if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
            return Self.response(files.page, files.page.content, headers)
        }
        for (name, file) in files.files {
            routes.handleRaw(.get, Self.path(name, in: files), "A file of the dashboard.") { request, _ in
                var headers: HTTPFields = [
                    .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
                ]
                var content = file.content
                if Self.takesGzip(request.headers), let compressed = file.compressed.content {
                    headers[.contentEncoding] = "gzip"
                    content = compressed
                }
                return Self.response(file, content, headers)
            }
        }
    }

    /// Browsers name it without a quality; who gives one gets the file as it is.
    private static func takesGzip(_ headers: HTTPFields) -> Bool {
        headers[.acceptEncoding]?.split(separator: ",").contains { $0.filter { $0 != " " } == "gzip" } == true
    }

    private static func response(
        _ file: DashboardFiles.File, _ content: ByteBuffer, _ headers: HTTPFields
    ) -> Response {
        var headers = headers
        headers[.contentType] = file.type
        headers[.contentSecurityPolicy] = policy
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        headers[.openerPolicy] = "same-origin"
        headers[.resourcePolicy] = "same-origin"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: content))
    }
}

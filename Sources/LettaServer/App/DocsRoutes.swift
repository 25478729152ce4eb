import HTTPKit
import HTTPTypes
import Hummingbird
import LettaAPI
import NIOCore

/// `GET /docs`: the OpenAPI document of the routes registered before this group, as a page without scripts. Browsers load
/// its style from this server and nothing else.
struct DocsRoutes: RouteGroup {
    func register(on routes: Routes) {
        let records = routes.records
        let page = Lazy {
            let document = OpenAPIDocument(records: records, title: "letta-swift", version: ServerVersion.current)
            return ByteBuffer(string: DocsPage(document.json).html)
        }
        routes.handleRaw(.get, "/docs", "Describes the API for people.") { _, _ in
            Self.response(page.value, type: "text/html; charset=utf-8")
        }
        routes.handleRaw(.get, "/docs/docs.css", "The style of that page.") { _, _ in
            Self.response(ByteBuffer(bytes: PackageResources.docs_css), type: "text/css; charset=utf-8")
        }
    }

    private static func response(_ content: ByteBuffer, type: String) -> Response {
        let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return Response(
            status: .ok,
            headers: [.contentType: type, .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff"],
            body: ResponseBody(byteBuffer: content))
    }
}

package import HTTPTypes
package import Hummingbird
package import JSON
import NIOCore

extension Response {
    /// Status 204 has no body.
    package static func json(
        _ output: some JSONWritable, status: Int = 200, headers: HTTPFields = [:]
    ) -> Response {
        guard status != 204 else { return Response(status: .noContent, headers: headers) }
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONWriter.bytes(of: output))))
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "text/plain; charset=utf-8"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

import HTTPKit
import Hummingbird
import JSON
import LettaAPI
import NIOPosix

/// Agents as files: export and import.
struct AgentFileRoutes: RouteGroup {
    let files: AgentFileService

    func register(on routes: Routes) {
        routes.handleResponse(API.AgentTransfer.export, mayStream: false) { call, _ in
            guard call.query.useLegacyFormat != true else { throw APIError(400, "Legacy format is not supported") }
            let options = AgentExporter.Options(
                conversation: Self.conversation(call.query.conversationID),
                scrubsMessages: call.query.scrubMessages ?? false)
            return Response.json(try await files.export([call.path], options, as: call.scope))
        }
        routes.handleResponse(API.AgentTransfer.exportWithSkills, mayStream: false) { call, _ in
            let options = AgentExporter.Options(
                skills: call.body?.skills ?? [], conversation: Self.conversation(call.body?.conversationID),
                scrubsMessages: call.body?.scrubMessages ?? false)
            return Response.json(try await files.export([call.path], options, as: call.scope))
        }
        routes.handleResponse(API.AgentTransfer.importFile, mayStream: false) { call, request in
            let form = try await MultipartForm(request, limit: AgentFileService.largestUpload)
            guard let file = form["file"] else { throw APIError.missingFormField("file") }
            var options = try Self.options(form)
            options.embedding = options.embedding ?? request.headers[.overrideEmbeddingModel]
            // A large file takes longer than other requests should wait for a thread.
            let document = try await NIOThreadPool.singleton.runIfActive { try AgentFileReader.document(file.bytes) }
            return Response.json(
                call.query.preview == true
                    ? try await files.preview(document, options, as: call.scope)
                    : try await files.run(document, options, as: call.scope).agents)
        }
    }

    private static func conversation(_ id: String?) -> ID<Conversation>? {
        id.flatMap { $0 == "default" ? nil : ID($0) }
    }

    /// The fields of the form, of which each is a text.
    private static func options(_ form: MultipartForm) throws -> ImportOptions {
        var fields = JSONObject()
        for part in form.parts where part.name != "file" && !part.bytes.isEmpty {
            fields[part.name] = .string(part.text)
        }
        do throws(JSONDecodingFailure) {
            return try JSONDecoding(scalars: .lax).decode(ImportOptions.self, from: .object(fields))
        } catch {
            throw APIError(status: 422, body: .validation([ValidationIssue(error, in: .body)], examples: []))
        }
    }
}

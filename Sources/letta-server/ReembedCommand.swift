import ArgumentParser
import Configuration
import Glibc
import LettaAPI
import LettaClient

struct ReembedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reembed",
        abstract: "Moves an archive or a folder of a running server to another embedding model.",
        discussion: """
            The server embeds in the background, and searches use the old vectors until all new ones are there. This command \
            shows how far it is; interrupting it stops nothing. The password is that of LETTA_SERVER_PASSWORD.
            """)

    @Argument(help: "The id of an archive (archive-…) or a folder (source-…).")
    var id: String

    @Argument(help: "The handle of an embedding model, such as openai/text-embedding-3-small.")
    var model: String

    @Option(help: "The address of the server.")
    var url = "http://127.0.0.1:8283"

    func validate() throws {
        guard id.hasPrefix("\(Archive.idPrefix)-") || id.hasPrefix("\(Folder.idPrefix)-") else {
            throw ValidationError("\(id) is neither the id of an archive (archive-…) nor that of a folder (source-…).")
        }
    }

    func run() async throws {
        let environment = ConfigReader(provider: EnvironmentVariablesProvider())
        let client = LettaClient(
            baseURL: url, token: environment.string(forKey: "letta.server.password", isSecret: true))
        let result: Result<Void, any Error>
        do {
            result = .success(try await move(with: client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    private func move(with client: LettaClient) async throws {
        let body = ChangeEmbedding(embedding: model)
        var state =
            id.hasPrefix("\(Archive.idPrefix)-")
            ? try await client.call(API.PassageEmbeddings.changeArchive, path: ID(id), body: body)
            : try await client.call(API.PassageEmbeddings.changeFolder, path: ID(id), body: body)
        while true {
            let (passages, waiting) = state.next.map { ($0.passages, $0.waiting) } ?? (state.passages, state.waiting)
            let failure = (state.next?.error ?? state.error).map { " (the model fails: \($0))" } ?? ""
            let line = Array("\(passages - waiting) of \(passages) passages are embedded\(failure)\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
            if state.next == nil, waiting == 0 { return }
            try await Task.sleep(for: .seconds(2))
            state =
                id.hasPrefix("\(Archive.idPrefix)-")
                ? try await client.call(API.PassageEmbeddings.archive, path: ID(id))
                : try await client.call(API.PassageEmbeddings.folder, path: ID(id))
        }
    }
}

import FoundationEssentials
import Logging
import ModelProviders
import Storage

/// What a user who comes from Letta may start the server on, answered with the command that brings it over.
enum LettaTraces {
    /// - Throws: `StartUpFailure` when the database is one of Letta's own, before anything in it changes.
    static func refuse(_ storage: any StorageEngine, _ configuration: ServerConfiguration) async throws {
        let tables = try await storage.read { try LettaSourceStore.tables($0) }
        guard LettaSource(storage: storage, tables: tables).isLetta else { return }
        guard let address = configuration.data.postgresURI?.reveal() else {
            throw StartUpFailure.storage(
                """
                The database \(configuration.data.folder)/letta.sqlite belongs to Letta, which has other tables. Rename it to \
                sqlite.db and run: letta-server import --from sqlite:///\(configuration.data.folder)/sqlite.db
                """)
        }
        let (old, new) = addresses(address)
        throw StartUpFailure.storage(
            """
            This PostgreSQL database belongs to Letta, which has other tables. Make a database for letta-server beside it \
            (createdb letta_server) and run: LETTA_PG_URI='\(new)' letta-server import --from '\(old)'. Then start the server \
            with that LETTA_PG_URI. The Letta database stays as it is.
            """)
    }

    /// The address of Letta's database and that of one beside it, as commands show them: without the password.
    static func addresses(_ address: String) -> (old: String, new: String) {
        guard var parts = URLComponents(string: address), parts.host != nil else {
            return ("postgresql://…", "postgresql://…/letta_server")
        }
        parts.scheme = "postgresql"
        if parts.password != nil { parts.password = "PASSWORD" }
        let old = parts.string ?? ""
        parts.path = "/letta_server"
        return (old, parts.string ?? "")
    }

    /// Names the command for an old SQLite database that lies where Letta kept it, when there is nothing here yet.
    static func point(out folder: DataFolder, _ configuration: ServerConfiguration, _ logger: Logger) {
        let places = [folder.path] + (configuration.data.lettaFolder.map { [$0] } ?? [])
        for place in places where FileManager.default.fileExists(atPath: "\(place)/sqlite.db") {
            logger.notice(
                "There is a database of Letta. Bring it over before you start the server: letta-server import --from sqlite:///\(place)/sqlite.db"
            )
            return
        }
    }
}

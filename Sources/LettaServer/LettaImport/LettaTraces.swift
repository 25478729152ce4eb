import FoundationEssentials
import Logging
import Storage

/// What a user who comes from Letta may start the server on, answered with the command that brings it over.
enum LettaTraces {
    /// - Throws: `StartUpFailure` when the database is one of Letta's own, before anything in it changes.
    static func refuse(_ storage: any StorageEngine, _ configuration: ServerConfiguration) async throws {
        let tables = try await storage.read { try LettaSourceStore.tables($0) }
        guard LettaSource(storage: storage, tables: tables).isLetta else { return }
        throw StartUpFailure.storage(
            configuration.data.postgresURI == nil
                ? """
                The database \(configuration.data.folder)/letta.sqlite belongs to Letta, which has other tables. Rename it to \
                sqlite.db and run: letta-server import --from sqlite:///\(configuration.data.folder)/sqlite.db
                """
                : """
                This PostgreSQL database belongs to Letta, which has other tables. Make a database for letta-server beside it \
                (createdb letta_server) and run: LETTA_PG_URI=postgresql://…/letta_server letta-server import --from \
                postgresql://…  where the second address is the one that was used now. The Letta database stays as it is.
                """)
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

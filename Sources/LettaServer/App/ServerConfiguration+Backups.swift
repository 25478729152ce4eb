import Configuration
import LettaAPI

extension ServerConfiguration {
    /// - Throws: `StartUpFailure.invalidSetting` also where there is no SQLite database to copy.
    func backupSettings(_ environment: ConfigReader) throws -> BackupScheduler.Settings {
        var settings = BackupScheduler.Settings()
        settings.everyHours = try Self.positive(
            "LETTA_BACKUP_EVERY", environment.string(forKey: "letta.backup.every"), most: BackupScheduler.mostHours)
        settings.keep = try Self.positive(
            "LETTA_BACKUP_KEEP", environment.string(forKey: "letta.backup.keep"), most: BackupScheduler.mostKept)
        guard settings.everyHours == nil || data.postgresURI == nil else {
            throw StartUpFailure.invalidSetting(
                "LETTA_BACKUP_EVERY copies an SQLite database. Copy this PostgreSQL database with pg_dump.")
        }
        return settings
    }
}

import Storage

/// Every step from an empty database to the present one, in order. Append only.
enum AllMigrations {
    static let migrations = [
        Migration.agentsAndBlocks, .runsAndSteps, .toolLists, .archives, .backgroundRuns,
        .shorterTurns, .retention, .systemMessageSources, .identities,
    ]
}

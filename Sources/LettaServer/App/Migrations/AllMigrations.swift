import Storage

/// All migrations in order. Append only.
enum AllMigrations {
    static let migrations = [
        Migration.agentsAndBlocks, .runsAndSteps, .toolLists, .archives, .backgroundRuns,
        .shorterTurns, .retention, .systemMessageSources, .identities,
        .providers, .folders, .groups, .conversations, .toolSettings, .accounts, .passages,
        .compaction, .callbackDeliveries, .approvals, .conversationTurns, .learnedServices, .templates, .agentImports,
        .batchesAndSchedules, .uploads, .toolPackages, .mcpSessions, .servers, .vectors, .wordIndexes,
        .dashboardSessions, .approvalsOfForks, .apiKeys, .usageAndQuotas, .spans, .lettaImports, .mcpFailures,
        .agentWaits, .lastTimes, .messageVectors, .contextHistory, .schedulesOfAllAgents,
        .modelBatches, .importedEmbeddings, .agentsByModelAndFailure, .costsAndRunSpans,
    ]
}
